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
    /// It was not started though its hours began.
    StartFailed,
    /// A stop is due, and a full disk keeps it back.
    DiskFull,
    /// A disk fills up, and will keep a stop back.
    DiskFilling,
    /// An allowance has reached a level.
    Budget,
    /// It should be off for a while, and is on.
    Overdue,
    /// Policies were replaced by others.
    PolicyChanged,
    /// Policies could not be read, and those before are at work.
    PolicyBroken,
    /// What a week came to for one person.
    Digest,
    /// It stays off, and is proposed for deletion.
    Proposal,
    /// It was deleted.
    Deleted,
    /// It could not be deleted.
    DeleteFailed,
    /// Nothing happened: somebody tries the channels.
    Test,
}

impl MessageKind {
    /// Every kind, for templates and tests.
    pub const ALL: [Self; 15] = [
        Self::Warning,
        Self::Stopped,
        Self::StopFailed,
        Self::StartFailed,
        Self::DiskFull,
        Self::DiskFilling,
        Self::Budget,
        Self::Overdue,
        Self::PolicyChanged,
        Self::PolicyBroken,
        Self::Digest,
        Self::Proposal,
        Self::Deleted,
        Self::DeleteFailed,
        Self::Test,
    ];

    /// The word of journal and channels.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Stopped => "stopped",
            Self::StopFailed => "stop_failed",
            Self::StartFailed => "start_failed",
            Self::DiskFull => "disk_full",
            Self::DiskFilling => "disk_filling",
            Self::Budget => "budget",
            Self::Overdue => "overdue",
            Self::PolicyChanged => "policy_changed",
            Self::PolicyBroken => "policy_broken",
            Self::Digest => "digest",
            Self::Proposal => "proposal",
            Self::Deleted => "deleted",
            Self::DeleteFailed => "delete_failed",
            Self::Test => "test",
        }
    }
}

/// Whom or what a message is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum About {
    /// One life of an instance's name.
    Instance {
        /// Which instance.
        instance: InstanceId,
        /// Which life of its name.
        created: Created,
    },
    /// An allowance of a policy in one month.
    Budget {
        /// Whose: a workspace, a team or an owner.
        scope: String,
        /// The month, such as `2026-11`.
        month: String,
        /// The level that is reached, in percent.
        level: u32,
    },
    /// Policy files: one that changed, or all of them.
    Policies {
        /// The policy's name, or a word for all of them.
        policies: String,
        /// Which state of them: a revision or a digest.
        revision: String,
    },
    /// A week of one person's.
    Week {
        /// Whose: an owner, or whoever leads a team.
        person: String,
        /// The week, such as `2026-W13`.
        week: String,
    },
}

/// A message to a person, in the durable outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Idempotency key: the same message has the same key for ever.
    pub id: String,
    /// What about.
    pub kind: MessageKind,
    /// Whom or what about.
    #[serde(flatten)]
    pub about: About,
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
    /// The channel that it goes out on; none: it was written while there was none, and goes out on the first that takes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Box<str>>,
    /// Where its owner is written to, where that is known from elsewhere than the owner's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Box<str>>,
    /// It is not delivered sooner: quiet hours end then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// Others of its kind to the same people, which go out with it; only while it is delivered.
    #[serde(skip)]
    pub also: Vec<Self>,
}

/// News that is older is none any more: who hears a day later that it was stopped knows.
const NEWS_OF_USE: SignedDuration = SignedDuration::from_hours(24);

impl Message {
    /// From then on it is of no use to anyone: a warning when the time that it announces has come, news after a day.
    #[must_use]
    pub fn use_by(&self) -> Timestamp {
        let news = || self.due_at().checked_add(NEWS_OF_USE).unwrap_or(Timestamp::MAX);
        self.notice.as_ref().map_or_else(news, |notice| notice.stop_at)
    }

    /// When it is first tried.
    #[must_use]
    pub fn due_at(&self) -> Timestamp {
        self.not_before.map_or(self.at, |bound| bound.max(self.at))
    }

    /// The instance that it is about, and which life of its name; none for news that are about none.
    #[must_use]
    pub const fn instance(&self) -> Option<(&InstanceId, Created)> {
        match &self.about {
            About::Instance { instance, created } => Some((instance, *created)),
            About::Budget { .. } | About::Policies { .. } | About::Week { .. } => None,
        }
    }

