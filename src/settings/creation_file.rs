//! A file of instances that are to be made: a table `[[instance]]` for each, with the names of the flags.

use super::creation::{AgentWritten, CreationWritten};
use crate::document::{Diagnostic, Findings, Located, Place, Read, TableReader, Trouble, elements, root};
use crate::units::Span;

/// More in one file than this were not written by hand.
const INSTANCES_MAX: usize = 200;

/// One of them, and where it was written.
#[derive(Debug, Clone)]
pub struct CreationFound {
    /// As written.
    pub written: CreationWritten,
    /// `FILE:LINE` of its table.
    pub place: String,
}

/// Reads a whole file; none where anything is wrong, which is all found in one pass.
#[must_use]
pub fn read_creations(file: &str, text: &str) -> (Option<Vec<CreationFound>>, Vec<Diagnostic>) {
    let mut findings = Findings::new(&file.into(), text);
    let mut all = Vec::new();
    if let Some(table) = root(text, &mut findings) {
        match table.get("instance") {
            Some(value) => {
                let read: Option<Vec<Option<CreationFound>>> = elements(value, "instance", &mut findings);
                all.extend(read.into_iter().flatten().flatten());
            }
            None => {
                let at = findings.place(&(0..0), "instance");
                findings.error(&at, Trouble::new("it names no instance", "write a table [[instance]] for each"));
            }
        }
        let mut rest = TableReader::of(&table, "", &mut findings);
        rest.leave("instance");
        rest.finish();
        repeated(&all, &mut findings);
        if all.len() > INSTANCES_MAX {
            let at = findings.place(&(0..0), "instance");
            let problem = format!("these are {} instances", all.len());
            findings.error(&at, Trouble::new(problem, format!("make at most {INSTANCES_MAX} by one file")));
        }
    }
    (Some(all).filter(|_| !findings.is_fatal()), findings.into_diagnostics())
}

/// A name is unique in a region, and so in a file mostly; within a workspace it is for sure.
fn repeated(all: &[CreationFound], findings: &mut Findings<'_>) {
    for (n, one) in all.iter().enumerate() {
        let same = |other: &&CreationFound| {
            other.written.name.eq_ignore_ascii_case(&one.written.name)
                && other.written.workspace.eq_ignore_ascii_case(&one.written.workspace)
        };
        if let Some(other) = all.iter().take(n).find(same) {
            let line = one.place.rsplit(':').next().and_then(|line| line.parse().ok()).unwrap_or(1);
            let mut at = findings.place(&(0..0), &format!("instance[{n}].name"));
            at.line = line;
            let problem = format!("\"{}\" is in this file twice", one.written.name);
            findings.error(&at, Trouble::new(problem, format!("the other one is at {}", other.place)));
        }
    }
}

impl Read for CreationFound {
    fn read(value: &toml::Spanned<toml::de::DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        let at = findings.place(&value.span(), key);
        let mut table = TableReader::wanted(value, key, "a table, such as [[instance]]", findings)?;
        let mut places: Vec<(&'static str, Place)> = Vec::new();
        let written = taken(&mut table, &mut places);
        table.finish();
        for name in ["name", "workspace", "size"] {
            let is_there = value.get_ref().as_table().is_some_and(|table| table.contains_key(name));
            if !is_there {
                findings.error(&at, Trouble::new(format!("it has no {name}"), format!("write {name} = \"…\"")));
            }
        }
        for fault in written.faults() {
            // what is missing was said, and what could not be read too
            let Some((_, place)) = places.iter().find(|(name, _)| *name == fault.key) else {
                let needs = fault.key.starts_with("agent_") && written.agent.wanted;
                if needs {
                    let problem = format!("{}: {}", fault.key, fault.problem);
                    findings.error(&at, Trouble::new(problem, fault.help));
                }
                continue;
            };
            findings.error(place, Trouble::new(fault.problem, fault.help));
        }
        Some(Self { written, place: format!("{}:{}", at.file, at.line) })
    }
}

type Places = Vec<(&'static str, Place)>;

fn text(table: &mut TableReader<'_, '_, '_, '_>, places: &mut Places, key: &'static str) -> Option<String> {
    let read: Located<String> = table.take(key)?;
    places.push((key, read.at));
    Some(read.value)
}

fn texts(table: &mut TableReader<'_, '_, '_, '_>, places: &mut Places, key: &'static str) -> Vec<String> {
    let Some(read): Option<Located<Vec<String>>> = table.take(key) else { return Vec::new() };
    places.push((key, read.at));
    read.value
}

fn flag(table: &mut TableReader<'_, '_, '_, '_>, places: &mut Places, key: &'static str) -> bool {
    let Some(read): Option<Located<bool>> = table.take(key) else { return false };
    places.push((key, read.at));
    read.value
}

fn taken(table: &mut TableReader<'_, '_, '_, '_>, places: &mut Places) -> CreationWritten {
    let idle: Option<Located<Span>> = table.take("idle_shutdown");
    let idle_shutdown = idle.map(|read| {
        places.push(("idle_shutdown", read.at));
        read.value
    });
    CreationWritten {
        name: text(table, places, "name").unwrap_or_default(),
        workspace: text(table, places, "workspace").unwrap_or_default(),
        size: text(table, places, "size").unwrap_or_default(),
        description: text(table, places, "description"),
        ssh: text(table, places, "ssh"),
        ssh_key: text(table, places, "ssh_key"),
        subnet: text(table, places, "subnet"),
        no_public_ip: flag(table, places, "no_public_ip"),
        idle_shutdown,
        schedule: texts(table, places, "schedule"),
        cron: texts(table, places, "cron"),
        zone: text(table, places, "zone"),
        tag: texts(table, places, "tag"),
        identity: texts(table, places, "identity"),
        on_behalf_of: text(table, places, "on_behalf_of"),
        tenant: text(table, places, "tenant"),
        application_sharing: text(table, places, "application_sharing"),
        setup_script: texts(table, places, "setup_script"),
        setup_args: texts(table, places, "setup_args"),
        setup_timeout: texts(table, places, "setup_timeout"),
        agent: AgentWritten {
            wanted: flag(table, places, "with_agent"),
            url: text(table, places, "agent_url"),
            binary: text(table, places, "agent_binary"),
            sha256: text(table, places, "agent_sha256"),
            token_file: text(table, places, "agent_token_file"),
            config: text(table, places, "agent_config"),
        },
    }
}
