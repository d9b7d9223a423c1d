//! The precedence of rules: not settled → frozen → held → exempt → busy → just started → the earliest due stop.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use smallvec::SmallVec;

use super::activity::{Activity, in_use};
use super::announce::{Announced, Asked, Delays, announce, base_of};
use super::budget::{BudgetQuestion, budget};
use super::candidate::Candidate;
use super::exempt::exempt;
use super::hours::{HoursQuestion, hours};
use super::idle::{IdleQuestion, idle};
use super::moment::{Holding, Moment, with_subject};
use super::native::is_watched;
use super::run::{RunStart, run_start};
use super::settled::settled;
use super::unused::{UnusedQuestion, unused_start};
use super::uptime::uptime;
use super::verdict::{Action, Finding, Ground, Rule, Under, Verdict};
use super::words::Words;
use crate::facts::{EndedStop, Evidence, Freeze, History, InstanceFacts, StopResult};
use crate::policy::Terms;
use crate::units::When;

/// Decides about one instance at one moment. Equal in, equal out; what is not known keeps it on.
pub fn evaluate(
    moment: &Moment<'_>,
    facts: &InstanceFacts,
    evidence: &Evidence,
    history: &History,
    freeze: &Freeze,
) -> Verdict {
    if let Some(finding) = settled(facts, history) {
        let ground = finding.ground;
        let findings = if ground == Ground::Off { moment.off.clone() } else { Arc::from([finding]) };
        return kept(moment, moment.under(), facts, ground, findings);
    }
    with_subject(facts, |subject| {
        let holding = moment.holding(subject);
        let exempt = exempt(holding.terms, subject, facts, moment.now);
        let start = run_start(facts, history);
        let in_use = in_use(facts, evidence, start, holding.terms.busy_fresh, moment.now);
        let decision = Decision { moment, facts, evidence, history, holding, start, in_use };
        decision.make(exempt, freeze)
    })
}

fn kept(
    moment: &Moment<'_>,
    under: &Arc<Under>,
    facts: &InstanceFacts,
    ground: Ground,
    findings: Arc<[Finding]>,
) -> Verdict {
    Verdict {
        instance: facts.id.clone(),
        created: facts.created,
        under: under.clone(),
        at: moment.now,
        action: Action::Keep,
        ground,
        due: None,
        notice: None,
        changes_at: When::NONE,
        findings,
    }
}

/// The window in which stops of one instance are counted (G15).
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Most instances have a finding and a candidate for each of hours, idleness, uptime and budget: no memory is asked for for these.
type Few<T> = SmallVec<[T; 4]>;

/// What Azure was asked to start is running by then.
const STARTING: SignedDuration = SignedDuration::from_mins(15);

struct Decision<'a> {
    moment: &'a Moment<'a>,
    facts: &'a InstanceFacts,
    evidence: &'a Evidence,
    history: &'a History,
    holding: Holding<'a>,
    start: RunStart,
    in_use: Option<Activity>,
}

