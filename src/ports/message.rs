//! Messages to people, as the outbox keeps them, and the channel that takes them.

use std::future::Future;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::facts::{Created, NoticeKey};
use crate::plan::Notice;
use crate::units::{InstanceId, PolicyId};

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// A stop is coming.
    Warning,
    /// It was stopped.
    Stopped,
    /// It could not be stopped.
    StopFailed,
}

/// A message to a person, in the durable outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Idempotency key: the same message has the same key for ever.
    pub id: String,
    /// What about.
    pub kind: MessageKind,
    /// Which instance.
    pub instance: InstanceId,
    /// Which life of its name.
    pub created: Created,
    /// For a warning: the deadline it announces.
    pub notice: Option<NoticeKey>,
    /// Under which policy.
    pub policy: PolicyId,
    /// The ground's label.
    pub ground: String,
    /// Whose it is.
    pub owner: Option<String>,
    /// Who else is told.
    pub notify: Vec<String>,
    /// One or two sentences.
    pub words: String,
    /// When it was written.
    pub at: Timestamp,
    /// Deliveries tried so far.
    pub attempts: u32,
}

/// News that is older is none any more: who hears a day later that it was stopped knows.
const NEWS_OF_USE: SignedDuration = SignedDuration::from_hours(24);

impl Message {
    /// From then on it is of no use to anyone: a warning when the time that it announces has come, news after a day.
    #[must_use]
    pub fn use_by(&self) -> Timestamp {
        let news = || self.at.checked_add(NEWS_OF_USE).unwrap_or(Timestamp::MAX);
        self.notice.as_ref().map_or_else(news, |notice| notice.stop_at)
    }

    /// The warning that a notice asks for.
    #[must_use]
    pub fn warning(notice: &Notice, at: Timestamp) -> Self {
        Self {
            id: format!(
                "warning|{}|{}|{}|{}",
                notice.instance.to_string().to_ascii_lowercase(),
                notice.created.known().unwrap_or_default(),
                notice.key.stop.0,
                notice.key.stop_at
            ),
            kind: MessageKind::Warning,
            instance: notice.instance.clone(),
            created: notice.created,
            notice: Some(notice.key.clone()),
            policy: notice.policy.clone(),
            ground: notice.ground.clone(),
            owner: notice.owner.clone(),
            notify: notice.notify.clone(),
            words: notice.words.clone(),
            at,
            attempts: 0,
        }
    }
}

/// Telling people.
pub trait Notify: Send + Sync {
    /// How many channels there are; with none nothing can be delivered.
    fn channels(&self) -> usize;
    /// Delivers one message; `Ok` means that the channel confirmed it.
    fn deliver(&self, message: &Message) -> impl Future<Output = Result<(), Fault>> + Send;
}
