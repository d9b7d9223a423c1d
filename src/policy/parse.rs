//! All policy files at once: texts in, every valid policy and every problem of every file out.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::compile::{Around, calendar_path, compile, limits};
use super::document::Tables;
use super::limits::Limits;
use super::model::Policy;
use super::revision::short_digest;
use super::set::{Broken, PolicySet};
use super::written::Document;
use super::{budget_checks, checks, start, stopped_checks};
use crate::document::{self, Diagnostic, Findings, Place, Severity, Trouble};
use crate::facts::SourceSet;

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
    /// Which sources tell whether an instance is used.
    pub sources: SourceSet,
}

/// What became of the sources.
#[derive(Debug, Clone)]
#[must_use = "problems that nobody reads are not mended"]
pub struct Parsed {
    /// Every policy without an error, and the files with one. With an error in the defaults all are broken, since they
    /// rest on them.
    pub set: PolicySet,
    /// The limits of the fleet, a subscription or a workspace as a whole: those of the defaults (G4).
    pub limits: Limits,
    /// Every problem of every file, by file, line and column.
    pub diagnostics: Vec<Diagnostic>,
}

impl Parsed {
    /// True when something must be mended before the files can be used.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// Reads every source. One file's errors keep that file's policy from acting, and nobody acts in its stead (S17).
pub fn parse(sources: &Sources<'_>) -> Parsed {
    let mut diagnostics = Vec::new();
    let (defaults, sound) = defaults(sources.defaults, &mut diagnostics);
    let around = Around {
        defaults: &defaults,
        calendars: sources.calendars,
        channels: sources.channels,
        sources: sources.sources,
    };
    let mut compiled: Vec<(Place, Arc<Policy>)> = Vec::new();
    let mut broken: Vec<Broken> = Vec::new();
    let mut names: Vec<(Place, String)> = Vec::new();
    for source in sources.policies {
        let mut findings = Findings::new(&source.file, &source.text);
        let document = root(&source.text, &mut findings).map(|root| Document::read(&root, &mut findings));
        let name = document.as_ref().and_then(|document| document.name.clone());
        match (document.map_or(Err(None), |document| compile(&document, &around, &mut findings)), &name) {
            (Ok(policy), Some(name)) => compiled.push((name.at.clone(), Arc::new(policy))),
            (Ok(policy), None) => broken.push(unusable(&policy)),
            (Err(scope), name) => {
                let name = name.as_ref().map(|name| name.value.0.as_str().into());
                broken.push(Broken { file: Arc::clone(&source.file), name, scope });
            }
        }
        names.extend(name.map(|name| (name.at, name.value.0)));
        diagnostics.extend(findings.into_diagnostics());
    }
    let twice = named_twice(&names, &mut diagnostics);
    let usable = |policy: &Policy| sound && !twice.iter().any(|name| name.eq_ignore_ascii_case(policy.id.as_str()));
    broken.extend(compiled.iter().filter(|(_, policy)| !usable(policy)).map(|(_, policy)| unusable(policy)));
    compiled.retain(|(_, policy)| usable(policy));
    same_scopes(&compiled, &mut diagnostics);
    diagnostics.sort();
    diagnostics.dedup();
    let limits = if sound { limits(&defaults) } else { Limits::default() };
    let set = PolicySet::new(compiled.into_iter().map(|(_, policy)| policy).collect(), broken);
    Parsed { set, limits, diagnostics }
}

/// A policy that is right in itself, and cannot be used for what stands around it.
fn unusable(policy: &Policy) -> Broken {
    Broken { file: Arc::clone(&policy.file), name: Some(policy.id.as_str().into()), scope: Some(policy.scope.clone()) }
}

/// The tables of the fleet's defaults, and whether they can be used.
fn defaults(source: Option<&DefaultsSource>, diagnostics: &mut Vec<Diagnostic>) -> (Tables, bool) {
    let Some(source) = source else { return (Tables::default(), true) };
    let mut findings = Findings::new(&source.file, &source.text);
    let tables =
        root(&source.text, &mut findings).map(|root| Tables::read_defaults(&root, &mut findings)).unwrap_or_default();
    checks::ranges(&tables, &mut findings);
    budget_checks::ranges(&tables, &mut findings);
    start::ranges(&tables, &mut findings);
    stopped_checks::ranges(&tables, &mut findings);
    let sound = !findings.is_fatal();
    diagnostics.extend(findings.into_diagnostics());
    (tables, sound)
}

/// The root table of a text that is TOML.
fn root<'t>(text: &'t str, findings: &mut Findings<'_>) -> Option<DeTable<'t>> {
    if text.len() > LONGEST_FILE {
        let at = findings.place(&(0..0), "");
        findings.error(
            &at,
            Trouble::new("the file is longer than a mebibyte", "a policy is a page or two: is this the right file?"),
        );
        return None;
    }
    document::root(text, findings)
}

/// Names that more than one file uses: none of those is used, so that the order of files decides nothing.
fn named_twice(names: &[(Place, String)], diagnostics: &mut Vec<Diagnostic>) -> Vec<String> {
    let mut twice = Vec::new();
    for (at, name) in names {
        let other = names.iter().find(|(other, written)| other != at && written.eq_ignore_ascii_case(name));
        if let Some((other, _)) = other {
            let trouble =
                Trouble::new(format!("{other} uses the name \"{name}\" too"), "give each policy a name of its own");
            diagnostics.push(at.finding(Severity::Error, &trouble));
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
            let problem =
                format!("policy \"{}\" ({other}) has the same scope, so neither governs a workspace", earlier.id);
            let trouble = Trouble::new(problem, "let one name its workspaces more closely");
            diagnostics.push(at.finding(Severity::Warning, &trouble));
        }
    }
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
    hours.extend(
        overrides
            .into_iter()
            .flat_map(|list| list.iter())
            .map(|over| over.get_ref().get("hours").map(toml::Spanned::get_ref)),
    );
    let lists = hours
        .into_iter()
        .flatten()
        .filter_map(|hours| hours.get("calendars"))
        .filter_map(|list| list.get_ref().as_array());
    let names = lists.flat_map(|list| list.iter()).filter_map(|one| one.get_ref().as_str());
    let mut paths: Vec<String> = names.map(|name| calendar_path(file, name.trim())).collect();
    paths.sort();
    paths.dedup();
    paths
}

impl PolicySet {
    /// A set of policies, in this order, and of files that cannot be used.
    #[must_use]
    pub fn new(policies: Vec<Arc<Policy>>, broken: Vec<Broken>) -> Self {
        let mut revisions: Vec<String> =
            policies.iter().map(|policy| format!("{:?} {}\n", policy.id.as_str(), policy.revision)).collect();
        revisions.extend(broken.iter().map(|one| format!("broken {:?}\n", one.file)));
        revisions.sort();
        Self { policies, broken, digest: short_digest(&revisions.concat()) }
    }
}
