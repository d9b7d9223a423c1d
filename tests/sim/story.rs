//! A story: what people, Azure, clocks and the machine of the service do, event by event, and how each is said in a scene.
#![expect(clippy::wildcard_enum_match_arm, reason = "what is not named there is somebody else's part of one long list")]

use jiff::SignedDuration;
use lightsout::facts::Use;
use lightsout::ports::FaultKind;

use crate::cloud::OnStop;
use crate::policies::Written;

/// An instance by its number.
pub(crate) type Who = u16;

/// Where the process ends when it is told to crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Crash {
    /// At a labelled point of the engine.
    At(&'static str),
    /// So many writes to the journal later; true: the last of them is not on disk any more.
    Write(u8, bool),
}

/// What happens between two steps of the engine's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meanwhile {
    /// A person starts it anew.
    Restart,
    /// A person holds it.
    Hold,
    /// Everything is frozen.
    Freeze,
    /// It is deleted and made anew.
    Recreate,
    /// Its owner opts out.
    Tag,
    /// The answer takes eleven seconds.
    Slow,
}

/// Something that happens.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Event {
    /// It is made, in a workspace, with an owner or without.
    Create(Who, u8, bool),
    /// Its owner starts it, if it is off.
    Start(Who),
    /// Its owner turns it off.
    Off(Who),
    /// A job begins or ends.
    Job(Who, bool),
    /// Its agent says so; none: it falls silent.
    Says(Who, Option<Use>),
    /// Its owner opts out, or in again.
    Tag(Who, bool),
    /// Nobody can read its tags, or they can again.
    Tags(Who, bool),
    /// It is deleted.
    Delete(Who),
    /// It is deleted and made anew.
    Recreate(Who),
    /// Somebody holds it for so many minutes; true: by the link of a warning.
    Hold(Who, u16, bool),
    /// Somebody lifts its hold.
    Lift(Who),
    /// Somebody asks the service to stop it now.
    StopNow(Who),
    /// Lists have it, or leave it out.
    Listed(Who, bool),
    /// Lists show it as it was now, or as it is.
    Lags(Who, bool),
    /// Its state is a word that nobody knows; false: as it truly is.
    Odd(Who, bool),
    /// Nobody says what was last done with it; false: they do.
    NoOperation(Who, bool),
    /// How Azure answers the next stops of it.
    OnStop(Who, OnStop),
    /// Something happens between the list and the second look.
    AtLook(Who, Meanwhile),
    /// Something happens while a stop waits to be sent.
    AtWire(Who, Meanwhile),
    /// A workspace cannot be read, or can again.
    Workspace(u8, Option<FaultKind>),
    /// Discovery leaves a workspace out, or finds it.
    Lost(u8, bool),
    /// Everything is frozen; none: not any more; false: nobody can read the switch.
    Freeze(Option<bool>),
    /// The channel works, or does not.
    Channel(bool),
    /// The journal can be written, or cannot.
    Disk(bool),
    /// The wall clock of the service steps by so many seconds; zero: it is put right.
    Clock(i32),
    /// The service is stalled for so many minutes (a suspended machine).
    Stall(u16),
    /// The process ends and stays away for so many minutes.
    Down(u16),
    /// The process is to end there.
    Crash(Crash),
    /// A policy is written anew, as the variant of that number.
    Policy(u8, u8),
    /// Somebody acknowledges it.
    Acknowledge(u8),
    /// A second process looks at the same journal and the same Azure: it has to decide the same (I9).
    Twin,
    /// Every fault ends.
    Mend,
}

/// A whole story.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    /// By which everything is made.
    pub(crate) seed: u64,
    /// The variants of its policies; policy `n` governs workspace `n`.
    pub(crate) written: Vec<Written>,
    /// Seconds since 1970, by the true clock.
    pub(crate) begins: i64,
    pub(crate) ends: i64,
    /// How often a workspace is read, in seconds.
    pub(crate) interval: u32,
    /// Caps beyond those of policies are out of the way.
    pub(crate) uncapped: bool,
    pub(crate) events: Vec<(i64, Event)>,
}

/// The name of an instance.
pub(crate) fn name(who: Who) -> String {
    format!("ci-{who}")
}

impl Event {
    /// The instance that it is about.
    pub(crate) const fn who(&self) -> Option<Who> {
        match self {
            Self::Create(who, ..)
            | Self::Start(who)
            | Self::Off(who)
            | Self::Job(who, _)
            | Self::Says(who, _)
            | Self::Tag(who, _)
            | Self::Tags(who, _)
            | Self::Delete(who)
            | Self::Recreate(who)
            | Self::Hold(who, ..)
            | Self::Lift(who)
            | Self::StopNow(who)
            | Self::Listed(who, _)
            | Self::Lags(who, _)
            | Self::Odd(who, _)
            | Self::NoOperation(who, _)
            | Self::OnStop(who, _)
            | Self::AtLook(who, _)
            | Self::AtWire(who, _) => Some(*who),
            Self::Workspace(..)
            | Self::Lost(..)
            | Self::Freeze(_)
            | Self::Channel(_)
            | Self::Disk(_)
            | Self::Clock(_)
            | Self::Stall(_)
            | Self::Down(_)
            | Self::Crash(_)
            | Self::Policy(..)
            | Self::Acknowledge(_)
            | Self::Twin
            | Self::Mend => None,
        }
    }

