//! What `check` finds of messages that no single file shows: templates that fail, and policies that name people or hours which
//! settings do not have.

use std::error::Error as _;
use std::sync::Arc;

use crate::notify::wording;
use crate::policy::{Deletion, Diagnostic, Origin, Policy, Severity, Terms};
use crate::ports::with_causes;
use crate::report::words;
use crate::settings::Loaded;

/// Everything that is found.
pub(super) fn of_messages(loaded: &Loaded) -> Vec<Diagnostic> {
    let mut found = of_templates(loaded);
    // without settings nothing is known of people and hours, and they are not missed
    if let Some(settings) = &loaded.settings {
        let has_leads = loaded.money.owners.as_ref().is_none_or(|people| !people.leads.is_empty());
        let has_quiet = settings.notify.quiet.is_some();
        let policies = &loaded.policies.set.policies;
        found.extend(policies.iter().flat_map(|policy| of_policy(policy, has_leads, has_quiet)));
        // without any channel the policy's own check says so
        if settings.notify.count() > 0 && !settings.notify.has_readers() {
            found.extend(policies.iter().filter_map(|policy| told_to_programs(policy)));
        }
    }
    found
}

fn of_policy(policy: &Policy, has_leads: bool, has_quiet: bool) -> Vec<Diagnostic> {
    let all = std::iter::once(&policy.terms).chain(policy.overrides.iter().map(|over| &over.terms));
    let mut found: Vec<Diagnostic> = Vec::new();
    for terms in all {
        if !has_leads && terms.warning.notify.iter().any(|who| who == "team") {
            let problem = "\"team\" is named, and nothing says who leads one";
            found.extend(warning(terms, "warning.notify", problem, "write [teams] in the file of [ledger] owners"));
        }
        if terms.respect_quiet && !has_quiet {
            let problem = "there are no quiet hours to respect";
            found.extend(warning(
                terms,
                "warning.respect_quiet",
                problem,
                "write hours in [notify.quiet] of the settings",
            ));
        }
    }
    // an override has what its policy wrote
    found.dedup();
    found
}

/// What a program takes is told to no person, and nothing is deleted on the strength of that.
fn told_to_programs(policy: &Policy) -> Option<Diagnostic> {
    let rule = policy.terms.stopped.as_deref()?;
    let problem =
        "this deletes nothing: every step of the ladder must reach a person, and only programs are configured";
    let help = "configure smtp, teams or slack in [notify] of the settings, or write delete = \"propose\"";
    (rule.delete == Deletion::Automatic).then(|| warning(&policy.terms, "stopped.delete", problem, help)).flatten()
}

/// At the line that says so.
fn warning(terms: &Terms, key: &str, problem: &str, help: &str) -> Option<Diagnostic> {
    match terms.origins.get(key)? {
        Origin::BuiltIn => None,
        Origin::Written { file, line } => Some(Diagnostic {
            file: Arc::clone(file),
            line: *line,
            column: 1,
            key: key.to_owned(),
            severity: Severity::Warning,
            problem: problem.to_owned(),
            help: help.to_owned(),
        }),
    }
}

/// What is wrong with the operator's templates, tried on every kind of message.
fn of_templates(loaded: &Loaded) -> Vec<Diagnostic> {
    let Some(folder) = loaded.settings.as_ref().and_then(|settings| settings.notify.templates.as_deref()) else {
        return Vec::new();
    };
    let finding = |file: String, line: u32, problem: String| Diagnostic {
        file: file.into(),
        line,
        column: 1,
        key: String::new(),
        severity: Severity::Error,
        problem: words::clean(&problem),
        help: "until it is mended the one in the program is used".to_owned(),
    };
    match wording(folder) {
        Ok((_, troubles)) => troubles
            .into_iter()
            .map(|one| finding(folder.join(&one.file).display().to_string(), one.line, one.problem))
            .collect(),
        Err(error) => {
            let problem = with_causes(error.to_string(), error.source());
            vec![finding(folder.display().to_string(), 1, problem)]
        }
    }
}
