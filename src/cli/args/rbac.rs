//! `rbac` as typed.

use clap::{Args as ClapArgs, ValueEnum};

use crate::rights::Level;

/// `rbac`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct Rbac {
    /// What the role is for; without it, what settings and policies use
    #[arg(long = "for", id = "level", value_enum, value_name = "LEVELS", value_delimiter = ',')]
    pub levels: Vec<RightsFor>,
    /// Where the role may be assigned, such as /subscriptions/ID; without it, what the settings name as the fleet; may be given several times
    #[arg(long = "scope", value_name = "SCOPE", value_parser = scope)]
    pub scopes: Vec<String>,
    /// What the role is called, which no other of the tenant may be
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// How it is written
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = RoleFormat::Definition, conflicts_with = "explain")]
    pub format: RoleFormat,
    /// Say of each right what for, instead of writing the role
    #[arg(long)]
    pub explain: bool,
}

/// What a role is for; each is whole by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RightsFor {
    /// Policies that observe
    Observe,
    /// Policies that stop
    Enforce,
    /// Policies that also start
    Start,
    /// Policies that also delete what stays off
    Delete,
    /// Policies that have Azure's idle timers set
    Native,
    /// A person who makes, restarts and deletes instances
    Manage,
}

impl RightsFor {
    /// The level.
    #[must_use]
    pub const fn level(self) -> Level {
        match self {
            Self::Observe => Level::Observe,
            Self::Enforce => Level::Enforce,
            Self::Start => Level::Start,
            Self::Delete => Level::Delete,
            Self::Native => Level::Native,
            Self::Manage => Level::Manage,
        }
    }
}

/// How a role is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum RoleFormat {
    /// JSON for `az role definition create`
    #[default]
    Definition,
    /// A resource of an Azure Resource Manager template
    Arm,
}

/// A subscription, a resource group or a management group: roles of one's own can be assignable nowhere below.
fn scope(text: &str) -> Result<String, String> {
    let small = text.to_ascii_lowercase();
    let parts: Vec<&str> = small.split('/').collect();
    let fits = match parts.as_slice() {
        ["", "subscriptions", id] => !id.is_empty(),
        ["", "subscriptions", id, "resourcegroups", name] => !id.is_empty() && !name.is_empty(),
        ["", "providers", "microsoft.management", "managementgroups", id] => !id.is_empty(),
        _ => false,
    };
    let expects = "write /subscriptions/ID, /subscriptions/ID/resourceGroups/NAME or \
                   /providers/Microsoft.Management/managementGroups/ID; a role can be assignable nowhere below";
    if fits { Ok(text.to_owned()) } else { Err(expects.to_owned()) }
}
