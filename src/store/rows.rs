//! Values as the journal's columns hold them: instants, identities, results and JSON.

use std::error::Error;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;
use crate::facts::{Created, StopResult};
use crate::units::{InstanceId, PolicyId, WorkspaceId};

/// An instant with nine digits, so that text sorts as time does.
pub(super) fn stamp(at: Timestamp) -> String {
    format!("{at:.9}")
}

/// The instant so long before another, as text; the beginning of time when there is none.
pub(super) fn stamp_before(at: Timestamp, length: SignedDuration) -> String {
    stamp(at.checked_sub(length).unwrap_or(Timestamp::MIN))
}

/// Which life of a name; '' when Azure did not say.
pub(super) fn life(created: Created) -> String {
    created.known().map(stamp).unwrap_or_default()
}

/// An instance's id, folded as it is compared.
pub(super) fn instance_key(id: &InstanceId) -> String {
    id.to_string().to_ascii_lowercase()
}

/// A workspace's id, folded as it is compared.
pub(super) fn workspace_key(id: &WorkspaceId) -> String {
    id.to_string().to_ascii_lowercase()
}

/// A policy's name, folded as it is compared.
pub(super) fn policy_key(id: &PolicyId) -> String {
    id.as_str().to_ascii_lowercase()
}

/// One place in the journal, to be named when it cannot be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) table: &'static str,
    pub(super) row: &'a str,
}

impl Place<'_> {
    /// An error that names the place.
    pub(super) fn wrong(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> StoreError {
        StoreError::Unreadable { table: self.table, row: self.row.to_owned(), source: source.into() }
    }

    pub(super) fn instant(self, text: &str) -> Result<Timestamp, StoreError> {
        text.parse().map_err(|error: jiff::Error| self.wrong(error))
    }

    pub(super) fn instant_or_none(self, text: Option<&str>) -> Result<Option<Timestamp>, StoreError> {
        text.map(|text| self.instant(text)).transpose()
    }

    pub(super) fn life(self, text: &str) -> Result<Created, StoreError> {
        if text.is_empty() { Ok(Created::NONE) } else { self.instant(text).map(Created::at) }
    }

    pub(super) fn instance(self, text: &str) -> Result<InstanceId, StoreError> {
        InstanceId::parse(text).map_err(|error| self.wrong(error))
    }

    pub(super) fn json<T: DeserializeOwned>(self, text: &str) -> Result<T, StoreError> {
        serde_json::from_str(text).map_err(|error| self.wrong(error))
    }

    pub(super) fn number(self, value: i64) -> Result<u32, StoreError> {
        u32::try_from(value).map_err(|error| self.wrong(error))
    }

    pub(super) fn result(self, label: &str, words: Option<String>) -> Result<StopResult, StoreError> {
        let words = words.unwrap_or_default();
        match label {
            "stopped" => Ok(StopResult::Stopped),
            "started_again" => Ok(StopResult::StartedAgain),
            "gone" => Ok(StopResult::Gone),
            "failed" => Ok(StopResult::Failed(words)),
            "dropped" => Ok(StopResult::Dropped(words)),
            other => Err(self.wrong(format!("`{other}` is no result of a stop"))),
        }
    }
}

/// A result as its two columns.
pub(super) fn result_columns(result: &StopResult) -> (&'static str, Option<&str>) {
    match result {
        StopResult::Stopped => ("stopped", None),
        StopResult::StartedAgain => ("started_again", None),
        StopResult::Gone => ("gone", None),
        StopResult::Failed(words) => ("failed", Some(words)),
        StopResult::Dropped(words) => ("dropped", Some(words)),
    }
}

/// A value as JSON text.
pub(super) fn json(what: &'static str, value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|source| StoreError::Unwritable { what, source })
}
