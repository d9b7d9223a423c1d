//! What a heartbeat must be like to be believed: bounds on its sizes and times, whoever sent it.

use jiff::{SignedDuration, Timestamp};

use super::message::{Heartbeat, VERSION};

/// A heartbeat takes at most so many bytes, uncompressed. A full one of nine signals takes about 3,000.
pub const MESSAGE_MAX: usize = 64 * 1024;
/// At most so many signals.
const SIGNS_MAX: usize = 32;
/// At most so many stretches.
const WATCHED_MAX: usize = 16;
/// At most so many disks.
const DISKS_MAX: usize = 8;
/// Words are at most so many bytes long.
const WORDS_MAX: usize = 1_000;
/// The instance's clock and ours may be so far apart.
const SKEW_MAX: SignedDuration = SignedDuration::from_mins(5);

/// Why a heartbeat is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeartbeatError {
    /// Not JSON, or not of the right shape.
    #[error("the heartbeat cannot be read: {0}")]
    Unreadable(String),
    /// Of a version that this program does not know.
    #[error(
        "the heartbeat is of version {0}; this service understands versions 1 to {VERSION}: update the service first"
    )]
    Version(u32),
    /// Too long in some part.
    #[error("the heartbeat has more {0} than is sensible")]
    TooMuch(&'static str),
    /// The instance's clock is wrong.
    #[error("the instance's clock is {seconds} s {which} the service's: set it (chrony or systemd-timesyncd)")]
    Clock {
        /// How far apart.
        seconds: u64,
        /// `ahead of` or `behind`.
        which: &'static str,
    },
    /// Its times contradict each other.
    #[error("the heartbeat's times contradict each other: {0}")]
    Times(&'static str),
}

impl HeartbeatError {
    /// The metric label.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable",
            Self::Version(_) => "version",
            Self::TooMuch(_) => "too_much",
            Self::Clock { .. } => "clock",
            Self::Times(_) => "times",
        }
    }
}

impl Heartbeat {
    /// Reads one from JSON, and checks it against the service's clock.
    ///
    /// # Errors
    /// When it is not to be believed.
    pub fn read(json: &[u8], now: Timestamp) -> Result<Self, HeartbeatError> {
        if json.len() > MESSAGE_MAX {
            return Err(HeartbeatError::TooMuch("bytes"));
        }
        let read: Self = serde_json::from_slice(json).map_err(|error| HeartbeatError::Unreadable(error.to_string()))?;
        read.checked(now)?;
        Ok(read)
    }

    fn checked(&self, now: Timestamp) -> Result<(), HeartbeatError> {
        if self.v == 0 || self.v > VERSION {
            return Err(HeartbeatError::Version(self.v));
        }
        self.sizes()?;
        self.times()?;
        let skew = self.sent_at.duration_since(now);
        if skew.abs() > SKEW_MAX {
            let which = if skew.is_negative() { "behind" } else { "ahead of" };
            return Err(HeartbeatError::Clock { seconds: skew.abs().as_secs().unsigned_abs(), which });
        }
        Ok(())
    }

    fn sizes(&self) -> Result<(), HeartbeatError> {
        let words = [&self.agent, &self.instance, &self.boot].into_iter();
        let words =
            words.chain(self.signs.iter().map(|sign| &sign.words)).chain(self.disks.iter().map(|disk| &disk.mount));
        let labels = self.signs.iter().map(|sign| sign.signal.label().len());
        let longest = words.map(String::len).chain(labels).max().unwrap_or(0);
        let bounds = [
            (self.signs.len() > SIGNS_MAX, "signals"),
            (self.watched.len() > WATCHED_MAX, "stretches of time"),
            (self.disks.len() > DISKS_MAX, "disks"),
            (longest > WORDS_MAX, "words"),
        ];
        bounds.into_iter().find(|(beyond, _)| *beyond).map_or(Ok(()), |(_, what)| Err(HeartbeatError::TooMuch(what)))
    }

