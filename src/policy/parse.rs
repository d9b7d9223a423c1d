//! All policy files at once: texts in, every valid policy and every problem of every file out.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::checks;
use super::compile::{Around, calendar_path, compile, limits};
use super::diagnostic::{Diagnostic, Severity};
use super::document::{Document, Tables};
use super::model::{Limits, Policy};
use super::place::{Findings, Place, Trouble};
use super::revision::short_digest;
use super::set::PolicySet;

/// The longest file that is read, in bytes: a policy is a page or two.
const LONGEST_FILE: usize = 1 << 20;

/// The text of one policy file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceText {
    /// The file as it is to be shown; calendars are looked for beside it.
    pub file: Arc<str>,
    /// What it holds.
    pub text: String,
}

/// The text of the settings file, of which only the table `defaults` is read here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultsSource {
    /// The file as it is to be shown.
    pub file: Arc<str>,
    /// The whole text.
    pub text: String,
}

/// Everything that policies are made of. This room reads no files: whoever calls brings the texts.
#[derive(Debug, Clone)]
pub struct Sources<'a> {
    /// The fleet's defaults, where there are any.
    pub defaults: Option<&'a DefaultsSource>,
    /// The policy files.
    pub policies: &'a [SourceText],
    /// The text of each calendar, or why it could not be read, by the path that [`calendar_paths`] gives.
    pub calendars: &'a BTreeMap<String, Result<String, String>>,
    /// How many channels can deliver a warning.
    pub channels: usize,
    /// How many sources tell whether an instance is used.
    pub activity_sources: usize,
}

/// What became of the sources.
#[derive(Debug, Clone)]
#[must_use = "problems that nobody reads are not mended"]
pub struct Parsed {
    /// Every policy without an error. With an error in the defaults there is none, since all rest on them.
    pub set: PolicySet,
    /// The limits of the fleet, a subscription or a workspace as a whole: those of the defaults (G4).
    pub limits: Limits,
    /// The files whose policy is not in the set, in the order of the sources. A calendar that cannot be read leaves none
    /// out: its policy is in the set with hours that nobody knows, and so stops nothing (S21).
    pub left_out: Vec<Arc<str>>,
    /// Every problem of every file, by file, line and column.
    pub diagnostics: Vec<Diagnostic>,
}

impl Parsed {
    /// True when something must be mended before the files can be used.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|one| one.severity == Severity::Error)
    }
}

/// Reads every source. One file's errors leave that file's policy out, and the others in.
pub fn parse(sources: &Sources<'_>) -> Parsed {
    let mut diagnostics = Vec::new();
    let (defaults, sound) = defaults(sources.defaults, &mut diagnostics);
    let around = Around {
        defaults: &defaults,
        calendars: sources.calendars,
        channels: sources.channels,
        activity_sources: sources.activity_sources,
    };
    let mut compiled: Vec<(Place, Arc<Policy>)> = Vec::new();
    let mut names: Vec<(Place, String)> = Vec::new();
    for source in sources.policies {
        let mut findings = Findings::new(&source.file, &source.text);
        if let Some(root) = root(&source.text, &mut findings) {
            let document = Document::read(&root, &mut findings);
            let name = document.name.clone();
            let policy = compile(&document, &around, &mut findings);
            if let Some(name) = name {
                compiled.extend(policy.map(|policy| (name.at.clone(), Arc::new(policy))));
                names.push((name.at, name.value.0));
            }
        }
        diagnostics.extend(findings.into_diagnostics());
    }
    let twice = named_twice(&names, &mut diagnostics);
    compiled.retain(|(_, policy)| sound && !twice.iter().any(|name| name.eq_ignore_ascii_case(policy.id.as_str())));
    same_scopes(&compiled, &mut diagnostics);
    diagnostics.sort();
    diagnostics.dedup();
    let is_in = |file: &Arc<str>| compiled.iter().any(|(_, policy)| policy.file == *file);
    let left_out = sources.policies.iter().map(|source| Arc::clone(&source.file)).filter(|file| !is_in(file)).collect();
    let limits = if sound { limits(&defaults) } else { Limits::default() };
    Parsed { set: PolicySet::new(compiled.into_iter().map(|(_, policy)| policy).collect()), limits, left_out, diagnostics }
}

