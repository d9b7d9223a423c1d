//! `replay`: other policies on what was recorded, a search over values of their settings, and the record as files.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::json;

use super::context::{CommandError, Context, complain};
use crate::cli::args::{Instant, Replay as Typed};
use crate::cli::exit::Exit;
use crate::cli::replayed::{
    ReplayError, combinations, export, of_history, of_store, page, search, search_page, search_text, span, text, varied,
};
use crate::cli::store_place::{open_ledger, server, store_shown};
use crate::cli::wire_up::engine_options;
use crate::past::Past;
use crate::policy::{Diagnostic, PolicySet, SourceText};
use crate::replay::{Asked, Replay, check, replay as tried_on};
use crate::settings::{Loaded, Settings, check_texts, policy_files, policy_texts};
use crate::store::LedgerReader;

#[derive(Serialize)]
struct Told<'a> {
    policies: Vec<&'a str>,
    #[serde(flatten)]
    replay: &'a Replay,
}

/// Replays, searches, or exports.
///
/// # Errors
/// When the record or the policies cannot be read, or what was asked for cannot be.
pub async fn replay(asked: &Typed, context: &Context) -> Result<Exit, CommandError> {
    let past = record(asked, context).await?;
    if let Some(dir) = &asked.export {
        let path = export(&past, dir)?;
        let (from, to, instances) = (past.from, past.to, past.lives.len());
        let told = json!({ "file": path, "from": from, "to": to, "instances": instances });
        context.print(&told, || {
            format!("written to {}: {instances} machines from {from:.0} to {to:.0}", path.display())
        })?;
        return Ok(Exit::Well);
    }
    let texts = candidate(asked, context)?;
    let (settings, policies) = judged(context, texts.clone(), None)?;
    let mut options = engine_options(&settings);
    options.interval = asked.interval.unwrap_or(options.interval);
    // what the guard would take for old is none here: everything is looked at when it is decided
    let (from, to) = window(asked, &past)?;
    let question = Asked {
        policies: &policies,
        from,
        to,
        interval: options.interval,
        bounds: &options.bounds,
        rules: options.accounting.rules,
        horizon: options.accounting.horizon,
        quiet: options.telling.quiet.clone(),
    };
    if !asked.sweeps.is_empty() {
        return searched(asked, context, (&past, &question, &texts));
    }
    let result = tried_on(&past, &question, check(&past, &question));
    let names: Vec<&str> = policies.policies.iter().map(|policy| policy.id.as_str()).collect();
    let tried = format!("{} ({})", names.join(", "), place(asked, context).display());
    if let Some(path) = &asked.html {
        put(path, &page(&result, &tried)?)?;
    }
    let top = asked.top.and_then(|top| usize::try_from(top).ok());
    context.print(&Told { policies: names.clone(), replay: &result }, || {
        text(&result, &tried, (&context.look(None), top))
    })?;
    Ok(Exit::Well)
}

fn searched(
    asked: &Typed,
    context: &Context,
    (past, question, texts): (&Past, &Asked<'_>, &[SourceText]),
) -> Result<Exit, CommandError> {
    let mut candidates = Vec::new();
    for settings in combinations(&asked.sweeps)? {
        let with: Vec<String> = settings.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        let (_, policies) = judged(context, varied(texts, &settings)?, Some(&with.join(", ")))?;
        candidates.push((settings, policies));
    }
    let found = search(past, question, &candidates)?;
    let keys: Vec<&str> = asked.sweeps.iter().map(|one| one.key.as_str()).collect();
    let (from, to) = (question.from, question.to);
    let heading =
        format!("Search over {} in {}, {}", keys.join(" and "), place(asked, context).display(), span(from, to));
    if let Some(path) = &asked.html {
        put(path, &search_page(&found, &heading)?)?;
    }
    context.print(&found, || search_text(&found, &heading, &context.look(None)))?;
    Ok(Exit::Well)
}

async fn record(asked: &Typed, context: &Context) -> Result<Past, CommandError> {
    Ok(match (&asked.history, &asked.store) {
        (Some(path), _) => of_history(path)?,
        (None, Some(path)) => {
            let journal = LedgerReader::open(path).await.map_err(ReplayError::from)?;
            of_store(&journal, path).await?
        }
        (None, None) => {
            let settings = context.places()?;
            let at = server(&settings, &context.environment)?;
            let journal = open_ledger(at, &settings.store.dir).await.map_err(ReplayError::from)?;
            of_store(&journal, Path::new(&store_shown(&settings))).await?
        }
    })
}

/// Where the policies are.
fn place(asked: &Typed, context: &Context) -> PathBuf {
    let of_settings = || context.load().settings.map_or_else(PathBuf::new, |settings| settings.policies.dir);
    asked.policy.clone().unwrap_or_else(of_settings)
}

fn candidate(asked: &Typed, context: &Context) -> Result<Vec<SourceText>, CommandError> {
    let dir = match &asked.policy {
        Some(path) => path.clone(),
        None => context.usable()?.0.policies.dir,
    };
    let unreadable =
        |words: String| ReplayError::Setting(format!("--policy: {words}; name a folder of policies or one file"));
    let files = if dir.is_file() { vec![dir.clone()] } else { policy_files(&dir).map_err(unreadable)? };
    let (texts, diagnostics) = policy_texts(&files);
    refuse(&diagnostics.iter().collect::<Vec<_>>(), None)?;
    if texts.is_empty() {
        return Err(ReplayError::NoPolicy(dir.display().to_string()).into());
    }
    Ok(texts)
}

/// Policies as they would be judged in their folder, and the settings that they stand on: the built-in ones where there are none.
fn judged(
    context: &Context,
    texts: Vec<SourceText>,
    with: Option<&str>,
) -> Result<(Settings, PolicySet), CommandError> {
    // whom warnings reached is for the record to tell, and not for the channels of today
    let loaded: Loaded = check_texts(&context.config, &context.environment, texts, 1);
    refuse(&loaded.policies.diagnostics.iter().collect::<Vec<_>>(), with)?;
    Ok((loaded.settings.unwrap_or_default(), loaded.policies.set))
}

/// Every mistake is printed, and nothing is tried on half a set.
fn refuse(found: &[&Diagnostic], with: Option<&str>) -> Result<(), CommandError> {
    let errors = found.iter().filter(|one| one.is_error()).count();
    if errors == 0 {
        return Ok(());
    }
    found.iter().filter(|one| one.is_error()).for_each(|one| complain(&one.to_string()));
    match with {
        Some(with) => {
            Err(ReplayError::Setting(format!("--sweep: the policies are wrong with {with}; try other values")).into())
        }
        None => Err(CommandError::Configuration(errors)),
    }
}

fn window(asked: &Typed, past: &Past) -> Result<(jiff::Timestamp, jiff::Timestamp), ReplayError> {
    let from = asked.from.map(Instant::first).transpose()?.unwrap_or(past.from);
    let to = asked.to.map(Instant::end).transpose()?.unwrap_or(past.to);
    let (begins, ends) = (from.max(past.from), to.min(past.to));
    if begins >= ends {
        return Err(ReplayError::Outside { from, to, first: past.from, last: past.to });
    }
    Ok((begins, ends))
}

fn put(path: &Path, text: &str) -> Result<(), ReplayError> {
    super::report::whole(path, text.as_bytes())
        .map_err(|error| ReplayError::Io(format!("write {}", path.display()), error))
}
