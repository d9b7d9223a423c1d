//! What the agent shows the person: a file that everybody on the machine may read, and its words.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::heartbeat::{Answer, DiskRoom, Kind, Sign, Watched};

/// What the agent saw and heard last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The agent's version.
    pub agent: String,
    /// The instance, by its token; none without one.
    pub instance: Option<String>,
    /// When it looked.
    pub looked_at: Timestamp,
    /// How often it looks, in seconds.
    pub every: u32,
    /// What it saw.
    pub signs: Vec<Sign>,
    /// Over which time everything that is required could be read.
    pub watched: Vec<Watched>,
    /// Room on disks.
    pub disks: Vec<DiskRoom>,
    /// Less room than this many bytes is told of.
    pub low_bytes: u64,
    /// How sending goes.
    pub sending: Sending,
    /// What the service last said, and when.
    pub answer: Option<Heard>,
}

/// How sending goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Sending {
    /// Nothing is sent: the settings name no service.
    Off,
    /// Not tried yet.
    Beginning,
    /// The last one arrived.
    Arrived,
    /// The last tries failed.
    Failing {
        /// Since when.
        since: Timestamp,
        /// Why.
        words: String,
    },
}

/// What the service said, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// When.
    pub at: Timestamp,
    /// What.
    pub answer: Answer,
}

impl Status {
    /// True when the agent has not looked lately, so that none of this may be true any more.
    #[must_use]
    pub fn is_stale(&self, now: Timestamp) -> bool {
        now.duration_since(self.looked_at) > self.late_after()
    }

    fn late_after(&self) -> SignedDuration {
        SignedDuration::from_secs(i64::from(self.every).saturating_mul(3).max(30))
    }

    /// As sentences.
    #[must_use]
    pub fn text(&self, now: Timestamp) -> String {
        let mut lines = vec![self.instance.clone().unwrap_or_else(|| self.unnamed().to_owned())];
        if self.is_stale(now) {
            let ago = ago(self.looked_at, now);
            lines.push(format!(
                "THE AGENT HAS NOT LOOKED SINCE {ago}: see `systemctl status lightsout-agent`. As it was then:"
            ));
        }
        lines.push(self.fate(now));
        if let Some(heard) = &self.answer {
            lines.extend(heard.answer.why.iter().map(|why| format!("  {}", plain(why))));
            lines.extend(heard.answer.policy.iter().map(|policy| format!("  by policy {}", plain(policy))));
        }
        lines.push(format!("\nSeen {}:", ago(self.looked_at, now)));
        for sign in &self.signs {
            let used = sign.last_busy.map_or_else(|| "never in this boot".to_owned(), |at| ago(at, now));
            let used = if sign.kind == Kind::Busy { String::new() } else { format!("; last used {used}") };
            lines.push(format!("  {:<11} {:<9} {}{used}", sign.signal.label(), word(sign.kind), plain(&sign.words)));
        }
        if let Some(last) = self.watched.last() {
            lines.push(format!("Watched without a gap since {}.", ago(last.from, now)));
        } else {
            lines.push("Not watched yet: something that is required could not be read.".to_owned());
        }
        lines.extend(self.disks.iter().filter_map(|disk| self.disk(disk, now)));
        lines.push(self.sent(now));
        lines.join("\n") + "\n"
    }

    /// Why it has no name.
    fn unnamed(&self) -> &'static str {
        match self.sending {
            Sending::Off => "No token: nobody is told of this machine.",
            Sending::Beginning | Sending::Arrived | Sending::Failing { .. } => {
                "No token yet, and so no name: the managed identity has given none that can be used."
            }
        }
    }

    /// When the machine is due to stop.
    fn fate(&self, now: Timestamp) -> String {
        let Some(heard) = &self.answer else {
            return "Whether this machine will be stopped is not known: the service has not answered yet.".to_owned();
        };
        let heard_at = ago(heard.at, now);
        match (heard.answer.stop_at, heard.answer.action.as_deref()) {
            (Some(at), action) => {
                let soon = if action == Some("stop") { "is being stopped" } else { "is due to stop" };
                format!(
                    "This machine {soon}: {} UTC, {} (said {heard_at}).",
                    at.strftime("%a %d %b %H:%M"),
                    until(at, now)
                )
            }
            (None, Some("stop")) => format!("This machine is being stopped (said {heard_at})."),
            (None, Some(_)) => format!("This machine is not due to stop (said {heard_at})."),
            (None, None) => format!("Nobody has decided about this machine (said {heard_at})."),
        }
    }

    fn disk(&self, disk: &DiskRoom, now: Timestamp) -> Option<String> {
        let gigabytes = |bytes: u64| {
            let tenths = bytes / 100_000_000;
            format!("{}.{} GB", tenths / 10, tenths % 10)
        };
        let room = format!(
            "Disk {}: {} of {} free",
            plain(&disk.mount),
            gigabytes(disk.free_bytes),
            gigabytes(disk.size_bytes)
        );
        let why = "Azure cannot stop a machine whose disk is full";
        match disk.full_at {
            Some(at) => Some(format!("{room}, full {} if it goes on like this. {why}: make room.", until(at, now))),
            None if disk.free_bytes < self.low_bytes => Some(format!("{room}. {why}: make room.")),
            None => None,
        }
    }

    fn sent(&self, now: Timestamp) -> String {
        match &self.sending {
            Sending::Off => "Nothing is sent: the settings name no service.".to_owned(),
            Sending::Beginning => "Nothing was sent yet.".to_owned(),
            Sending::Arrived => "The service is told.".to_owned(),
            Sending::Failing { since, words } => {
                format!("The service was not reached since {}: {}", ago(*since, now), plain(words))
            }
        }
    }
}

const fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Busy => "busy",
        Kind::Unknown => "unknown",
        Kind::Connected => "connected",
        Kind::Quiet => "quiet",
    }
}

/// What came from elsewhere, as it may be shown on a terminal.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

fn ago(at: Timestamp, now: Timestamp) -> String {
    let length = now.duration_since(at);
    if length < SignedDuration::from_secs(2) { "just now".to_owned() } else { format!("{} ago", span(length)) }
}

fn until(at: Timestamp, now: Timestamp) -> String {
    let length = at.duration_since(now);
    if length.is_positive() { format!("in {}", span(length)) } else { format!("{} ago", span(length.abs())) }
}

fn span(length: SignedDuration) -> String {
    match length.as_secs() {
        seconds @ ..60 => format!("{seconds} s"),
        seconds @ 60..3_600 => format!("{} min", seconds / 60),
        seconds @ 3_600..172_800 => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
        seconds => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::at;
    use super::*;
    use crate::heartbeat::Signal;

    fn status() -> Status {
        let sign = |signal, kind, last: Option<&str>, words: &str| Sign {
            signal,
            kind,
            last_busy: last.map(at),
            words: words.to_owned(),
        };
        Status {
            agent: "0.1.0".to_owned(),
            instance: Some("ws-a/ci-ana".to_owned()),
            looked_at: at("10:00:00"),
            every: 60,
            signs: vec![
                sign(Signal::Jupyter, Kind::Busy, Some("10:00:00"), "kernel of a.ipynb is busy"),
                sign(Signal::Terminals, Kind::Connected, Some("08:30:00"), "ana is at pts/0\u{1b}[31m"),
                sign(Signal::Gpu, Kind::Quiet, None, "no GPU"),
            ],
            watched: vec![Watched { from: at("04:00:00"), to: at("10:00:00") }],
            disks: vec![DiskRoom {
                mount: "/".to_owned(),
                free_bytes: 12_300_000_000,
                size_bytes: 120_000_000_000,
                full_at: Some("2026-03-05T10:00:10Z".parse().unwrap()),
            }],
            low_bytes: 5_000_000_000,
            sending: Sending::Arrived,
            answer: Some(Heard {
                at: at("10:00:00"),
                answer: Answer {
                    at: at("10:00:00"),
                    next_in: 60,
                    action: Some("warn".to_owned()),
                    stop_at: Some(at("19:00:00")),
                    why: vec!["outside the allowed hours from 19:00".to_owned()],
                    policy: Some("research (observe)".to_owned()),
                },
            }),
        }
    }

    #[test]
    fn the_person_reads_when_and_why() {
        let text = status().text(at("10:00:10"));
        let wanted = "ws-a/ci-ana
This machine is due to stop: Mon 02 Mar 19:00 UTC, in 8 h 59 min (said 10 s ago).
  outside the allowed hours from 19:00
  by policy research (observe)

Seen 10 s ago:
  jupyter     busy      kernel of a.ipynb is busy
  terminals   connected ana is at pts/0[31m; last used 1 h 30 min ago
  gpu         quiet     no GPU; last used never in this boot
Watched without a gap since 6 h 0 min ago.
Disk /: 12.3 GB of 120.0 GB free, full in 3 days if it goes on like this. Azure cannot stop a machine whose disk is full: make room.
The service is told.
";
        assert_eq!(text, wanted);
    }

    #[test]
    fn an_agent_that_does_not_look_is_shouted() {
        let status = status();
        assert!(!status.is_stale(at("10:03:00")));
        assert!(status.is_stale(at("10:03:01")));
        assert!(status.text(at("10:05:00")).contains("THE AGENT HAS NOT LOOKED SINCE 5 min ago"));
        let json = serde_json::to_string(&status).unwrap();
        assert_eq!(serde_json::from_str::<Status>(&json).unwrap(), status);
    }

    #[test]
    fn what_is_not_known_is_said_to_be_so() {
        let mut status = Status { answer: None, watched: Vec::new(), instance: None, ..status() };
        status.sending = Sending::Failing { since: at("09:00:00"), words: "x cannot be reached".to_owned() };
        status.disks[0].full_at = None;
        let text = status.text(at("10:00:00"));
        for words in
            ["No token", "not known: the service has not answered", "Not watched yet", "1 h 0 min ago: x cannot"]
        {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert!(!text.contains("Disk"), "room enough: {text}");
        assert!(text.contains("the managed identity has given none"), "{text}");
        let alone = Status { sending: Sending::Off, ..status.clone() }.text(at("10:00:00"));
        assert!(alone.contains("nobody is told of this machine"), "{alone}");
        status.disks[0].free_bytes = 4_000_000_000;
        assert!(status.text(at("10:00:00")).contains("Disk /: 4.0 GB"));
    }
}
