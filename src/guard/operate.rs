//! The right to start, restart, create or delete one instance, good for a few seconds.

use jiff::Timestamp;

use crate::facts::{Created, NewInstance, Verb};
use crate::units::InstanceId;

/// The right to do one thing with one instance. It cannot be built, cloned or kept: sending takes it by value (G5).
///
/// ```compile_fail
/// let permit = lightsout::guard::OperationPermit { verb: todo!(), instance: todo!(), created: todo!(), looked_at: todo!(), new: todo!() };
/// ```
#[derive(Debug)]
#[must_use = "a permit that is not used does nothing"]
pub struct OperationPermit {
    pub(super) verb: Verb,
    pub(super) instance: InstanceId,
    pub(super) created: Created,
    pub(super) looked_at: Timestamp,
    pub(super) new: Option<Box<NewInstance>>,
}

impl OperationPermit {
    /// What may be done.
    #[must_use]
    pub const fn verb(&self) -> Verb {
        self.verb
    }
    /// With which instance.
    #[must_use]
    pub const fn instance(&self) -> &InstanceId {
        &self.instance
    }
    /// Which life of its name; none for one that is to be made.
    #[must_use]
    pub const fn created(&self) -> Created {
        self.created
    }
    /// When it was looked at; sending is refused ten seconds later (G10).
    #[must_use]
    pub const fn looked_at(&self) -> Timestamp {
        self.looked_at
    }
    /// What is to be made; none for what is there already.
    #[must_use]
    pub fn new_instance(&self) -> Option<&NewInstance> {
        self.new.as_deref()
    }
}
