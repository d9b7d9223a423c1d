//! Alertmanager: each message as an alert, to its API of version 2.

use std::sync::Arc;

use super::post::{HookOptions, Lookup, Now, Parcel, Post, SystemLookup, WebhookError, unwritten};
use super::render::{Link, Sheet, alerts};
use crate::ports::{Fault, Message};

/// Where alerts are taken, below the address at which Alertmanager answers.
const API: &str = "/api/v2/alerts";

/// An Alertmanager that is set up. Its address is a secret: who has it can ring alarms.
pub struct Alertmanager(Post);

impl std::fmt::Debug for Alertmanager {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Alertmanager").finish_non_exhaustive()
    }
}

impl Alertmanager {
    /// Sets it up; nothing is sent, no name is looked up.
    ///
    /// # Errors
    /// When the address is refused.
    pub fn new(options: HookOptions, now: Now) -> Result<Self, WebhookError> {
        Self::with_lookup(options, now, Arc::new(SystemLookup))
    }

    /// The same with another way to look up names.
    ///
    /// # Errors
    /// As [`Alertmanager::new`].
    pub fn with_lookup(options: HookOptions, now: Now, lookup: Arc<dyn Lookup>) -> Result<Self, WebhookError> {
        options.below(API).post("Alertmanager", now, lookup).map(Self)
    }

    /// Posts one message. Only a status from 200 to 299 confirms it.
    ///
    /// # Errors
    /// `Throttled` with the wait that was asked for on a 429, `Unfit` when the message is refused, `Undelivered` on anything else.
    pub async fn deliver(&self, message: &Message, links: &[Link]) -> Result<(), Fault> {
        let alerts = alerts(message, &Sheet::of(message), links);
        let body = serde_json::to_vec(&alerts).map_err(|error| unwritten(&message.id, error))?;
        self.0.send(Parcel { id: &message.id, content_type: "application/json", body, signature: None }).await
    }
}
