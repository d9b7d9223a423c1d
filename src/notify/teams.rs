//! Microsoft Teams: an Adaptive Card to the address of a workflow ("When a Teams webhook request is received").

use std::sync::Arc;

use super::post::{HookOptions, Lookup, Now, Parcel, Post, SystemLookup, WebhookError, unwritten};
use super::render::{Link, Sheet, card};
use crate::ports::{Fault, Message};

/// A channel of Teams that is set up. Its address is a secret: who has it can post.
pub struct Teams(Post);

impl std::fmt::Debug for Teams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Teams").finish_non_exhaustive()
    }
}

impl Teams {
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
    /// As [`Teams::new`].
    pub fn with_lookup(options: HookOptions, now: Now, lookup: Arc<dyn Lookup>) -> Result<Self, WebhookError> {
        options.post("Teams", now, lookup).map(Self)
    }

    /// Posts one message. Only a status from 200 to 299 confirms it; a workflow answers 202, and posts the card after.
    ///
    /// # Errors
    /// `Throttled` with the wait that was asked for on a 429, `Unfit` when the message is refused, `Undelivered` on anything else.
    pub async fn deliver(&self, message: &Message, links: &[Link]) -> Result<(), Fault> {
        let card = card(&Sheet::of(message), links);
        let body = serde_json::to_vec(&card).map_err(|error| unwritten(&message.id, error))?;
        self.0.send(Parcel { id: &message.id, content_type: "application/json", body, signature: None }).await
    }
}
