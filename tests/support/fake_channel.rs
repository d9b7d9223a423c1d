//! A channel that works, is down, or refuses the messages of some.

use lightsout::ports::{Fault, FaultKind, Message};

/// What the channel is like.
#[derive(Debug, Default)]
pub(crate) struct FakeChannel {
    pub(crate) is_down: bool,
    /// One that people read: it gets one message for many instances.
    pub(crate) is_read: bool,
    /// Owners whose messages it refuses, while it works.
    pub(crate) refuses: Vec<String>,
    /// Beside it stands a program that takes everything, and that nobody reads.
    pub(crate) has_program: bool,
    /// Tries while it was down.
    pub(crate) silent_tries: usize,
}

impl FakeChannel {
    /// The second channel: whoever sends to it waits for ever.
    pub(crate) const STUCK: &'static str = "stuck";

    /// The channel that a program reads.
    pub(crate) const PROGRAM: &'static str = "program";

    /// Waits until the channel of a message listens.
    pub(crate) async fn reach(message: &Message) {
        if message.channel.as_deref() == Some(Self::STUCK) {
            std::future::pending::<()>().await;
        }
    }

    /// What it says of a message.
    pub(crate) fn answer(&mut self, message: &Message) -> Result<(), Fault> {
        if message.channel.as_deref() == Some(Self::PROGRAM) {
            return Ok(());
        }
        let refused = self.refuses.iter().any(|owner| Some(owner.as_str()) == message.owner.as_deref());
        let kind = if self.is_down { FaultKind::Undelivered } else { FaultKind::Unfit };
        self.silent_tries += usize::from(self.is_down);
        if self.is_down || refused { Err(Fault::new(kind, "deliver a message")) } else { Ok(()) }
    }
}