    /// One of it for each channel, with a key of its own: what one channel takes, another may still have to try.
    #[must_use]
    pub fn for_each_channel(self, channels: &[&str]) -> Vec<Self> {
        if channels.is_empty() || self.channel.is_some() {
            return vec![self];
        }
        let on = |channel: &&str| Self {
            id: format!("{}|{channel}", self.id),
            channel: Some((*channel).into()),
            ..self.clone()
        };
        channels.iter().map(on).collect()
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
            about: About::Instance { instance: notice.instance.clone(), created: notice.created },
            notice: Some(notice.key.clone()),
            policy: notice.policy.clone(),
            ground: notice.ground.clone(),
            owner: notice.owner.clone(),
            notify: notice.notify.clone(),
            words: notice.words.clone(),
            at,
            attempts: 0,
            channel: None,
            address: None,
            not_before: None,
            also: Vec::new(),
        }
    }
}

/// Which messages of the outbox: those of one channel never stand in the way of another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane<'a> {
    /// Those of this channel.
    On(&'a str),
    /// Those of none of these channels: written while there was none, or for one that is not set up any more.
    Beside(&'a [&'a str]),
}

impl Lane<'_> {
    /// True when a message of this channel, or of none, is in it.
    #[must_use]
    pub fn holds(&self, channel: Option<&str>) -> bool {
        match self {
            Self::On(name) => channel == Some(*name),
            Self::Beside(names) => channel.is_none_or(|channel| !names.contains(&channel)),
        }
    }
}

/// Telling people.
pub trait Notify: Send + Sync {
    /// The channels that there are, by name; with none nothing can be delivered.
    fn channels(&self) -> Vec<&str>;
    /// True for a channel that people read, and not programs: it gets one message for many instances of one person.
    fn is_read_by_people(&self, _channel: &str) -> bool {
        false
    }
    /// True for a channel on which a message reaches whom it names, and not everybody who reads there.
    fn is_personal(&self, _channel: &str) -> bool {
        true
    }
    /// Delivers one message on the channel that it names, or on any; `Ok` means that the channel confirmed it.
    fn deliver(&self, message: &Message) -> impl Future<Output = Result<(), Fault>> + Send;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::When;

    const ID: &str =
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/ci-a";

    fn message(about: About) -> Message {
        Message {
            id: "m".to_owned(),
            kind: MessageKind::Budget,
            about,
            notice: None,
            policy: PolicyId::new("p"),
            ground: "over_budget".to_owned(),
            owner: None,
            notify: Vec::new(),
            words: String::new(),
            at: Timestamp::UNIX_EPOCH,
            attempts: 0,
            channel: None,
            address: None,
            not_before: None,
            also: Vec::new(),
        }
    }

    #[test]
    fn a_message_comes_back_from_the_outbox_as_it_was() {
        let instance = InstanceId::parse(ID).unwrap();
        let of_instance = About::Instance { instance: instance.clone(), created: When::at(Timestamp::UNIX_EPOCH) };
        let of_budget = About::Budget { scope: "ws-a".to_owned(), month: "2026-11".to_owned(), level: 80 };
        for (about, named) in [(of_instance, Some(&instance)), (of_budget, None)] {
            let told = message(about);
            let text = serde_json::to_string(&told).unwrap();
            assert_eq!(serde_json::from_str::<Message>(&text).unwrap(), told, "{text}");
            assert_eq!(told.instance().map(|(id, _)| id), named);
        }
    }

    #[test]
    fn a_message_of_before_there_were_budgets_is_read() {
        let text = format!(
            r#"{{"id":"m","kind":"warning","instance":"{ID}","created":null,"notice":null,"policy":"p","ground":"idle",
               "owner":null,"notify":[],"words":"","at":"1970-01-01T00:00:00Z","attempts":0}}"#
        );
        let read: Message = serde_json::from_str(&text).unwrap();
        assert_eq!(read.instance(), Some((&InstanceId::parse(ID).unwrap(), When::NONE)));
    }

    #[test]
    fn each_channel_has_a_message_of_its_own() {
        let one = message(About::Budget { scope: "ws".to_owned(), month: "2026-11".to_owned(), level: 80 });
        assert_eq!(one.clone().for_each_channel(&[]), std::slice::from_ref(&one), "it waits for the day there is one");
        let two = one.for_each_channel(&["smtp", "teams"]);
        let told: Vec<(&str, Option<&str>)> = two.iter().map(|one| (&*one.id, one.channel.as_deref())).collect();
        assert_eq!(told, [("m|smtp", Some("smtp")), ("m|teams", Some("teams"))]);
        assert_eq!(two[0].clone().for_each_channel(&["smtp", "teams"]), two[..1], "not again");
    }
}
