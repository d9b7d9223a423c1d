//! Ending the process at a labelled point, for the crash tests; release builds have no such thing.

use crate::settings::Environment;

/// The variable that names the point.
#[cfg(debug_assertions)]
const VARIABLE: &str = "LIGHTSOUT_TEST_CRASH_AT";

/// What the engine calls at its points: nothing, or in debug builds with the variable set an end as hard as `kill -9`,
/// or, of a point behind `panic:`, a panic.
#[cfg(debug_assertions)]
pub(super) fn hook(environment: &Environment) -> Option<fn(&'static str)> {
    POINT.get_or_init(|| environment.plain(VARIABLE).map(str::to_owned)).as_ref()?;
    Some(|point| {
        let wanted = POINT.get().and_then(Option::as_deref);
        assert!(wanted.and_then(|word| word.strip_prefix("panic:")) != Some(point), "at the point `{point}`, as asked");
        if wanted == Some(point) {
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).unwrap_or_default();
        }
    })
}

#[cfg(debug_assertions)]
static POINT: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();

/// Nothing.
#[cfg(not(debug_assertions))]
pub(super) fn hook(_: &Environment) -> Option<fn(&'static str)> {
    None
}
