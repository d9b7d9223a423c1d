//! Where the process ends: at a labelled point of the engine, or right before or after a write to the journal.

use std::cell::Cell;
use std::panic::resume_unwind;

use crate::story::Crash;

thread_local! {
    static POINT: Cell<Option<&'static str>> = const { Cell::new(None) };
}

/// What an ending process unwinds with.
pub(crate) struct Ended(pub(crate) Crash);

/// The hook of the engine.
pub(crate) fn at_point(point: &'static str) {
    if POINT.get() == Some(point) {
        POINT.set(None);
        resume_unwind(Box::new(Ended(Crash::At(point))));
    }
}

/// Beside the process that is to end there: a second one that only looks goes on.
pub(crate) fn apart<T>(act: impl FnOnce() -> T) -> T {
    let kept = POINT.take();
    let done = act();
    POINT.set(kept);
    done
}

/// At which write the process is to end.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Crashing(Option<(u8, bool)>);

impl Crashing {
    /// The process is to end there.
    pub(crate) fn set(&mut self, crash: Crash) {
        match crash {
            Crash::At(point) => POINT.set(Some(point)),
            Crash::Write(count, lost) => self.0 = Some((count, lost)),
        }
    }

    /// It is not to end any more.
    pub(crate) fn clear(&mut self) {
        POINT.set(None);
        self.0 = None;
    }

    /// One write comes: whether the process ends there, and whether before it.
    pub(crate) fn write(&mut self) -> Option<bool> {
        let (count, lost) = self.0?;
        self.0 = (count > 1).then(|| (count - 1, lost));
        (count <= 1).then_some(lost)
    }
}

/// The process ends.
pub(crate) fn end(lost: bool) -> ! {
    resume_unwind(Box::new(Ended(Crash::Write(1, lost))))
}
