//! The owners file: which owner is of which team and has which address, who leads a team, and whom a workspace names.
//!
//! `"ada@example.org" = "research"`, one owner a line, is all that most need. One who is known by an id alone is written as
//! `"…" = { team = "research", address = "ada@example.org" }`; `[teams]` and `[workspaces]` name people by address.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::values::Texts;
use crate::document::{Diagnostic, Findings, Located, Read, TableReader, Trouble, join, root};
use crate::facts::Directory;
use crate::units::is_plain_address;

/// How an address is written.
const ADDRESS: &str = "write it as \"name@example.org\"";

/// What the file says; none where anything is wrong, which is all found in one pass.
#[must_use]
pub fn read_owners(file: &str, text: &str) -> (Option<Directory>, Vec<Diagnostic>) {
    let mut findings = Findings::new(&file.into(), text);
    let mut all = Directory::default();
    if let Some(table) = root(text, &mut findings) {
        let mut names: Vec<String> = Vec::new();
        for (key, value) in table.iter() {
            let name: &str = key.get_ref();
            match (name, value.get_ref().as_table()) {
                ("teams", Some(leads)) => all.leads = people(leads, name, &mut findings),
                ("workspaces", Some(contacts)) => all.contacts = people(contacts, name, &mut findings),
                (_, _) => {
                    owner(name, value, &mut all, &mut findings);
                    let folded = name.to_lowercase();
                    if names.contains(&folded) || name.trim().is_empty() {
                        misnamed(key, names.contains(&folded), &mut findings);
                    }
                    names.push(folded);
                }
            }
        }
    }
    (Some(all).filter(|_| !findings.is_fatal()), findings.into_diagnostics())
}

fn misnamed(key: &Spanned<std::borrow::Cow<'_, str>>, is_twice: bool, findings: &mut Findings<'_>) {
    let at = findings.place(&key.span(), key.get_ref());
    let problem =
        if is_twice { "this owner is named twice: names compare without case" } else { "an owner needs a name" };
    let help = "name each owner once, by user name or object id, such as \"ada@example.org\" = \"research\"";
    findings.error(&at, Trouble::new(problem, help));
}

/// A team alone, or a table of team and address.
fn owner(name: &str, value: &Spanned<DeValue<'_>>, all: &mut Directory, findings: &mut Findings<'_>) {
    let folded = name.to_lowercase();
    if value.get_ref().as_table().is_none() {
        if let Some(team) = String::read(value, name, findings) {
            all.teams.insert(folded, team);
        }
        return;
    }
    let Some(mut table) = TableReader::open(value, name, findings) else { return };
    let team: Option<Located<String>> = table.take("team");
    let address: Option<Located<String>> = table.take("address");
    table.finish();
    if let Some(team) = team {
        all.teams.insert(folded.clone(), team.value);
    }
    if let Some(address) = address {
        if is_plain_address(&address.value) {
            all.addresses.insert(folded, address.value);
        } else {
            findings.error(&address.at, no_address(&address.value));
        }
    }
}

fn no_address(text: &str) -> Trouble {
    Trouble::new(format!("{text:?} is no plain e-mail address"), ADDRESS)
}

/// Addresses by name: one as text, several as a list.
fn people(table: &DeTable<'_>, path: &str, findings: &mut Findings<'_>) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for (key, value) in table.iter() {
        let name: &str = key.get_ref();
        let path = join(path, name);
        let named: Vec<Located<String>> = if value.get_ref().is_str() {
            Located::<String>::read(value, &path, findings).into_iter().collect()
        } else {
            Texts::read(value, &path, findings).map(|list| list.0).unwrap_or_default()
        };
        for one in named.iter().filter(|one| !is_plain_address(&one.value)) {
            findings.error(&one.at, no_address(&one.value));
        }
        let named: Vec<String> = named.into_iter().map(|one| one.value).collect();
        if all.insert(name.to_lowercase(), named).is_some() {
            let at = findings.place(&key.span(), &path);
            findings.error(
                &at,
                Trouble::new("this name stands here twice: names compare without case", "keep one of them"),
            );
        }
    }
    all
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
        let teams = teams.unwrap().teams;
        assert_eq!(teams.get("ada@example.org").map(String::as_str), Some("research"));
        assert_eq!(teams.get("00000001-0000-4000-8000-000000000001").map(String::as_str), Some("ops"));
        assert_eq!(read_owners("owners.toml", "").0, Some(Directory::default()));
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

    #[test]
    fn people_have_addresses_teams_have_leads_and_workspaces_contacts() {
        let text = "\"0F5C\" = { team = \"research\", address = \"ada@example.org\" }\nbob = { address = \"bob@example.org\" }\n\
                    [teams]\nResearch = \"lead@example.org\"\n[workspaces]\nML-Prod = [\"a@example.org\", \"b@example.org\"]\n";
        let (all, found) = read_owners("owners.toml", text);
        assert_eq!(found, []);
        let all = all.unwrap();
        assert_eq!(all.teams.into_iter().collect::<Vec<_>>(), [("0f5c".to_owned(), "research".to_owned())]);
        assert_eq!(all.addresses["0f5c"], "ada@example.org");
        assert_eq!(all.addresses["bob"], "bob@example.org");
        assert_eq!(all.leads["research"], ["lead@example.org"]);
        assert_eq!(all.contacts["ml-prod"], ["a@example.org", "b@example.org"]);
    }

    #[test]
    fn what_is_no_address_is_found() {
        let text = "bob = { address = \"bob\", teem = \"x\" }\n[teams]\nresearch = \"the boss\"\nResearch = \"a@example.org\"\n\
                    [workspaces]\nw = [\"a@example.org\", \"nobody\"]\nv = 7\n";
        assert_eq!(
            said(text),
            [
                "owners.toml:1:26: bob.teem: unknown key, did you mean `team`?",
                "owners.toml:1:19: bob.address: \"bob\" is no plain e-mail address, write it as \"name@example.org\"",
                "owners.toml:3:12: teams.research: \"the boss\" is no plain e-mail address, write it as \"name@example.org\"",
                "owners.toml:4:1: teams.Research: this name stands here twice: names compare without case, keep one of them",
                "owners.toml:6:23: workspaces.w[1]: \"nobody\" is no plain e-mail address, write it as \"name@example.org\"",
                "owners.toml:7:5: workspaces.v: this is a whole number, write a list, such as [\"…\"]",
            ]
        );
        assert_eq!(read_owners("owners.toml", text).0, None);
    }
}
