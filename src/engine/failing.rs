//! Channels that fail: how often in a row, and why. Each message has pauses of its own; this is for whoever looks.

use std::collections::BTreeMap;

use crate::report::ChannelView;

/// Every channel that failed since it last took a message.
#[derive(Debug, Clone, Default)]
pub(super) struct Failing(BTreeMap<Box<str>, (u32, String)>);

impl Failing {
    /// It took a message.
    pub(super) fn worked(&mut self, channel: &str) {
        self.0.remove(channel);
    }

    /// It did not.
    pub(super) fn failed(&mut self, channel: &str, why: String) {
        let (failures, last) = self.0.entry(channel.into()).or_default();
        *failures = failures.saturating_add(1);
        *last = why;
    }

    /// These channels, as they are now.
    pub(super) fn views(&self, channels: Vec<String>) -> Vec<ChannelView> {
        let view = |name: String| {
            let (failures, why) = self.0.get(name.as_str()).cloned().unwrap_or_default();
            ChannelView { name, failures, why }
        };
        channels.into_iter().map(view).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_counted_until_a_message_is_taken() {
        let mut all = Failing::default();
        (0..6).for_each(|_| all.failed("smtp", "421".to_owned()));
        let view = |all: &Failing| {
            let views = all.views(vec!["smtp".to_owned(), "teams".to_owned()]);
            views.into_iter().map(|one| (one.failures, one.why)).collect::<Vec<_>>()
        };
        assert_eq!(view(&all), [(6, "421".to_owned()), (0, String::new())]);
        all.worked("smtp");
        assert_eq!(view(&all)[0], (0, String::new()));
    }
}
