//! The signed webhook: a message as JSON, as it is or as a CloudEvent, with a signature over the bytes.

use std::sync::Arc;

use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};

use super::address::Cidr;
use super::body;
use super::post::{Lookup, Now, Parcel, Post, Reach, SystemLookup, WebhookError, unwritten};
use super::render::Link;
use crate::ports::{Fault, Message};

/// What a webhook is set up with.
#[derive(Debug, Clone)]
pub struct WebhookOptions {
    /// Where messages are posted.
    pub url: String,
    /// The form of what is posted.
    pub format: WebhookFormat,
    /// The key of the signature; shared with the receiver.
    pub secret: Option<SecretString>,
    /// True to send without a signature, knowing that anyone could then send the same.
    pub unsigned: bool,
    /// Private networks that the address may lie in.
    pub allow_private: Vec<Cidr>,
    /// How long a delivery may take; 5 s when none.
    pub timeout: Option<SignedDuration>,
}

/// The form of what a webhook posts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WebhookFormat {
    /// Our own JSON.
    #[default]
    Lightsout,
    /// The same inside a CloudEvent 1.0.
    CloudEvents,
}

/// A webhook that is set up.
pub struct Webhook {
    post: Post,
    format: WebhookFormat,
    secret: Option<SecretString>,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook")
            .field("origin", &self.post.shown())
            .field("signed", &self.secret.is_some())
            .finish_non_exhaustive()
    }
}

impl Webhook {
    /// Sets it up; nothing is sent, no name is looked up.
    ///
    /// # Errors
    /// When the URL, its address or the lack of a secret is refused.
    pub fn new(options: WebhookOptions, now: Now) -> Result<Self, WebhookError> {
        Self::with_lookup(options, now, Arc::new(SystemLookup))
    }

    /// The same with another way to look up names.
    ///
    /// # Errors
    /// As [`Webhook::new`].
    pub fn with_lookup(options: WebhookOptions, now: Now, lookup: Arc<dyn Lookup>) -> Result<Self, WebhookError> {
        let reach = Reach { allow_private: options.allow_private, timeout: options.timeout };
        let post = Post::new(&options.url, None, reach, now, lookup)?;
        let secret = options.secret.filter(|secret| !secret.expose_secret().is_empty());
        if secret.is_none() && !options.unsigned {
            return Err(WebhookError::Unsigned);
        }
        Ok(Self { post, format: options.format, secret })
    }

    /// Posts one message. Only a status from 200 to 299 confirms it.
    ///
    /// # Errors
    /// `Throttled` with the wait that was asked for on a 429, `Unfit` when the message is refused, `Undelivered` on anything else.
    pub async fn deliver(&self, message: &Message, links: &[Link]) -> Result<(), Fault> {
        let (bytes, content_type) = match self.format {
            WebhookFormat::Lightsout => (body::bytes(message, links), "application/json"),
            WebhookFormat::CloudEvents => {
                (body::event_bytes(message, links), "application/cloudevents+json; charset=utf-8")
            }
        };
        let body = bytes.map_err(|error| unwritten(&message.id, error))?;
        let signature = self
            .secret
            .as_ref()
            .and_then(|secret| body::signature(secret.expose_secret().as_bytes(), self.post.now(), &body));
        self.post.send(Parcel { id: &message.id, content_type, body, signature }).await
    }
}
