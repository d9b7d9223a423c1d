//! The files that money is counted by: the price sheet, and which owner is of which team.

use std::path::Path;
use std::sync::Arc;

use super::folder::read_text;
use super::model::Settings;
use super::owners::read_owners;
use super::price_sheet::read_sheet;
use super::watched::Watched;
use crate::document::{Diagnostic, Place, Severity, Trouble};
use crate::facts::Directory;
use crate::ledger::Sheet;

/// What was read, and what is wrong with it. Nothing of this keeps an instance from being governed.
#[derive(Debug, Clone, Default)]
pub struct MoneyFiles {
    /// The sheet; an empty one where settings name none, and none where the one they name cannot be used.
    pub sheet: Option<Arc<Sheet>>,
    /// What is written of people. Empty where settings name no file, and none where the one they name cannot be used.
    pub owners: Option<Directory>,
    /// What is wrong with them.
    pub diagnostics: Vec<Diagnostic>,
}

impl MoneyFiles {
    /// Reads the files that settings name.
    pub(super) fn read(settings: &Settings, at: &Place, watched: &mut Watched) -> Self {
        let mut all = Self { sheet: Some(Arc::default()), owners: Some(Directory::default()), diagnostics: Vec::new() };
        if let Some(path) = &settings.prices.sheet {
            all.sheet = all.file(path, &at.keyed("prices.sheet"), watched, read_sheet).map(Arc::new);
        }
        if let Some(path) = &settings.ledger.owners {
            all.owners = all.file(path, &at.keyed("ledger.owners"), watched, read_owners);
        }
        all
    }

    fn file<T>(
        &mut self,
        path: &Path,
        named: &Place,
        watched: &mut Watched,
        read: impl FnOnce(&str, &str) -> (Option<T>, Vec<Diagnostic>),
    ) -> Option<T> {
        let contents = read_text(path);
        watched.file(path, &contents);
        let name = path.display().to_string();
        match contents {
            Ok(text) => {
                let (read, mut found) = read(&name, &text);
                self.diagnostics.append(&mut found);
                read
            }
            Err(problem) => {
                let help = format!("see that this process may read it, or leave {} out", named.key);
                self.diagnostics.push(named.finding(Severity::Error, &Trouble::new(format!("{name} {problem}"), help)));
                None
            }
        }
    }
}
