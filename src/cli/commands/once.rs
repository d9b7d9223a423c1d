//! `sweep`, for cron, and `plan`, for people: one look at everything, with or without acting.

use std::sync::Arc;

use super::context::{CommandError, Context, complain};
use crate::cli::clock::SystemClock;
use crate::cli::exit::Exit;
use crate::cli::outside::Outside;
use crate::cli::render;
use crate::cli::store_place::store_to_look;
use crate::cli::tzdata;
use crate::cli::wire_up::{WireError, engine_options, outside, use_money_files, with_store};
use crate::engine::{Engine, EngineOptions};
use crate::policy::Severity;
use crate::report::FleetView;
use crate::settings::{Loaded, Settings};
use crate::store::Store;

/// One sweep: observes, warns, stops, records; then delivers what it wrote.
///
/// # Errors
/// When settings are wrong or the journal cannot be used.
pub async fn sweep(context: &Context) -> Result<Exit, CommandError> {
    let (settings, loaded) = context.usable()?;
    super::serve::log_to_stderr(&settings);
    let engine = sweeper(&settings, outside(&settings, &context.environment, &context.turn).await?, &loaded).await?;
    engine.deliver().await?; // what an earlier sweep could not deliver counts for this one
    drop(engine.sweep_all().await);
    engine.deliver().await?;
    if let Err(fault) = engine.refresh_prices().await {
        complain(&format!("prices: {}; {}", fault.words(), fault.kind.remedy()));
    }
    let view = engine.last_view();
    context.print(&*view, || render::sweep(&view, &context.look(Some(&view))))?;
    let swept = Exit::of_sweep(&view);
    let broken = complain_of(&loaded);
    Ok(if broken && swept != Exit::StopFailed { Exit::BadConfiguration } else { swept })
}

/// What would be stopped when, and what is kept and why. Of the running service when there is one, else a look of its own.
///
/// # Errors
/// When settings are wrong or neither way works.
pub async fn plan(context: &Context) -> Result<Exit, CommandError> {
    let (settings, loaded) = context.usable()?;
    let view = match context.service(&settings)? {
        Some(service) => Arc::new(service.view().await?),
        None => rehearsed(context, &settings, &loaded).await?.last_view(),
    };
    complain_of(&loaded);
    context.print(&*view, || render::plan(&view, &context.look(Some(&view))))?;
    Ok(Exit::of_reading(&view))
}

/// An engine that has looked at everything once and done nothing. Where the journal cannot be opened by this user, or is
/// in use, it knows no history, and says so: good for looking, and for nothing else.
pub(super) async fn rehearsed(
    context: &Context,
    settings: &Settings,
    loaded: &Loaded,
) -> Result<Engine<Outside<SystemClock>>, CommandError> {
    let scratch = tempfile::tempdir().map_err(|error| CommandError::Io("make a temporary folder".to_owned(), error))?;
    let store = match store_to_look(settings, &context.environment).await {
        Ok(store) => store,
        Err(error) => {
            complain(&format!("without history, since the journal cannot be opened: {error}"));
            Store::open(scratch.path()).await.map_err(WireError::from)?
        }
    };
    looked(settings, with_store(settings, &context.environment, store)?, loaded).await
}

/// The same on the journal itself, or not at all: for requests that must not be lost.
///
/// # Errors
/// When the journal cannot be opened, mostly because a sweep or a starting service uses it: try again.
pub(super) async fn on_the_journal(
    context: &Context,
    settings: &Settings,
    loaded: &Loaded,
) -> Result<Engine<Outside<SystemClock>>, CommandError> {
    looked(settings, outside(settings, &context.environment, &context.turn).await?, loaded).await
}

async fn looked(
    settings: &Settings,
    outside: Outside<SystemClock>,
    loaded: &Loaded,
) -> Result<Engine<Outside<SystemClock>>, CommandError> {
    let zone_data = tzdata::release().map(Into::into);
    let engine = Engine::new(Arc::new(outside), EngineOptions { zone_data, ..engine_options(settings) });
    engine.recall().await?;
    use_money_files(&engine, loaded);
    engine.adopt_for_a_look(loaded.policies.set.clone());
    engine.rehearse().await;
    Ok(engine)
}

/// Cron may call once an hour: a stop that was announced an hour ago is still expected then.
const FROM_CRON: jiff::SignedDuration = jiff::SignedDuration::from_hours(3);

async fn sweeper(
    settings: &Settings,
    outside: Outside<SystemClock>,
    loaded: &Loaded,
) -> Result<Engine<Outside<SystemClock>>, CommandError> {
    let zone_data = tzdata::release().map(Into::into);
    let options = EngineOptions { stale_after: Some(FROM_CRON), zone_data, ..engine_options(settings) };
    let engine = Engine::new(Arc::new(outside), options);
    engine.recall().await?;
    use_money_files(&engine, loaded);
    engine.adopt(loaded.policies.set.clone()).await?;
    Ok(engine)
}

/// Prints the errors of policies to stderr; true when there are any.
fn complain_of(loaded: &Loaded) -> bool {
    let errors: Vec<String> =
        loaded.findings().filter(|found| found.severity == Severity::Error).map(ToString::to_string).collect();
    errors.iter().for_each(|error| complain(error));
    !errors.is_empty()
}

/// The view of the running service, or of a look of its own.
pub(super) async fn any_view(context: &Context) -> Result<Arc<FleetView>, CommandError> {
    let (settings, loaded) = context.usable()?;
    Ok(match context.service(&settings)? {
        Some(service) => Arc::new(service.view().await?),
        None => rehearsed(context, &settings, &loaded).await?.last_view(),
    })
}