/// The tables of the fleet's defaults, and whether they can be used.
fn defaults(source: Option<&DefaultsSource>, diagnostics: &mut Vec<Diagnostic>) -> (Tables, bool) {
    let Some(source) = source else { return (Tables::default(), true) };
    let mut findings = Findings::new(&source.file, &source.text);
    let tables = root(&source.text, &mut findings).map(|root| Tables::read_defaults(&root, &mut findings)).unwrap_or_default();
    checks::ranges(&tables, &mut findings);
    let sound = !findings.is_fatal();
    diagnostics.extend(findings.into_diagnostics());
    (tables, sound)
}

/// The root table of a text that is TOML.
fn root<'t>(text: &'t str, findings: &mut Findings<'_>) -> Option<DeTable<'t>> {
    if text.len() > LONGEST_FILE {
        let at = findings.place(&(0..0), "");
        findings.error(&at, Trouble::new("the file is longer than a mebibyte", "a policy is a page or two: is this the right file?"));
        return None;
    }
    match DeTable::parse(text) {
        Ok(root) => Some(root.into_inner()),
        Err(error) => {
            let at = findings.place(&error.span().unwrap_or(0..0), "");
            findings.error(&at, Trouble::new(error.message().to_owned(), "mend this first: the rest of the file is not looked at until then"));
            None
        }
    }
}

/// Names that more than one file uses: none of those is used, so that the order of files decides nothing.
fn named_twice(names: &[(Place, String)], diagnostics: &mut Vec<Diagnostic>) -> Vec<String> {
    let mut twice = Vec::new();
    for (at, name) in names {
        let other = names.iter().find(|(other, written)| other != at && written.eq_ignore_ascii_case(name));
        if let Some((other, _)) = other {
            diagnostics.push(found(at, Severity::Error, format!("{other} uses the name \"{name}\" too"), "give each policy a name of its own"));
            twice.push(name.clone());
        }
    }
    twice
}

/// Policies with the very same scope: none of them would govern anything.
fn same_scopes(compiled: &[(Place, Arc<Policy>)], diagnostics: &mut Vec<Diagnostic>) {
    for (index, (at, policy)) in compiled.iter().enumerate() {
        let same = compiled.iter().take(index).find(|(_, earlier)| earlier.scope == policy.scope);
        if let Some((other, earlier)) = same {
            let problem = format!("policy \"{}\" ({other}) has the same scope, so neither governs a workspace", earlier.id);
            diagnostics.push(found(at, Severity::Warning, problem, "let one name its workspaces more closely"));
        }
    }
}

fn found(at: &Place, severity: Severity, problem: String, help: &str) -> Diagnostic {
    Diagnostic { file: Arc::clone(&at.file), line: at.line, column: at.column, key: at.key.to_string(), severity, problem, help: help.to_owned() }
}

/// The paths of the calendars that a policy file, or the defaults in the settings file, names: these are to be read
/// before [`parse`], and handed over under the same paths. Empty for a text that is not TOML.
#[must_use]
pub fn calendar_paths(file: &str, text: &str) -> Vec<String> {
    let Ok(root) = DeTable::parse(text) else { return Vec::new() };
    let root = root.into_inner();
    let overrides = root.get("override").and_then(|list| list.get_ref().as_array());
    let mut hours: Vec<Option<&DeValue<'_>>> = vec![root.get("hours").map(toml::Spanned::get_ref)];
    hours.push(root.get("defaults").and_then(|defaults| defaults.get_ref().get("hours")).map(toml::Spanned::get_ref));
    hours.extend(overrides.into_iter().flat_map(|list| list.iter()).map(|over| over.get_ref().get("hours").map(toml::Spanned::get_ref)));
    let lists = hours.into_iter().flatten().filter_map(|hours| hours.get("calendars")).filter_map(|list| list.get_ref().as_array());
    let names = lists.flat_map(|list| list.iter()).filter_map(|one| one.get_ref().as_str());
    let mut paths: Vec<String> = names.map(|name| calendar_path(file, name.trim())).collect();
    paths.sort();
    paths.dedup();
    paths
}

impl PolicySet {
    /// A set of policies, in this order.
    #[must_use]
    pub fn new(policies: Vec<Arc<Policy>>) -> Self {
        let mut revisions: Vec<String> = policies.iter().map(|policy| format!("{:?} {}\n", policy.id.as_str(), policy.revision)).collect();
        revisions.sort();
        Self { policies, digest: short_digest(&revisions.concat()) }
    }
}
