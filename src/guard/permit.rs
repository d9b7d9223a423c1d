//! Rights by type: a step that passed review, and the permit without which no stop can be sent.

use jiff::Timestamp;

use crate::plan::Step;

/// A step that passed review. Only this room makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approved(pub(super) Step);

impl Approved {
    /// The step.
    #[must_use]
    pub const fn step(&self) -> &Step {
        &self.0
    }
}

/// The right to send one stop, made by the second look and good for a few seconds. It cannot be built, cloned or
/// kept: sending takes it by value (G5).
///
/// ```compile_fail
/// let permit = lightsout::guard::StopPermit { step: todo!(), looked_at: todo!() };
/// ```
#[derive(Debug)]
#[must_use = "a permit that is not used stops nothing"]
pub struct StopPermit {
    pub(super) step: Step,
    pub(super) looked_at: Timestamp,
}

impl StopPermit {
    /// What may be stopped.
    #[must_use]
    pub const fn step(&self) -> &Step {
        &self.step
    }
    /// When the second look was taken; sending is refused ten seconds later (G10).
    #[must_use]
    pub const fn looked_at(&self) -> Timestamp {
        self.looked_at
    }
}