impl Decision<'_> {
    fn make(&self, exempt: Option<Finding>, freeze: &Freeze) -> Verdict {
        let now = self.moment.now;
        let (rules, candidates) = self.rules();
        let delays = self.delays();
        let mode = self.moment.policy.mode;
        let asked = Asked {
            delays,
            warning: &self.holding.terms.warning,
            history: self.history,
            mode,
            stale_after: self.moment.stale_after,
            quiet: self.moment.quiet.as_deref().filter(|_| self.holding.terms.respect_quiet),
            now,
        };
        let announced = in_force(&candidates, &asked);
        let earliest = announced.iter().map(Announced::candidate).min_by_key(|candidate| base_of(candidate, delays));
        let vetoes = [frozen(freeze), self.held(), exempt, self.busy(earliest)];
        // A stop that was announced and whose time has come is not put off by an earlier reason that nobody was told of.
        let announced =
            announced.into_iter().min_by_key(|announced| (announced.action != Action::Stop, announced.stop_at));
        let mut findings: Few<Finding> = vetoes.into_iter().flatten().collect();
        let mut verdict = self.verdict(announced, &rules);
        if let Some(veto) = findings.first() {
            // A hold announces its end while it lasts; every other veto also silences warnings.
            let warns = veto.ground == Ground::Held && verdict.action == Action::Warn && findings.len() == 1;
            verdict.ground = veto.ground;
            if !warns {
                verdict.action = Action::Keep;
                verdict.notice = None;
            }
        }
        let waits = [told(&verdict), self.just_started()];
        findings.extend(waits.into_iter().flatten());
        findings.extend(rules);
        if findings.is_empty() {
            findings.push(Finding {
                rule: Rule::State,
                ground: Ground::NotDue,
                words: "the policy has no rule for it".into(),
                due_at: When::NONE,
            });
        }
        lead_with(&mut findings, verdict.ground);
        verdict.findings = findings.into_vec().into();
        verdict
    }

    fn rules(&self) -> (Few<Finding>, Few<Candidate<'_>>) {
        let (policy, now) = (self.moment.key.as_str(), self.moment.now);
        let (mut findings, mut candidates) = (Few::new(), Few::new());
        if let Some((rule, hours_now)) = self.holding.hours {
            let question = HoursQuestion {
                rule,
                hours: hours_now,
                instance: &self.facts.id,
                start: self.start,
                is_ours: self.began_by_us(),
                frozen: self.moment.frozen,
                now,
            };
            let (finding, candidate) = hours(&question, self.history);
            findings.push(finding);
            candidates.extend(candidate);
        }
        if let Some(rule) = self.holding.terms.idle {
            let Self { facts, evidence, history, start, .. } = *self;
            let is_watched = is_watched(self.holding.terms, evidence);
            let question = IdleQuestion { rule, policy, facts, evidence, is_watched, history, start, now };
            let (finding, candidate) = idle(&question, self.in_use.as_ref());
            findings.push(finding);
            candidates.extend(candidate.filter(|candidate| !candidate.is_spent(self.history)));
        }
        if let Some(rule) = self.holding.terms.uptime {
            let (finding, candidate) = uptime(rule, policy, self.start);
            findings.push(finding);
            candidates.extend(candidate.filter(|candidate| !candidate.is_spent(self.history)));
        }
        if let Some(rule) = self.holding.terms.budget.as_deref() {
            let spending = self.moment.spending.as_deref();
            let question = BudgetQuestion { rule, spending, policy, facts: self.facts, start: self.start, now };
            let (finding, candidate) = budget(&question);
            findings.push(finding);
            candidates.extend(candidate.filter(|candidate| !candidate.is_spent(self.history)));
        }
        if let Some((finding, candidate)) = self.unused() {
            findings.push(finding);
            candidates.extend(candidate.filter(|candidate| !candidate.is_spent(self.history)));
        }
        (findings, candidates)
    }

    /// By a start of ours, and not long after it was asked for: what begins later may be somebody who came back.
    fn began_by_us(&self) -> bool {
        let (ours, said) = (self.moment.began(self.facts, self.start), self.facts.started_at());
        ours.zip(said).is_some_and(|(ours, said)| said.duration_since(ours.asked_at) < STARTING)
    }

    /// Only of what the service itself started.
    fn unused(&self) -> Option<(Finding, Option<Candidate<'_>>)> {
        let began = self.moment.began(self.facts, self.start)?;
        let rule = self.moment.policy.start.as_deref().filter(|_| began.policy() == self.moment.key)?;
        let Self { evidence, history, start, .. } = *self;
        let (idle, now) = (self.holding.terms.idle, self.moment.now);
        let question = UnusedQuestion { rule, idle, began, evidence, history, start, now };
        Some(unused_start(&question, self.in_use.as_ref()))
    }

    fn delays(&self) -> Delays {
        let terms = self.holding.terms;
        let lead = if self.facts.owner.is_unknown() { terms.warning.lead_unknown_owner } else { terms.warning.lead };
        let bounds = [
            self.history.held_until(),
            self.ripe_at(),
            self.rested_at(),
            // by a clock that was ahead it may lie ahead
            self.history.last_busy.known().filter(|at| terms.busy_cap.is_none() && *at <= self.moment.now),
        ];
        Delays { not_before: bounds.into_iter().flatten().max(), lead: lead.duration() }
    }

    fn ripe_at(&self) -> Option<Timestamp> {
        self.start.latest().and_then(|start| start.checked_add(self.holding.terms.min_uptime.duration()).ok())
    }

    /// When it may be stopped again, after the last stop and after as many as a day may have (G15).
    fn rested_at(&self) -> Option<Timestamp> {
        let terms = self.holding.terms;
        // latest first
        let mut carried_out = self
            .history
            .stops
            .iter()
            .rev()
            .filter(|stop| matches!(stop.result, StopResult::Stopped | StopResult::StartedAgain));
        let after = |stop: &EndedStop, rest: SignedDuration| stop.ended_at.checked_add(rest).ok();
        let most = usize::try_from(terms.stops_per_day).unwrap_or(usize::MAX);
        let too_many = most.checked_sub(1).and_then(|before| carried_out.clone().nth(before));
        let too_many = too_many.and_then(|stop| after(stop, DAY));
        too_many.max(carried_out.next().and_then(|stop| after(stop, terms.between_stops.duration())))
    }

    fn just_started(&self) -> Option<Finding> {
        let coming = |at: &Timestamp| self.moment.now < *at;
        let words = match (self.ripe_at().filter(coming), self.rested_at().filter(coming)) {
            (None, None) => return None,
            (Some(ripe), rested) if rested.is_none_or(|rested| rested <= ripe) => {
                format!("it was started only just now; nothing stops it before {ripe}")
            }
            (_, rested) => {
                let rested = rested.unwrap_or(self.moment.now);
                format!("it was stopped only just now, or too often today; nothing stops it before {rested}")
            }
        };
        Some(Finding { rule: Rule::JustStarted, ground: Ground::JustStarted, words: words.into(), due_at: When::NONE })
    }

    fn held(&self) -> Option<Finding> {
        let hold = self.history.hold_at(self.moment.now)?;
        let words = format!("held until {} by {}: {}", hold.until, hold.by, hold.reason);
        Some(Finding { rule: Rule::Hold, ground: Ground::Held, words: words.into(), due_at: When::NONE })
    }

    fn busy(&self, earliest: Option<&Candidate<'_>>) -> Option<Finding> {
        let words: Words = match self.in_use.as_ref()? {
            Activity::Busy { words, .. } => words.clone().into(),
            Activity::Lost { source, as_of, words } => format!("{} said at {as_of}: {words}", source.words()).into(),
            Activity::Quiet { .. } | Activity::Unknown(_) => return None,
        };
        let spent = cap_reached(self.holding.terms, earliest, self.moment.now);
        (!spent).then_some(Finding { rule: Rule::Busy, ground: Ground::Busy, words, due_at: When::NONE })
    }

    fn verdict(&self, announced: Option<Announced<'_>>, rules: &[Finding]) -> Verdict {
        let mut verdict = kept(self.moment, self.holding.under, self.facts, waiting_ground(rules), Arc::default());
        if let Some(found) = announced {
            let (due, notice) = found.due();
            let overdue_by_rule = due.due_at <= self.moment.now;
            verdict.action = found.action;
            if found.ground != Ground::NotDue {
                verdict.ground = found.ground;
            } else if overdue_by_rule {
                verdict.ground = Ground::JustStarted;
            }
            verdict.due = Some(Box::new(due));
            verdict.notice = notice.map(Box::new);
            verdict.changes_at = found.changes_at.into();
        }
        verdict
    }
}

