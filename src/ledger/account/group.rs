//! By what an account is grouped, and how a group is called.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ledger::entry::Subject;

/// By what rows are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Grouping {
    /// By workspace.
    Workspace,
    /// By team.
    Team,
    /// By owner.
    Owner,
    /// By VM size.
    Size,
    /// By instance; all lives of a name together.
    Instance,
    /// By the ground of the stop. Metered time has none and is one group.
    Ground,
    /// By policy.
    Policy,
    /// By day.
    Day,
}

impl Grouping {
    /// Every one.
    pub const ALL: [Self; 8] =
        [Self::Workspace, Self::Team, Self::Owner, Self::Size, Self::Instance, Self::Ground, Self::Policy, Self::Day];

    /// The word of the command line and of reports.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Workspace => "workspace",
            Self::Team => "team",
            Self::Owner => "owner",
            Self::Size => "size",
            Self::Instance => "instance",
            Self::Ground => "ground",
            Self::Policy => "policy",
            Self::Day => "day",
        }
    }
}

/// How a group is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct GroupName {
    /// What it is known by: an ARM id in lower case, a name, a date; empty for what has none.
    pub key: Arc<str>,
    /// For people. Groups of one account never share one.
    pub label: Arc<str>,
}

impl GroupName {
    /// Known by the name that it is called by.
    #[must_use]
    pub fn plain(name: &str) -> Self {
        Self { key: name.into(), label: name.into() }
    }

    /// What has none.
    #[must_use]
    pub fn none(label: &str) -> Self {
        Self { key: Arc::default(), label: label.into() }
    }

    fn or(name: Option<&str>, without: &str) -> Self {
        name.filter(|name| !name.is_empty()).map_or_else(|| Self::none(without), Self::plain)
    }

    /// Of whose meter it is; none where the subject does not decide.
    pub(super) fn of(by: Grouping, subject: &Subject) -> Option<Self> {
        let workspace = subject.instance.workspace();
        let id = |id: String, label: &str| Self { key: id.to_ascii_lowercase().into(), label: label.into() };
        match by {
            Grouping::Workspace => Some(id(workspace.to_string(), workspace.name())),
            Grouping::Instance => {
                let label = format!("{}/{}", workspace.name(), subject.instance.name());
                Some(id(subject.instance.to_string(), &label))
            }
            Grouping::Team => Some(Self::or(subject.team.as_deref(), "no team")),
            Grouping::Owner => Some(Self::or(subject.owner.as_deref(), "nobody known")),
            // one size, however Azure and people spell it
            Grouping::Size => Some(Self::or(Some(&subject.size.to_ascii_lowercase()), "no size")),
            Grouping::Ground | Grouping::Policy | Grouping::Day => None,
        }
    }

    /// Of a policy.
    pub(super) fn policy(name: Option<&str>) -> Self {
        Self::or(name, "no policy")
    }
}
