//! Slack: blocks to the address of an incoming webhook.

use std::sync::Arc;

use super::post::{HookOptions, Lookup, Now, Parcel, Post, SystemLookup, WebhookError, unwritten};
use super::render::{Link, Sheet, blocks};
use crate::ports::{Fault, Message};

/// A channel of Slack that is set up. Its address is a secret: who has it can post.
pub struct Slack(Post);

impl std::fmt::Debug for Slack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slack").finish_non_exhaustive()
    }
}

impl Slack {
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
    /// As [`Slack::new`].
    pub fn with_lookup(options: HookOptions, now: Now, lookup: Arc<dyn Lookup>) -> Result<Self, WebhookError> {
        options.post("Slack", now, lookup).map(Self)
    }

    /// Posts one message. Only a status from 200 to 299 confirms it.
    ///
    /// # Errors
    /// `Throttled` with the wait that was asked for on a 429, `Unfit` when the message is refused, `Undelivered` on anything else.
    pub async fn deliver(&self, message: &Message, links: &[Link]) -> Result<(), Fault> {
        let blocks = blocks(&Sheet::of(message), links);
        let body = serde_json::to_vec(&blocks).map_err(|error| unwritten(&message.id, error))?;
        self.0.send(Parcel { id: &message.id, content_type: "application/json", body, signature: None }).await
    }
}
