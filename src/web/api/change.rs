//! A change of one instance: which, by whom and why, once it is known that they may.

use axum::response::Response;

use super::act::reason_of;
use super::asked::find;
use super::instances::nobody;
use crate::facts::Created;
use crate::report::FleetView;
use crate::web::door::{Asked, ByOwner};
use crate::web::page::owners_of;

/// What every change of an instance says.
#[derive(Debug)]
pub(super) struct Change {
    /// The instance, by its ARM id.
    pub(super) instance: String,
    /// Which life of its name whoever asks has seen.
    pub(super) life: Created,
    /// Who wants it.
    pub(super) by: String,
    /// Why, as it is kept.
    pub(super) reason: String,
}

impl Change {
    /// Of the instance at this path, as far as its caller may; the reason, and whether there has to be one.
    #[expect(clippy::result_large_err, reason = "the error is the answer, made once")]
    pub(super) fn of<M: ByOwner>(
        asked: Asked<M>,
        view: &FleetView,
        path: &(String, String, String, String),
        (reason, is_needed): (&str, bool),
    ) -> Result<Self, Response> {
        let found = find(view, path).ok_or_else(|| nobody(path))?;
        let person = asked.on(owners_of(&found.facts))?;
        let reason = reason_of(reason, is_needed)?;
        let (instance, life) = (found.facts.id.to_string(), found.facts.created);
        Ok(Self { instance, life, by: person.known_as().to_owned(), reason })
    }
}
