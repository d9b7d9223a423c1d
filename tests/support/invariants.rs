//! The invariants that every run of the engine keeps, checked after the fact on what the world saw.
//!
//! That each of them can be broken is shown in `scenarios/spoilt.rs`.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use lightsout::facts::{StopKey, Verb};
use lightsout::policy::{Cap, Mode, Policy, Terms, WarningProof, WhenUndelivered};
use lightsout::ports::{Message, MessageKind};
use lightsout::rules::Ground;
use lightsout::units::InstanceId;

use crate::world::{FakeWorld, Outside, Post};

/// Every breach, in words; empty when all hold.
pub(crate) fn check_invariants(world: &FakeWorld) -> Vec<String> {
    let audits = world.audits();
    let outside = world.lock();
    let mut found = breaches(&outside);
    // what the service does of its own accord, or for a proposal, was written down for whoever asks who did it
    for (at, verb, id) in &outside.operated {
        let target = id.to_string();
        let by_service = outside.operations.iter().any(|row| {
            let is_ours = row.intent.who == "lightsout" || row.intent.key.starts_with("stopped/");
            row.intent.instance == *id && row.intent.verb == *verb && row.intent.at <= *at && is_ours
        });
        let word = if *verb == Verb::Delete { "delete".to_owned() } else { format!("instance_{}", verb.label()) };
        let said = audits.iter().any(|line| line.what == word && line.target == target && line.at <= *at);
        if by_service && !said {
            found.push(format!("I2: {} of {} at {at} without a line in the audit log", verb.label(), id.name()));
        }
    }
    found
}

/// The same, of what a world remembers.
pub(crate) fn breaches(outside: &Outside) -> Vec<String> {
    let stray = |(at, id): &(Timestamp, InstanceId)| format!("I1: POST of {} at {at}, which is not there", id.name());
    let mut found: Vec<String> = outside.strays.iter().map(stray).collect();
    for (index, post) in outside.posts.iter().enumerate() {
        let earlier = outside.posts.get(..index).unwrap_or_default();
        let mut say = |rule: &str, what: String| {
            found.push(format!("{rule}: POST of {} at {} {what}", post.step.instance.name(), post.at))
        };
        let Some(policy) = outside.policies.get(&post.step.revision) else {
            say("G11", "under a policy nobody loaded".to_owned());
            continue;
        };
        allowed(post, policy, &mut say);
        single(post, &mut say);
        intended(post, earlier, &mut say);
        if is_asked(post) {
            // no rule wants it: whoever asked for it needs no warning, and stands outside what rules may stop
            once(post, earlier, &mut say);
            continue;
        }
        one_of_a_kind(post, earlier, terms(policy), &mut say);
        warned(post, policy, outside, &mut say);
        capped(post, earlier, policy, &mut say);
    }
    found
}

/// The scenes write no override for what is looked at here.
fn terms(policy: &Policy) -> &Arc<Terms> {
    &policy.terms
}

/// Of a compute in the workspace that was asked, under a policy that covers it and may act (I1, G1, G2).
fn allowed(post: &Post, policy: &Policy, say: &mut impl FnMut(&str, String)) {
    let own = post.step.instance.workspace();
    let wrongs = [
        ("I1", post.workspace != *own, "in another workspace than its own"),
        ("I1", !policy.scope.covers(own, &[]), "outside the scope of its policy"),
        ("G1", policy.mode != Mode::Enforce, "under a policy that only observes"),
    ];
    wrongs.iter().filter(|(_, wrong, _)| *wrong).for_each(|(rule, _, what)| say(rule, (*what).to_owned()));
}

/// With an intent of its own, durable before it: one intent carries one POST (I2).
fn intended(post: &Post, earlier: &[Post], say: &mut impl FnMut(&str, String)) {
    let used = earlier.iter().filter(|other| other.step == post.step).count();
    if used >= post.intents {
        say("I2", format!("as number {} of its step, with {} intents written before it", used + 1, post.intents));
    }
}

/// What one POST shows by itself.
fn single(post: &Post, say: &mut impl FnMut(&str, String)) {
    let age = post.at.duration_since(post.looked_at);
    let wrongs = [
        ("I3", post.frozen, "while everything was frozen"),
        ("I3", post.held, "while it was held"),
        ("I3", post.opted_out, "while its tag opted out"),
        ("G10", age > SignedDuration::from_secs(10) || age.is_negative(), "without a look of the last ten seconds"),
        ("G14", !post.was_on, "while it was not on"),
        ("S8", post.at < post.step.stop_at, "before its time"),
    ];
    wrongs.iter().filter(|(_, wrong, _)| *wrong).for_each(|(rule, _, what)| say(rule, (*what).to_owned()));
}

/// A stop that a person asked for.
fn is_asked(post: &Post) -> bool {
    post.step.ground == Ground::Asked && post.step.key.0.starts_with("asked/")
}

