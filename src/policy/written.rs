//! A whole policy file as it is written.

use schemars::JsonSchema;
use toml::de::DeTable;

use super::document::{Layer, Override, Scope, Tables};
use super::values::{List, Name};
use crate::document::{Findings, Located, TableReader};

/// A policy of Lightsout: which workspaces it governs, when their compute instances may run, and how they are stopped.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(title = "Lightsout policy")]
pub(super) struct Document {
    /// The name of the policy, which no other policy has.
    #[schemars(required)]
    pub(super) name: Option<Located<Name>>,
    /// Which workspaces it governs.
    #[schemars(required)]
    pub(super) scope: Option<Located<Scope>>,
    /// Everything else.
    #[schemars(flatten)]
    pub(super) tables: Tables,
    /// Other values for some instances. The first override that matches holds.
    #[schemars(rename = "override")]
    pub(super) overrides: Option<Located<List<Override>>>,
}

impl Document {
    /// Reads a whole policy file.
    pub(super) fn read(root: &DeTable<'_>, findings: &mut Findings<'_>) -> Self {
        let mut table = TableReader::of(root, "", findings);
        let read = Self {
            name: table.take("name"),
            scope: table.take("scope"),
            tables: Tables::taken(&mut table),
            overrides: table.take("override"),
        };
        table.finish();
        read
    }
}