    fn times(&self) -> Result<(), HeartbeatError> {
        let orderly = self.watched.iter().all(|stretch| stretch.from <= stretch.to);
        let disjoint = self.watched.iter().zip(self.watched.iter().skip(1)).all(|(one, next)| one.to <= next.from);
        let ended = self.watched.iter().all(|stretch| stretch.to <= self.looked_at);
        let past = self.signs.iter().all(|sign| sign.last_busy.is_none_or(|at| at <= self.looked_at));
        let faults = [
            (orderly, "a stretch ends before it begins"),
            (disjoint, "stretches overlap"),
            (ended, "a stretch ends after the look"),
            (past, "use was seen after the look"),
            (self.looked_at <= self.sent_at, "it was sent before the look"),
            (!self.signs.is_empty(), "it holds no signal"),
        ];
        faults.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, what)| Err(HeartbeatError::Times(what)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::{Kind, Sign, Signal, Watched};
    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("2026-03-02T{text}Z").parse().unwrap()
    }

    fn heartbeat() -> Heartbeat {
        Heartbeat {
            v: 1,
            agent: "0.1.0".to_owned(),
            instance:
                "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/c"
                    .to_owned(),
            boot: "b".to_owned(),
            seq: 1,
            sent_at: at("10:00:00"),
            looked_at: at("09:59:59"),
            signs: vec![Sign { signal: Signal::Cpu, kind: Kind::Quiet, last_busy: None, words: "0 %".to_owned() }],
            watched: vec![Watched { from: at("09:00:00"), to: at("09:59:59") }],
            disks: Vec::new(),
        }
    }

    fn read(beat: &Heartbeat) -> Result<Heartbeat, HeartbeatError> {
        Heartbeat::read(&serde_json::to_vec(beat).unwrap(), at("10:00:01"))
    }

    #[test]
    fn what_is_written_is_read_as_it_was() {
        assert_eq!(read(&heartbeat()).unwrap(), heartbeat());
    }

    #[test]
    fn a_later_version_of_the_agent_is_understood_where_it_can_be() {
        let json = serde_json::to_string(&heartbeat()).unwrap();
        let json = json
            .replace("\"quiet\"", "\"dozing\"")
            .replace("\"cpu\"", "\"npu\"")
            .replace("\"v\":1", "\"v\":1,\"x\":[1]");
        let read = Heartbeat::read(json.as_bytes(), at("10:00:00")).unwrap();
        assert_eq!(read.signs[0].kind, Kind::Unknown, "a kind that is not known is unknown, which keeps");
        assert_eq!(read.signs[0].signal.label(), "npu");
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_reason() {
        type Spoil = fn(&mut Heartbeat);
        let cases: [(Spoil, &str); 12] = [
            (|beat| beat.v = 2, "version"),
            (|beat| beat.v = 0, "version"),
            (|beat| beat.sent_at = at("10:05:02"), "clock"),
            (
                |beat| (beat.sent_at, beat.looked_at, beat.watched) = (at("09:55:00"), at("09:55:00"), Vec::new()),
                "clock",
            ),
            (|beat| beat.looked_at = at("10:00:01"), "times"),
            (|beat| beat.watched[0].to = at("10:00:00"), "times"),
            (|beat| beat.watched.push(Watched { from: at("09:30:00"), to: at("09:40:00") }), "times"),
            (|beat| beat.watched[0].from = at("09:59:59.5"), "times"),
            (|beat| beat.signs[0].last_busy = Some(at("10:00:00")), "times"),
            (|beat| beat.signs.clear(), "times"),
            (|beat| beat.signs = vec![beat.signs[0].clone(); 33], "too_much"),
            (|beat| beat.signs[0].words = "x".repeat(1_001), "too_much"),
        ];
        for (number, (spoil, label)) in cases.into_iter().enumerate() {
            let mut beat = heartbeat();
            spoil(&mut beat);
            assert_eq!(read(&beat).map_err(|error| error.label()), Err(label), "case {number}");
        }
        assert_eq!(Heartbeat::read(&vec![b' '; MESSAGE_MAX + 1], at("10:00:00")).unwrap_err().label(), "too_much");
        assert_eq!(Heartbeat::read(b"{\"v\":1}", at("10:00:00")).unwrap_err().label(), "unreadable");
    }
}
