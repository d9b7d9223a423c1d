//! Azure's own idle timer and schedules against what the policy wants, and against what they do. Nothing here stops anything.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::activity::{Activity, Asked, in_use, unused};
use super::exempt::exempt;
use super::moment::{Moment, terms_of, with_subject};
use super::run::run_start;
use super::words::Words;
use crate::facts::{Evidence, History, InstanceFacts, NativeTimers, PowerState, Source, SourceSet};
use crate::policy::Terms;
use crate::units::{Percent, Span};

/// One thing that is to be said of an instance's own timers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NativeFinding {
    /// The policy wants an idle timer, and none is set.
    Missing {
        /// What is wanted.
        wanted: Span,
    },
    /// Another idle timer is set than the policy wants.
    Different {
        /// What is set.
        is: Span,
        /// What is wanted.
        wanted: Span,
    },
    /// The idle rule leaves it to Azure's idle timer, and none is set: nothing stops it.
    Unset,
    /// What Azure shows as its idle timer cannot be read.
    Unreadable,
    /// A timer is set or wanted, and to Azure an instance with custom applications is never idle.
    CustomApplications,
    /// A timer is set or wanted, and the instance has an identity: the timer works only where that is Contributor.
    IdentityUnverified,
    /// A schedule is there and switched off.
    ScheduleOff,
    /// Azure could not set a schedule up.
    ScheduleFailed,
    /// The timer is set, nobody has used it for twice as long, and it is still on.
    Ineffective {
        /// What is set.
        timer: Span,
        /// Since when nobody has used it, or since when the timer is what it is.
        since: Timestamp,
        /// Somebody is connected all the same, which may be use to Azure.
        connected: bool,
    },
}

impl NativeFinding {
    /// Every label, in order.
    pub const LABELS: [&'static str; 9] = [
        "missing",
        "different",
        "unset",
        "unreadable",
        "custom_applications",
        "identity_unverified",
        "schedule_off",
        "schedule_failed",
        "ineffective",
    ];

    /// The word in metrics and JSON.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Missing { .. } => "missing",
            Self::Different { .. } => "different",
            Self::Unset => "unset",
            Self::Unreadable => "unreadable",
            Self::CustomApplications => "custom_applications",
            Self::IdentityUnverified => "identity_unverified",
            Self::ScheduleOff => "schedule_off",
            Self::ScheduleFailed => "schedule_failed",
            Self::Ineffective { .. } => "ineffective",
        }
    }

    /// True for what a person has to mend; the rest is to be known, or to be checked once.
    #[must_use]
    pub const fn is_trouble(self) -> bool {
        match self {
            Self::Missing { .. }
            | Self::Different { .. }
            | Self::Unset
            | Self::Unreadable
            | Self::CustomApplications
            | Self::ScheduleFailed
            | Self::Ineffective { .. } => true,
            Self::IdentityUnverified | Self::ScheduleOff => false,
        }
    }

    /// The idle timer that is to be set, when that is what is found.
    #[must_use]
    pub const fn wanted(self) -> Option<Span> {
        match self {
            Self::Missing { wanted } | Self::Different { wanted, .. } => Some(wanted),
            Self::Unset
            | Self::Unreadable
            | Self::CustomApplications
            | Self::IdentityUnverified
            | Self::ScheduleOff
            | Self::ScheduleFailed
            | Self::Ineffective { .. } => None,
        }
    }

    /// The finding in words, and what helps.
    #[must_use]
    pub fn words(self, timers: &NativeTimers) -> String {
        match self {
            Self::Missing { wanted } => {
                format!("no idle timer is set, the policy wants {wanted}; `lightsout native apply` sets it")
            }
            Self::Different { is, wanted } => {
                let lowers = if wanted < is { LOWERS } else { "" };
                format!("its idle timer is {is}, the policy wants {wanted}; `lightsout native apply` sets it{lowers}")
            }
            Self::Unset => {
                "its idle rule leaves it to Azure's idle timer, and none is set: nothing stops it when it is idle; write native.idle_shutdown into the policy and run `lightsout native apply`".to_owned()
            }
            Self::Unreadable => format!(
                "what Azure shows as its idle timer cannot be read (`{}`), and is left alone; look at it in the studio",
                timers.unreadable.as_deref().unwrap_or_default()
            ),
            Self::CustomApplications => format!(
                "it has custom applications ({}), so that to Azure's timer it is never idle; remove them, or give it a schedule or hours",
                timers.custom_applications.join(", ")
            ),
            Self::IdentityUnverified => {
                "it has a managed identity, and Azure's timer works only where that is Contributor of the workspace, which Azure does not tell here: check it".to_owned()
            }
            Self::ScheduleOff => "it has a schedule that is switched off".to_owned(),
            Self::ScheduleFailed => {
                "Azure could not set up a schedule of it; write the schedule anew in the studio".to_owned()
            }
            Self::Ineffective { timer, since, connected: false } => format!(
                "Azure's idle timer of {timer} is set, nobody has used it since {since}, and it is still on{}; stop it by hand, or let idle.needs name another source",
                causes(timers)
            ),
            Self::Ineffective { timer, since, connected: true } => format!(
                "Azure's idle timer of {timer} is set, nobody has used it since {since}, and it is still on{}; somebody is connected, so ask before you stop it, or let idle.needs name another source",
                causes(timers)
            ),
        }
    }
}