/// One POST comes true for one wish (I4).
fn once(post: &Post, earlier: &[Post], say: &mut impl FnMut(&str, String)) {
    if earlier.iter().any(|other| other.took && other.step.key == post.step.key) {
        say("I4", format!("for {} a second time", post.step.key.0));
    }
}

/// At most one POST a key that comes true, never after a later start of a person (I4), with the rests of G15 between.
fn one_of_a_kind(post: &Post, earlier: &[Post], terms: &Terms, say: &mut impl FnMut(&str, String)) {
    let same = |other: &&Post| other.step.instance == post.step.instance && other.step.created == post.step.created;
    let took: Vec<&Post> = earlier.iter().filter(same).filter(|other| other.took).collect();
    if took.iter().any(|other| other.step.key == post.step.key) {
        say("I4", format!("for {} a second time", post.step.key.0));
    }
    let respects = post.step.key.0.contains("/start/");
    // a limit does not respect a start, but each run has a key of its own
    let limited = post.step.key.rule() == "budget";
    if limited && post.started.is_some_and(|at| !post.step.key.0.ends_with(&format!("/{at}"))) {
        say("I4", format!("for another run than the present one: {}", post.step.key.0));
    }
    if !respects && !limited && post.started.is_some_and(|at| at >= post.step.due_at) {
        say("I4", "after a person started it since it was due".to_owned());
    }
    if post.started.is_some_and(|at| post.at.duration_since(at) < terms.min_uptime.duration()) {
        say("G15", format!("sooner than {} after its start", terms.min_uptime));
    }
    if took.last().is_some_and(|other| post.at.duration_since(other.at) < terms.between_stops.duration()) {
        say("G15", format!("sooner than {} after the last", terms.between_stops));
    }
    let today = took.iter().filter(|other| post.at.duration_since(other.at) < SignedDuration::from_hours(24)).count();
    if u32::try_from(today).is_ok_and(|today| today >= terms.stops_per_day) {
        say("G15", format!("after {today} stops in a day"));
    }
}

/// A warning that arrived its full lead before (I6), or what the policy says of one that could not.
fn warned(post: &Post, policy: &Policy, outside: &Outside, say: &mut impl FnMut(&str, String)) {
    let warning = &terms(policy).warning;
    let lead = if post.owner_unknown { warning.lead_unknown_owner } else { warning.lead };
    if lead.is_zero() {
        return;
    }
    let one = |message: &Message| announces(message, post, &post.step.key);
    let ours = |message: &Message| one(message) || message.also.iter().any(one);
    let early = |at: &Timestamp| post.at.duration_since(*at) >= lead.duration();
    let delivered =
        outside.messages.iter().filter(|(_, message)| ours(message)).map(|(at, _)| *at).any(|at| early(&at));
    let recorded = warning.proof == WarningProof::Recorded;
    let postponed = warning.undelivered == WhenUndelivered::Stop
        && post.at.duration_since(post.step.stop_at) >= warning.max_postpone.duration();
    if !(delivered || recorded || postponed) {
        say("I6", format!("without a warning delivered {lead} before"));
    }
}

/// True for a warning of this very stop, not later than it.
fn announces(message: &Message, post: &Post, key: &StopKey) -> bool {
    message.kind == MessageKind::Warning
        && message.instance() == Some((&post.step.instance, post.step.created))
        && message.notice.as_ref().is_some_and(|notice| notice.stop == *key && notice.stop_at <= post.at)
}

/// Within the policy's caps in this sweep and in the hour that ends with it, and so in any hour (I7).
fn capped(post: &Post, earlier: &[Post], policy: &Policy, say: &mut impl FnMut(&str, String)) {
    if post.throttled {
        return;
    }
    let planned = post.step.is_planned();
    let limits = policy.limits;
    let (sweep, hour) = if planned {
        (limits.planned_per_sweep, limits.planned_per_hour)
    } else {
        (limits.unplanned_per_sweep, limits.unplanned_per_hour)
    };
    let alike =
        |other: &&Post| !other.throttled && other.step.policy == post.step.policy && other.step.is_planned() == planned;
    let in_sweep = 1 + earlier.iter().filter(alike).filter(|other| other.sweep == post.sweep).count();
    let hour_before = |other: &&Post| post.at.duration_since(other.at) < SignedDuration::from_hours(1);
    let in_hour = 1 + earlier.iter().filter(alike).filter(hour_before).count();
    // What was stopped in that hour ran at its beginning.
    let ran = post.running + in_hour - in_sweep;
    if in_sweep > most(sweep, post.running) {
        say("I7", format!("as number {in_sweep} of its sweep, with {} running", post.running));
    }
    if in_hour > most(hour, ran) {
        say("I7", format!("as number {in_hour} of its hour, in which {ran} ran"));
    }
}

fn most(cap: Cap, running: usize) -> usize {
    let count = cap.count.map_or(usize::MAX, |count| usize::try_from(count).unwrap_or(usize::MAX));
    count.min(cap.percent.map_or(usize::MAX, |share| share.of(running)))
}
