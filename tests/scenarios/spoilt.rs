//! Proof that the invariants can be broken: a good history, spoilt in one place, is a breach of the rule that it breaks.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests: a panic is the failure")]

use std::sync::Arc;

use jiff::SignedDuration;
use lightsout::facts::StopKey;
use lightsout::policy::{Cap, Mode, Pattern, Policy, Scope};
use lightsout::ports::About;
use lightsout::units::Percent;

use crate::cloud::workspace_id;
use crate::invariants::breaches;
use crate::script::Scene;
use crate::world::{Outside, Post};

/// Three instances at the end of their hours, two a sweep, each after its warning.
const EVENING: &str = "\
policy office
  mode = \"enforce\"
  hours = { zone = \"UTC\", allowed = [\"Mon-Fri 08:00-20:00\"], spread = \"0s\" }
  limits.planned_per_sweep = { count = 2, percent = 100 }
end
at 2026-03-23 19:30
instance ci-a started=2026-03-23T09:00
instance ci-b started=2026-03-23T09:00
instance ci-c started=2026-03-23T09:00
run until 20:10
";

type Spoil = fn(&mut Outside);

fn policy(outside: &mut Outside) -> &mut Policy {
    Arc::make_mut(outside.policies.values_mut().next().unwrap())
}

fn seconds(length: i64) -> SignedDuration {
    SignedDuration::from_secs(length)
}

/// The first POST again, so much later.
fn again(outside: &mut Outside, later: i64) -> &mut Post {
    let mut post = outside.posts[0].clone();
    (post.at, post.looked_at, post.sweep) = (post.at + seconds(later), post.looked_at + seconds(later), 1000);
    outside.posts.push(post);
    outside.posts.last_mut().unwrap()
}

fn cap(count: Option<u32>, percent: i64) -> Cap {
    Cap { count, percent: Percent::new(percent).ok() }
}

/// What is done to the history, and the rule that it breaks.
const SPOILT: &[(&str, &str, Spoil)] = &[
    ("I1", "a stop of what is not there", |outside| {
        let (at, id) = (outside.now, outside.posts[0].step.instance.clone());
        outside.strays.push((at, id));
    }),
    ("I1", "a stop sent to another workspace", |outside| outside.posts[0].workspace = workspace_id("ws-b")),
    ("I1", "a stop beyond the policy's scope", |outside| {
        policy(outside).scope = Scope { workspaces: vec![Pattern::new("other").unwrap()], ..Scope::default() };
    }),
    ("G1", "a policy that only observes", |outside| policy(outside).mode = Mode::Observe),
    ("G11", "a policy that nobody loaded", |outside| outside.policies.clear()),
    ("I2", "no intent before it", |outside| outside.posts[0].intents = 0),
    ("I2", "the intent of an earlier POST", |outside| again(outside, 3600).took = false),
    ("I3", "frozen", |outside| outside.posts[1].frozen = true),
    ("I3", "held", |outside| outside.posts[1].held = true),
    ("I3", "opted out", |outside| outside.posts[1].opted_out = true),
    ("I4", "one key twice", |outside| again(outside, 7200).intents = 2),
    ("I4", "a start since it was due", |outside| {
        let due = outside.posts[0].step.due_at;
        outside.posts[0].started = Some(due);
    }),
    ("I4", "a budget's stop of a run that is over", |outside| {
        outside.posts[0].step.key = StopKey("budget/office/2026-03/2026-03-22T09:00:00Z".into());
    }),
    ("I6", "no warning", |outside| outside.messages.clear()),
    ("I6", "a warning a second too late", |outside| {
        outside.messages.iter_mut().for_each(|(at, _)| *at += seconds(61));
    }),
    ("I6", "the warning of another life of the same name", |outside| {
        let at = outside.now;
        outside.messages.iter_mut().for_each(|(_, message)| {
            if let About::Instance { created, .. } = &mut message.about {
                *created = at.into();
            }
        });
    }),
    ("I6", "the warning of a later stop", |outside| {
        let later = outside.now;
        let notices = outside.messages.iter_mut().filter_map(|(_, message)| message.notice.as_mut());
        notices.for_each(|notice| notice.stop_at = later + seconds(3600));
    }),
    ("I7", "over the count of a sweep", |outside| policy(outside).limits.planned_per_sweep = cap(Some(1), 100)),
    ("I7", "over the share of a sweep", |outside| policy(outside).limits.planned_per_sweep = cap(None, 10)),
    ("I7", "over the count of an hour", |outside| policy(outside).limits.planned_per_hour = cap(Some(2), 100)),
    ("I7", "over the share of an hour", |outside| policy(outside).limits.planned_per_hour = cap(None, 34)),
    ("G10", "an old look", |outside| outside.posts[0].looked_at = outside.posts[0].at - seconds(11)),
    ("G10", "a look in the future", |outside| outside.posts[0].looked_at = outside.posts[0].at + seconds(1)),
    ("G14", "one that was not on", |outside| outside.posts[0].was_on = false),
    ("S8", "before its time", |outside| outside.posts[0].step.stop_at = outside.posts[0].at + seconds(1)),
    ("G15", "just after its start", |outside| {
        outside.posts[0].started = Some(outside.posts[0].at - seconds(60));
        outside.posts[0].step.due_at = outside.posts[0].at;
    }),
    ("G15", "just after the last", |outside| again(outside, 60).intents = 2),
];

#[test]
fn every_invariant_can_be_broken() {
    for (rule, how, spoil) in SPOILT {
        let (told, scene) = Scene::run(EVENING);
        let mut outside = scene.stage.world.lock();
        assert_eq!((outside.posts.len(), breaches(&outside)), (3, Vec::new()), "{told}");
        spoil(&mut outside);
        let found = breaches(&outside);
        assert!(found.iter().any(|breach| breach.starts_with(&format!("{rule}: "))), "{rule}, {how}: {found:?}");
    }
}

#[test]
fn an_hour_is_any_hour_and_not_the_one_on_the_clock() {
    let (_, scene) = Scene::run(EVENING);
    let mut outside = scene.stage.world.lock();
    policy(&mut outside).limits.planned_per_hour = cap(Some(3), 100);
    let mut one_more = |later: i64| {
        let post = again(&mut outside, later);
        (post.took, post.intents) = (false, 9);
        let over = breaches(&outside).iter().any(|breach| breach.starts_with("I7: "));
        outside.posts.pop();
        over
    };
    // Three from 20:00:00 on: a fourth at 20:59:59 is too many, and one at 21:10 is within a new hour.
    assert!(one_more(3599), "I7");
    assert!(!one_more(4200), "I7: an hour later the window is empty");
}
