//! Who has which role: written in the settings, or in a file of its own with the same two tables.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::fields::{Field, Tags};
use super::findings::{Findings, path};
use super::folder::read_text;
use super::watched::Watched;
use super::web_tables::{RoleWord, RolesDocument};
use crate::access::{Role, Roles};
use crate::document::{self, Diagnostic, Place, Severity, TableReader, Trouble, nearest, root};

/// Who has which role.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebRoles {
    /// By address, user name or key, in lower case.
    pub people: BTreeMap<String, Role>,
    /// By group, in lower case.
    pub groups: BTreeMap<String, Role>,
    /// A file with more of both; what it says of a name holds before what is written here. Once settings are loaded it has
    /// been read.
    pub file: Option<PathBuf>,
    /// The role of everybody else who is known; none: they may do nothing.
    pub default: Option<Role>,
}

impl WebRoles {
    /// True when nobody has a role by it, whatever a file says.
    pub(super) fn is_empty(&self) -> bool {
        self.people.is_empty() && self.groups.is_empty() && self.default.is_none() && self.file.is_none()
    }

    /// As the door goes by it.
    #[must_use]
    pub fn roles(&self) -> Roles {
        Roles::new(self.people.clone(), self.groups.clone(), self.default)
    }

    /// Reads the file, if one is named; says what is wrong with it.
    pub(super) fn read_file(&mut self, at: &Place, watched: &mut Watched) -> Vec<Diagnostic> {
        let Some(path) = &self.file else { return Vec::new() };
        let contents = read_text(path);
        watched.file(path, &contents);
        let name = path.display().to_string();
        match contents {
            Ok(text) => {
                let (people, groups, found) = read_roles(&name, &text);
                self.people.extend(people);
                self.groups.extend(groups);
                found
            }
            Err(problem) => {
                let help = "see that this process may read it, or leave it out";
                let trouble = Trouble::new(format!("{name} {problem}"), help);
                vec![at.keyed("web.roles.file").finding(Severity::Error, &trouble)]
            }
        }
    }
}

/// Reads `[web.roles]`.
pub(super) fn roles(document: &RolesDocument, found: &mut Findings) -> WebRoles {
    let mut of = |tags: &Tags, key: &str| {
        let (roles, mut wrong) = named(tags, key);
        found.all.append(&mut wrong);
        roles
    };
    WebRoles {
        people: of(&document.people, "web.roles.people"),
        groups: of(&document.groups, "web.roles.groups"),
        file: path(&document.file),
        default: document.default.get().and_then(|word: &RoleWord| word.0),
    }
}

/// Reads a file of roles: the tables `people` and `groups`.
fn read_roles(file: &str, text: &str) -> (BTreeMap<String, Role>, BTreeMap<String, Role>, Vec<Diagnostic>) {
    let mut findings = document::Findings::new(&file.into(), text);
    let (mut people, mut groups) = (Tags::default(), Tags::default());
    if let Some(root) = root(text, &mut findings) {
        let mut table = TableReader::of(&root, "", &mut findings);
        people = Tags::taken(&mut table, "people");
        groups = Tags::taken(&mut table, "groups");
        table.finish_with(|_| None);
    }
    let mut found = findings.into_diagnostics();
    let mut of = |tags: &Tags, key: &str| {
        let (roles, mut wrong) = named(tags, key);
        found.append(&mut wrong);
        roles
    };
    let (people, groups) = (of(&people, "people"), of(&groups, "groups"));
    (people, groups, found)
}

fn named(tags: &Tags, key: &str) -> (BTreeMap<String, Role>, Vec<Diagnostic>) {
    let mut roles = BTreeMap::new();
    let mut found = Vec::new();
    for (name, written) in &tags.0.0 {
        let mut wrong = |problem: String, help: String| {
            let at = written.at.keyed(&format!("{key}.{name}"));
            found.push(at.finding(Severity::Error, &Trouble::new(problem, help)));
        };
        let words = Role::ALL.map(Role::label);
        match Role::named(&written.value) {
            Some(role) => {
                if roles.insert(name.to_lowercase(), role).is_some() {
                    wrong("it is named twice: names compare without case".to_owned(), "name each once".to_owned());
                }
            }
            None => {
                let help = nearest(&written.value, words.into_iter()).map_or_else(
                    || format!("write {}", words.join(", ")),
                    |meant| format!("did you mean \"{meant}\"?"),
                );
                wrong(format!("\"{}\" is no role", written.value), help);
            }
        }
    }
    (roles, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_names_roles_and_every_mistake_in_it_is_found() {
        let (people, groups, found) =
            read_roles("roles.toml", "[people]\n\"Ada@example.org\" = \"operator\"\n[groups]\nml = \"admin\"\n");
        assert_eq!(found, []);
        assert_eq!(people.get("ada@example.org"), Some(&Role::Operator));
        assert_eq!(groups.get("ml"), Some(&Role::Admin));
        let (_, _, found) = read_roles(
            "roles.toml",
            "[people]\na = \"operatr\"\nb = \"root\"\nA = \"viewer\"\na2 = 7\n[goups]\nx = \"admin\"\n",
        );
        let said: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), 4, "{said:#?}");
        for words in ["did you mean \"operator\"?", "\"root\" is no role", "a2: this is a whole number", "goups"] {
            assert!(said.iter().any(|line| line.contains(words)), "{words}: {said:#?}");
        }
    }
}