/// What may stop it. The end of hours is announced by a calendar and stops everybody in time; a used-up budget, like a start
/// that nobody used, stops a few at a time, and must not take its place: nor has it a say in how long use holds that back.
fn in_force<'a>(candidates: &[Candidate<'a>], asked: &Asked<'_>) -> Few<Announced<'a>> {
    let mut announced: Few<Announced<'a>> = candidates.iter().map(|candidate| announce(candidate, asked)).collect();
    if announced.iter().any(|one| one.is_hours_due(asked.now)) {
        announced.retain(|one| !matches!(one.candidate().ground, Ground::OverBudget | Ground::UnusedStart));
    }
    announced
}

/// How its warning stands, when that is what it waits for.
fn told(verdict: &Verdict) -> Option<Finding> {
    let due = verdict.due.as_ref()?;
    let words = if verdict.ground == Ground::Announced {
        format!("its stop is announced for {}", due.stop_at)
    } else if verdict.ground == Ground::WarningUndelivered {
        format!("it was to stop at {}, and its warning could not be delivered", due.stop_at)
    } else if verdict.ground == Ground::QuietHours {
        format!("its warning waits until quiet hours end, and its stop until {}", due.stop_at)
    } else {
        return None;
    };
    Some(Finding { rule: Rule::Warning, ground: verdict.ground, words: words.into(), due_at: due.stop_at.into() })
}

fn frozen(freeze: &Freeze) -> Option<Finding> {
    let words = format!("everything is frozen: {}", freeze.why()?).into();
    Some(Finding { rule: Rule::Freeze, ground: Ground::Frozen, words, due_at: When::NONE })
}

/// A policy may say how long use holds back a due stop; without it, for ever.
fn cap_reached(terms: &Terms, earliest: Option<&Candidate<'_>>, now: Timestamp) -> bool {
    let reached = |cap: crate::units::Span, due: Timestamp| due.checked_add(cap.duration()).is_ok_and(|end| now >= end);
    terms.busy_cap.zip(earliest).is_some_and(|(cap, candidate)| reached(cap, candidate.due_at))
}

/// The word for "not yet": what the hours say where there are hours, else what idleness says.
fn waiting_ground(rules: &[Finding]) -> Ground {
    let due = [Ground::Uptime, Ground::OffHours, Ground::Idle, Ground::OverBudget, Ground::UnusedStart];
    rules.first().map(|finding| finding.ground).filter(|ground| !due.contains(ground)).unwrap_or(Ground::NotDue)
}

/// The finding that won comes first; the rest keep their order.
fn lead_with(findings: &mut [Finding], ground: Ground) {
    if let Some(place) = findings.iter().position(|finding| finding.ground == ground)
        && let Some(front) = findings.get_mut(..=place)
    {
        front.rotate_right(1);
    }
}