/// What to know before a timer is made shorter (FACTS: the documentation of idle shutdown).
pub const LOWERS: &str = "; where it has been idle for longer than that already, Azure counts from anew";

/// What may keep Azure's timer from working.
fn causes(timers: &NativeTimers) -> String {
    let custom = (!timers.custom_applications.is_empty()).then_some("it has custom applications");
    let identity = (timers.identity == Some(true)).then_some("its identity may not be Contributor of the workspace");
    let known: Vec<&str> = [custom, identity].into_iter().flatten().collect();
    if known.is_empty() {
        " (a kernel or a terminal left open counts as use to Azure)".to_owned()
    } else {
        format!(" ({})", known.join("; "))
    }
}

/// The idle timer that the policy wants on an instance; none where it wants none.
///
/// # Errors
/// Why it is left alone whatever the policy wants: exempt instances are nobody's to change.
pub fn wanted_timer(moment: &Moment<'_>, facts: &InstanceFacts) -> Result<Option<Span>, Words> {
    let terms = terms_of(moment.policy, facts);
    let Some(rule) = terms.native else { return Ok(None) };
    match with_subject(facts, |subject| exempt(terms, subject, facts, moment.now)) {
        Some(finding) => Err(finding.words),
        None => Ok(Some(rule.idle_shutdown)),
    }
}

/// Who uses it now, or did when last heard of: then no timer is set on it that was not there, and none made shorter. Azure sees
/// no work in tmux or over SSH, and would stop it in the middle of that.
#[must_use]
pub fn used_by(moment: &Moment<'_>, facts: &InstanceFacts, evidence: &Evidence, history: &History) -> Option<String> {
    let terms = terms_of(moment.policy, facts);
    match in_use(facts, evidence, run_start(facts, history), terms.busy_fresh, moment.now)? {
        Activity::Busy { source, words, .. } => Some(format!("{}: {words}", source.words())),
        Activity::Lost { source, as_of, words } => Some(format!("{} said at {as_of}: {words}", source.words())),
        Activity::Quiet { .. } | Activity::Unknown(_) => None,
    }
}

/// True when the idle rule of an instance leaves it to Azure's timer.
fn is_left_to_azure(terms: &Terms) -> bool {
    terms.idle.is_some_and(|rule| rule.needs.has(Source::AzureTimer))
}

