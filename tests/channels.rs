//! Every channel: what it says, in its own form, to a real receiver of its kind, and what of it confirms a message.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

#[path = "channels/alarms.rs"]
mod alarms;
#[path = "channels/forms.rs"]
mod forms;
#[path = "channels/hooks.rs"]
mod hooks;
#[path = "channels/links.rs"]
mod links;
#[path = "channels/mail.rs"]
mod mail;
#[path = "channels/postmaster.rs"]
mod postmaster;
#[path = "support/receiver.rs"]
mod receiver;
#[path = "support/tools.rs"]
mod tools;
#[path = "channels/wiring.rs"]
mod wiring;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use lightsout::facts::{NoticeKey, StopKey};
use lightsout::notify::Now;
use lightsout::ports::{About, Message, MessageKind};
use lightsout::units::{InstanceId, PolicyId, When};

/// Mon 23 Mar 2026, 19:00 UTC.
const SENT: &str = "2026-03-23T19:00:00Z";

fn sent() -> Timestamp {
    SENT.parse().unwrap()
}

fn now() -> Now {
    Arc::new(sent)
}

fn instance(name: &str) -> InstanceId {
    let text = format!(
        "/subscriptions/S-1/resourceGroups/rg-ml/providers/Microsoft.MachineLearningServices/workspaces/ml-dev/computes/{name}"
    );
    InstanceId::parse(&text).unwrap()
}

/// A warning half an hour ahead.
fn warning() -> Message {
    let stop_at = sent().checked_add(SignedDuration::from_mins(30)).unwrap();
    Message {
        id: "warning|/subscriptions/s-1/…/ci-ada|2026-03-01T08:00:00Z|hours/office|2026-03-23T19:30:00Z".to_owned(),
        kind: MessageKind::Warning,
        about: About::Instance { instance: instance("ci-ada"), created: When::NONE },
        notice: Some(NoticeKey { stop: StopKey("hours/office".into()), stop_at }),
        policy: PolicyId::new("office"),
        ground: "off_hours".to_owned(),
        owner: Some("ada@example.org".to_owned()),
        notify: vec!["team@example.org".to_owned()],
        words: "ci-ada will be stopped at 2026-03-23T19:30:00Z: outside Mon-Fri 08:00-20:00".to_owned(),
        at: sent(),
        attempts: 0,
        channel: None,
        address: None,
        not_before: None,
        also: Vec::new(),
    }
}

/// News of another kind, without a deadline.
fn news(kind: MessageKind, words: &str) -> Message {
    Message { id: format!("{}|ci-ada", kind.label()), kind, notice: None, words: words.to_owned(), ..warning() }
}

fn budget() -> Message {
    let about = About::Budget { scope: "research".to_owned(), month: "2026-03".to_owned(), level: 80 };
    let words = "80 % of a budget are reached: team research spent 812.40 USD of 1000.00 USD in 2026-03 (81 %)";
    Message { about, owner: None, ground: "over_budget".to_owned(), ..news(MessageKind::Budget, words) }
}

/// A message in which everything that comes from outside is hostile.
fn hostile() -> Message {
    let words = "<script>alert(1)</script> [click](https://evil.example) <!channel> <@U123> *b* _i_ `c` <at>all</at> \u{202e}evil\r\n.\r\nBcc: eve@example.org & \"quoted\" 'single'";
    Message {
        about: About::Instance { instance: instance("<img src=x onerror=alert(1)>"), created: When::NONE },
        policy: PolicyId::new("\"><svg onload=alert(2)>"),
        owner: Some("</td><a href='https://evil.example'>*Ada*</a>".to_owned()),
        notify: Vec::new(),
        ground: "off_hours".to_owned(),
        ..Message { words: words.to_owned(), ..warning() }
    }
}
