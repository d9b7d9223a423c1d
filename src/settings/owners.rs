//! The file that says which owner is of which team: `"ada@example.org" = "research"`, one owner a line.

use std::collections::BTreeMap;

use crate::document::{Diagnostic, Findings, Read, Trouble, root};

/// Teams by owner, in lower case; none where anything is wrong, which is all found in one pass.
#[must_use]
pub fn read_owners(file: &str, text: &str) -> (Option<BTreeMap<String, String>>, Vec<Diagnostic>) {
    let mut findings = Findings::new(&file.into(), text);
    let mut teams = BTreeMap::new();
    if let Some(table) = root(text, &mut findings) {
        for (owner, value) in table.iter() {
            let name: &str = owner.get_ref();
            let team = String::read(value, name, &mut findings);
            let twice = teams.insert(name.to_lowercase(), team.unwrap_or_default()).is_some();
            if twice || name.trim().is_empty() {
                let at = findings.place(&owner.span(), name);
                let problem = if twice {
                    "this owner is named twice: names compare without case"
                } else {
                    "an owner needs a name"
                };
                let help =
                    "name each owner once, by user name or object id, such as \"ada@example.org\" = \"research\"";
                findings.error(&at, Trouble::new(problem, help));
            }
        }
    }
    (Some(teams).filter(|_| !findings.is_fatal()), findings.into_diagnostics())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        read_owners("owners.toml", text).1.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn owners_are_of_teams() {
        let text = "\"Ada@example.org\" = \"research\"\n# Bob left\n00000001-0000-4000-8000-000000000001 = \" ops \"\n";
        let (teams, found) = read_owners("owners.toml", text);
        assert_eq!(found, []);
        let teams = teams.unwrap();
        assert_eq!(teams.get("ada@example.org").map(String::as_str), Some("research"));
        assert_eq!(teams.get("00000001-0000-4000-8000-000000000001").map(String::as_str), Some("ops"));
        assert_eq!(read_owners("owners.toml", "").0, Some(BTreeMap::new()));
    }

    #[test]
    fn every_mistake_is_found_and_nothing_is_used() {
        let text = "\"ada@example.org\" = \"a\"\n\"ADA@example.org\" = \"b\"\nbob = 7\ncarl = \"\"\n\"\" = \"x\"\n";
        assert_eq!(
            said(text),
            [
                "owners.toml:2:1: ADA@example.org: this owner is named twice: names compare without case, name each owner once, by user name or object id, such as \"ada@example.org\" = \"research\"",
                "owners.toml:3:7: bob: this is a whole number, write it in quotes",
                "owners.toml:4:8: carl: it is empty, write something, or leave the key out",
                "owners.toml:5:1: an owner needs a name, name each owner once, by user name or object id, such as \"ada@example.org\" = \"research\"",
            ]
        );
        assert_eq!(read_owners("owners.toml", text).0, None);
        assert!(said("ada@example.org = \"a\"")[0].contains("not valid TOML"));
    }
}