/// Everything there is to say of the timers of an instance, in the order of [`NativeFinding::LABELS`].
#[must_use]
pub fn native(
    moment: &Moment<'_>,
    facts: &InstanceFacts,
    evidence: &Evidence,
    history: &History,
) -> Vec<NativeFinding> {
    let timers = &facts.native;
    let terms = terms_of(moment.policy, facts);
    // nothing is wanted and nothing is there, as with most
    let is_nothing_wanted = terms.native.is_none() && !is_left_to_azure(terms);
    let is_nothing_there = timers.idle_shutdown.is_none() && timers.unreadable.is_none() && timers.schedules.is_empty();
    if (is_nothing_wanted && is_nothing_there) || is_going(facts) {
        return Vec::new();
    }
    let is_exempt = with_subject(facts, |subject| exempt(terms, subject, facts, moment.now)).is_some();
    let wanted = terms.native.map(|rule| rule.idle_shutdown).filter(|_| !is_exempt);
    let set = timers.idle_shutdown.filter(|timer| !timer.is_zero());
    let mut found = Vec::new();
    match (wanted, timers.idle_shutdown) {
        _ if timers.unreadable.is_some() => found.push(NativeFinding::Unreadable),
        (Some(wanted), None) => found.push(NativeFinding::Missing { wanted }),
        (Some(wanted), Some(is)) if is != wanted => found.push(NativeFinding::Different { is, wanted }),
        (None, _) if set.is_none() && is_left_to_azure(terms) && !is_exempt => found.push(NativeFinding::Unset),
        (Some(_), Some(_)) | (None, _) => {}
    }
    if wanted.or(timers.idle_shutdown).is_some() {
        found.extend((!timers.custom_applications.is_empty()).then_some(NativeFinding::CustomApplications));
        found.extend((timers.identity == Some(true)).then_some(NativeFinding::IdentityUnverified));
    }
    let any = |which: fn(&crate::facts::NativeSchedule) -> bool| timers.schedules.iter().any(which);
    found.extend(any(|one| !one.enabled && !one.failed).then_some(NativeFinding::ScheduleOff));
    found.extend(any(|one| one.failed).then_some(NativeFinding::ScheduleFailed));
    found.extend(ineffective(terms, facts, evidence, history, moment.now));
    found
}

/// On its way out of the world, or not there yet.
fn is_going(facts: &InstanceFacts) -> bool {
    matches!(&facts.state, PowerState::Changing(word) if ["Deleting", "Creating"].iter().any(|one| word.eq_ignore_ascii_case(one)))
}

/// The watchdog. What nobody watches is not known to be idle, and nothing is said of it; nor of a timer that was changed
/// less than twice its length ago.
fn ineffective(
    terms: &Terms,
    facts: &InstanceFacts,
    evidence: &Evidence,
    history: &History,
    now: Timestamp,
) -> Option<NativeFinding> {
    let timer = facts.native.idle_shutdown.filter(|timer| !timer.is_zero() && facts.state.is_on())?;
    let start = run_start(facts, history);
    if in_use(facts, evidence, start, terms.busy_fresh, now).is_some() {
        return None;
    }
    let twice = Span::seconds(timer.as_secs().saturating_mul(2));
    let asked = Asked {
        needs: watching(terms, evidence),
        coverage: terms.idle.map_or_else(|| Percent::new(90).unwrap_or(Percent::ALL), |rule| rule.coverage),
        fresh_within: terms.idle.map_or(terms.busy_fresh, |rule| rule.fresh_within),
        after: twice,
    };
    match unused(evidence, history, asked, start, now) {
        Activity::Quiet { since, connected, .. } => {
            // that the timer was the same before it was first seen, nobody knows
            let set = history.timer_changed.max(history.first_seen);
            let since = set.known().map_or(since, |set| set.max(since));
            let connected = connected.is_some();
            let wait = if connected { twice.duration().saturating_add(AZURE_WAITS) } else { twice.duration() };
            let long = now.duration_since(since) >= wait;
            long.then_some(NativeFinding::Ineffective { timer, since, connected })
        }
        Activity::Busy { .. } | Activity::Lost { .. } | Activity::Unknown(_) => None,
    }
}

/// Azure counts a connection of VS Code as use for three hours (FACTS 3).
const AZURE_WAITS: SignedDuration = SignedDuration::from_hours(3);

/// Those that see all kinds of use. Azure Monitor sees jobs alone, and is not asked by itself.
const SEE_ALL: [Source; 2] = [Source::Agent, Source::Promql];

/// Whose word counts: those that the idle rule asks, else whoever has spoken, of those that see all kinds of use.
fn watching(terms: &Terms, evidence: &Evidence) -> SourceSet {
    let asked: SourceSet = terms.idle.iter().flat_map(|rule| rule.needs.iter()).collect();
    if SEE_ALL.iter().any(|source| asked.has(*source)) {
        return asked;
    }
    SEE_ALL.into_iter().filter(|source| evidence.of(*source).is_some()).collect()
}

/// True when somebody would see that Azure's timer does not work.
pub(super) fn is_watched(terms: &Terms, evidence: &Evidence) -> bool {
    !watching(terms, evidence).is_empty()
}

#[cfg(test)]
#[path = "native/tests.rs"]
mod tests;