    /// As the language of the scenes has it; a line that begins with `#` is what it has no words for.
    pub(crate) fn words(&self) -> String {
        let at = |who: &Who| name(*who);
        match self {
            Self::Create(who, home, owned) => {
                let owner = if *owned { "" } else { " owner=nobody" };
                format!("instance {} in=ws-{home}{owner}", at(who))
            }
            Self::Start(who) => format!("start {}", at(who)),
            Self::Off(who) => format!("turn off {}", at(who)),
            Self::Job(who, true) => format!("job {}", at(who)),
            Self::Job(who, false) => format!("job {} ends", at(who)),
            Self::Says(who, None) => format!("silent {}", at(who)),
            Self::Says(who, Some(what)) => format!("says {} {}", at(who), word(*what)),
            Self::Tag(who, on) => format!("tag {} lightsout-keep={on}", at(who)),
            Self::Tags(who, false) => format!("tags {} unreadable", at(who)),
            Self::Tags(who, true) => format!("tag {} lightsout-keep=false", at(who)),
            Self::Delete(who) => format!("delete {}", at(who)),
            Self::Recreate(who) => format!("recreate {}", at(who)),
            Self::Hold(who, minutes, _) => format!("hold {} {minutes}m", at(who)),
            Self::Lift(who) => format!("lift {}", at(who)),
            Self::StopNow(who) => format!("stop {}", at(who)),
            Self::Listed(who, true) => format!("show {}", at(who)),
            Self::Listed(who, false) => format!("hide {}", at(who)),
            Self::Lags(who, true) => format!("remember {0}\nlists {0} old", at(who)),
            Self::Lags(who, false) => format!("lists {} new", at(who)),
            Self::Odd(who, true) => format!("state {} Weird", at(who)),
            Self::Odd(who, false) => format!("# {} is in a state that is known again", at(who)),
            Self::NoOperation(who, true) => format!("operation {} unknown", at(who)),
            Self::NoOperation(who, false) => format!("# {}: its last operation is told again", at(who)),
            Self::OnStop(who, on_stop) => format!("stop {} {}", at(who), answer(on_stop)),
            Self::AtLook(who, what) => meanwhile("between", &at(who), *what),
            Self::AtWire(who, what) => meanwhile("waiting", &at(who), *what),
            other => other.service_words(),
        }
    }

    fn service_words(&self) -> String {
        match self {
            Self::Workspace(home, Some(kind)) => format!("fails ws-{home} {}", kind.label()),
            Self::Workspace(home, None) => format!("mends ws-{home}"),
            Self::Lost(home, true) => format!("lose ws-{home}"),
            Self::Lost(home, false) => format!("find ws-{home}"),
            Self::Freeze(None) => "unfreeze".to_owned(),
            Self::Freeze(Some(true)) => "freeze".to_owned(),
            Self::Freeze(Some(false)) => "freeze unreadable".to_owned(),
            Self::Channel(up) => format!("channel {}", if *up { "up" } else { "down" }),
            Self::Disk(up) => format!("journal {}", if *up { "up" } else { "down" }),
            Self::Clock(0) => "# the clock is put right".to_owned(),
            Self::Clock(by) if *by < 0 => format!("clock -{}s", by.unsigned_abs()),
            Self::Clock(by) => format!("clock +{by}s"),
            Self::Stall(minutes) => format!("pass {minutes}m"),
            Self::Down(minutes) => format!("restart\npass {minutes}m"),
            Self::Crash(Crash::At(point)) => format!("crash at {point}"),
            Self::Crash(Crash::Write(count, lost)) => {
                format!("# the process ends {} its write number {count}", if *lost { "before" } else { "after" })
            }
            Self::Policy(which, variant) => format!("# policy p{which} is written as variant {variant}\nreload"),
            Self::Acknowledge(which) => format!("acknowledge p{which}"),
            Self::Twin => "# a second process has to decide the same".to_owned(),
            Self::Mend => "# every fault ends".to_owned(),
            _about_one => String::new(),
        }
    }
}

const fn word(what: Use) -> &'static str {
    match what {
        Use::Quiet => "quiet",
        Use::Connected => "connected",
        Use::Unknown => "unknown",
        Use::Busy => "busy",
    }
}

fn answer(on_stop: &OnStop) -> String {
    match on_stop {
        OnStop::Takes(length) => format!("takes {}s", length.as_secs()),
        OnStop::Ignored => "ignored".to_owned(),
        OnStop::OperationFails => "operation fails".to_owned(),
        OnStop::Refused(kind) => format!("refused {}", kind.label()),
        OnStop::Lost(false) => "lost".to_owned(),
        OnStop::Lost(true) => "lost taken".to_owned(),
    }
}

fn meanwhile(when: &str, at: &str, what: Meanwhile) -> String {
    match what {
        Meanwhile::Restart => format!("{when} {at} start {at}"),
        Meanwhile::Hold => format!("{when} {at} hold 1h"),
        Meanwhile::Freeze => format!("{when} {at} freeze"),
        Meanwhile::Recreate => format!("{when} {at} recreate {at}"),
        Meanwhile::Tag => format!("{when} {at} tag {at} lightsout-keep=true"),
        Meanwhile::Slow => format!("look at {at} hangs"),
    }
}

/// As Azure answers where nothing is wrong.
pub(crate) const fn usual() -> OnStop {
    OnStop::Takes(SignedDuration::from_secs(60))
}
