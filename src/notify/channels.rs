//! The channels that are set up, as the engine sees them.

use super::linker::Linker;
use super::render::Link;
use super::{Alertmanager, Slack, Smtp, Teams, Webhook};
use crate::ports::{Fault, FaultKind, Message, Notify};

/// One way to reach people.
#[derive(Debug)]
pub enum Channel {
    /// A signed POST to an address of the operator's.
    Webhook(Webhook),
    /// A letter to the owner and to whom the policy names.
    Smtp(Smtp),
    /// A card in a channel of Teams.
    Teams(Teams),
    /// A post in a channel of Slack.
    Slack(Slack),
    /// An alert.
    Alertmanager(Alertmanager),
}

/// Every channel that is set up; with none, nothing can be delivered.
#[derive(Debug, Default)]
pub struct Channels {
    all: Vec<Channel>,
    linker: Option<Linker>,
}

impl Channels {
    /// These channels.
    #[must_use]
    pub const fn new(channels: Vec<Channel>) -> Self {
        Self { all: channels, linker: None }
    }

    /// With links in their messages.
    #[must_use]
    pub fn linked(self, linker: Linker) -> Self {
        Self { linker: Some(linker), ..self }
    }
}

impl Channel {
    /// Its name for ever, by which settings, messages and metrics speak of it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Webhook(_) => "webhook",
            Self::Smtp(_) => "smtp",
            Self::Teams(_) => "teams",
            Self::Slack(_) => "slack",
            Self::Alertmanager(_) => "alertmanager",
        }
    }

    /// True for those that people read, and not programs.
    #[must_use]
    pub const fn is_read_by_people(&self) -> bool {
        match self {
            Self::Smtp(_) | Self::Teams(_) | Self::Slack(_) => true,
            Self::Webhook(_) | Self::Alertmanager(_) => false,
        }
    }

    /// True where a message reaches whom it names; in a room everybody reads it.
    #[must_use]
    pub const fn is_personal(&self) -> bool {
        match self {
            Self::Smtp(_) | Self::Webhook(_) => true,
            Self::Teams(_) | Self::Slack(_) | Self::Alertmanager(_) => false,
        }
    }

    /// Delivers one message; `Ok` means that the other side confirmed it.
    ///
    /// # Errors
    /// When it did not, and may be tried again.
    pub async fn deliver(&self, message: &Message, links: &[Link]) -> Result<(), Fault> {
        match self {
            Self::Webhook(channel) => channel.deliver(message, links).await,
            Self::Smtp(channel) => channel.deliver(message, links).await,
            Self::Teams(channel) => channel.deliver(message, links).await,
            Self::Slack(channel) => channel.deliver(message, links).await,
            Self::Alertmanager(channel) => channel.deliver(message, links).await,
        }
    }
}

impl Notify for Channels {
    fn channels(&self) -> Vec<&str> {
        self.all.iter().map(Channel::name).collect()
    }

    fn is_read_by_people(&self, channel: &str) -> bool {
        self.all.iter().any(|one| one.name() == channel && one.is_read_by_people())
    }

    fn is_personal(&self, channel: &str) -> bool {
        self.all.iter().any(|one| one.name() == channel && one.is_personal())
    }

    /// Tries the channel that the message names; every one, when it names none or one that is not set up any more: then one that
    /// confirms is enough. When none does, the last one's fault is given.
    async fn deliver(&self, message: &Message) -> Result<(), Fault> {
        let nowhere = "deliver a message: no channel is set up ([notify] in the settings)";
        let links = self.linker.as_ref().map(|linker| linker.links(message)).unwrap_or_default();
        let mut answer = Err(Fault::new(FaultKind::Undelivered, nowhere));
        let named = |channel: &&Channel| message.channel.as_deref() == Some(channel.name());
        let is_set_up = self.all.iter().any(|channel| named(&channel));
        let is_meant = |channel: &&Channel| !is_set_up || named(channel);
        for channel in self.all.iter().filter(is_meant) {
            let delivered = channel.deliver(message, &links).await;
            if delivered.is_ok() || answer.is_err() {
                answer = delivered;
            }
        }
        answer
    }
}
