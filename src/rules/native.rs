//! Azure's own idle timer and schedules against what the policy wants, and against what they do. Nothing here stops anything.

use jiff::Timestamp;
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
    },
}

impl NativeFinding {
    /// Every label, in order.
    pub const LABELS: [&'static str; 7] = [
        "missing",
        "different",
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
            Self::CustomApplications
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
                let lowers = if wanted < is { "; a lower value makes Azure count from anew" } else { "" };
                format!("its idle timer is {is}, the policy wants {wanted}; `lightsout native apply` sets it{lowers}")
            }
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
            Self::Ineffective { timer, since } => format!(
                "Azure's idle timer of {timer} is set, nobody has used it since {since}, and it is still on{}; stop it by hand, or let idle.needs name another source",
                causes(timers)
            ),
        }
    }
}

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
    if (terms.native.is_none() && timers.idle_shutdown.is_none() && timers.schedules.is_empty()) || is_going(facts) {
        return Vec::new();
    }
    let wanted = wanted_timer(moment, facts).ok().flatten();
    let mut found = Vec::new();
    match (wanted, timers.idle_shutdown) {
        (Some(wanted), None) => found.push(NativeFinding::Missing { wanted }),
        (Some(wanted), Some(is)) if is != wanted => found.push(NativeFinding::Different { is, wanted }),
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
        Activity::Quiet { since, .. } => {
            let since = history.timer_changed.known().map_or(since, |changed| changed.max(since));
            let long = now.duration_since(since) >= twice.duration();
            long.then_some(NativeFinding::Ineffective { timer, since })
        }
        Activity::Busy { .. } | Activity::Lost { .. } | Activity::Unknown(_) => None,
    }
}

/// Whose word counts: those that the idle rule asks, else whoever has spoken and sees all kinds of use. Azure Monitor sees
/// jobs alone, and is not asked by itself.
fn watching(terms: &Terms, evidence: &Evidence) -> SourceSet {
    let asked: SourceSet = terms.idle.iter().flat_map(|rule| rule.needs.iter()).collect();
    if !asked.is_empty() && !asked.has(Source::AzureTimer) {
        return asked;
    }
    [Source::Agent, Source::Promql].into_iter().filter(|source| evidence.of(*source).is_some()).collect()
}

#[cfg(test)]
#[path = "native/tests.rs"]
mod tests;
