//! What may be done of a plan. The only room that can make an `Approved`, a `StopPermit`, a `TimerPermit` or an `OperationPermit`
//! (G5).

mod asked;
mod backoff;
mod by_person;
mod caps;
mod delete;
mod disk;
mod look;
mod operate;
mod permit;
mod refusal;
mod review;
mod send_gate;
mod sick;
mod sight;
mod start;
mod timer;
mod warn;

pub use asked::{Wanted, on_request};
pub use by_person::{Insistence, PersonWish, Sought, by_person, person_may, to_create};
pub use delete::{DeleteLook, DeletedLately, delete_permit};
pub use disk::is_full;
pub use look::{SecondLook, second_look};
pub use operate::OperationPermit;
pub use permit::{Approved, StopPermit};
pub use refusal::Refusal;
pub use review::{Review, Surroundings, review, too_many_failures};
pub use send_gate::{LeaseTerms, may_send};
pub use sight::{Bounds, Canary, FleetSight, ScopeCount};
pub use start::{ApprovedStart, StartAround, StartCount, StartLook, StartReview, review_starts, start_permit};
pub use timer::{TimerBy, TimerLook, TimerPermit, held, held_at_all, is_settled, spared, timer_permit};
pub use warn::{Weighed, weigh};
