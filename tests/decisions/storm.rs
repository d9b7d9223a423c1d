//! When more is due at once than the fleet's share of a sweep, everyone is told the same time, the dearest go first, and the next
//! sweep follows at once and looks at everything anew.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use lightsout::facts::Freeze;
use lightsout::guard::Refusal;
use lightsout::units::Span;

use crate::invariants::check_invariants;
use crate::stage::{Look, Stage};

const MACHINES: usize = 12;

/// Seven in the evening, when everything is to go off; three of the machines have a GPU.
fn evening(planned: Option<u32>, limits: &str) -> Stage {
    let mut stage = Stage::at("2026-03-23T18:30:00Z".parse().unwrap());
    stage.planned = planned;
    let policy = format!(
        "name = \"p\"\nmode = \"enforce\"\nscope.workspaces = [\"*\"]\nhours = {{ zone = \"UTC\", allowed = [\"Mon-Fri \
         07:00-19:00\"], spread = \"0s\" }}\nwarning.lead = \"15m\"\nguard.canary = 100\n{limits}\n"
    );
    stage.files.policies.insert("p".to_owned(), policy);
    let morning: Timestamp = "2026-03-23T08:00:00Z".parse().unwrap();
    for number in 0..MACHINES {
        let mut outside = stage.world.lock();
        let compute = outside.cloud.add(&format!("ws-{}", number % 3), &format!("ci-{number:02}"), morning);
        if number / 3 == 1 {
            compute.facts.size = Arc::from("STANDARD_NC6S_V3");
        }
    }
    for _ in 0..60 {
        stage.tick();
        stage.deliver().unwrap();
        stage.pass(SignedDuration::from_secs(30));
    }
    assert_eq!(stage.now(), seven());
    stage
}

fn seven() -> Timestamp {
    "2026-03-23T19:00:00Z".parse().unwrap()
}

/// The machines that were stopped since, in order.
fn stopped(stage: &Stage, since: usize) -> Vec<String> {
    let outside = stage.world.lock();
    outside.posts.iter().skip(since).map(|post| post.step.instance.name().to_owned()).collect()
}

#[test]
fn everyone_is_told_of_one_time_and_sweeps_follow_at_once_the_dearest_first() {
    let mut stage = evening(Some(5), "");
    let told: BTreeSet<Timestamp> = {
        let outside = stage.world.lock();
        let notices = outside.messages.iter().filter_map(|(_, message)| Some(message.notice.as_ref()?.stop_at));
        assert_eq!(notices.clone().count(), MACHINES);
        notices.collect()
    };
    assert_eq!(told, BTreeSet::from([seven()]));

    let Look::Swept(first) = stage.tick() else { panic!("nothing was due") };
    let dearest: BTreeSet<String> = stopped(&stage, 0).into_iter().take(3).collect();
    assert_eq!(dearest, ["ci-03", "ci-04", "ci-05"].map(str::to_owned).into(), "GPUs first");
    assert!(first.refused.iter().all(|(_, why)| *why == Refusal::Paced), "{:?}", first.refused);
    assert_eq!((first.stops.len(), first.refused.len()), (5, 7));
    for (reached, left) in [(10, 2), (12, 0)] {
        assert_eq!(stage.engine().next_due(), Timestamp::MIN);
        let Look::Swept(next) = stage.tick() else { panic!("the next sweep does not follow") };
        assert_eq!((next.workspaces_read, next.refused.len()), (0, left), "by what was just read");
        assert_eq!(stopped(&stage, 0).len(), reached);
    }
    assert!(matches!(stage.tick(), Look::Nothing), "nothing is left");
    assert!(stage.engine().next_due() > seven());
    let breaches = check_invariants(&stage.world);
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn what_changes_meanwhile_counts_in_the_sweep_that_follows() {
    let mut stage = evening(Some(5), "");
    stage.tick();
    assert_eq!(stopped(&stage, 0).len(), 5);
    let running: Vec<String> = {
        let outside = stage.world.lock();
        let asked: BTreeSet<_> = outside.posts.iter().map(|post| post.step.instance.clone()).collect();
        let left = outside.cloud.computes.keys().filter(|id| !asked.contains(*id));
        left.map(|id| id.name().to_owned()).collect()
    };
    let held = running.first().unwrap();
    stage.hold(held, Span::minutes(60)).unwrap();
    stage.world.lock().freeze = Some(Freeze::On("incident".to_owned()));
    assert!(matches!(stage.tick(), Look::Swept(_)));
    assert_eq!(stopped(&stage, 5), Vec::<String>::new(), "frozen");
    // nothing was stopped, so that no sweep follows before the next reading
    assert!(matches!(stage.tick(), Look::Nothing));
    stage.world.lock().freeze = None;
    stage.pass(SignedDuration::from_secs(60));
    for _ in 0..4 {
        stage.tick();
    }
    let rest = stopped(&stage, 5);
    assert_eq!((rest.len(), rest.contains(held)), (6, false), "{rest:?}");
}

#[test]
fn a_policys_own_share_of_a_sweep_waits_for_the_next_reading() {
    let mut stage = evening(None, "limits.planned_per_sweep = { count = 9 }");
    assert!(matches!(stage.tick(), Look::Swept(_)));
    assert_eq!(stopped(&stage, 0).len(), 9);
    assert!(matches!(stage.tick(), Look::Nothing), "it has its own pace");
    stage.pass(SignedDuration::from_secs(60));
    assert!(matches!(stage.tick(), Look::Swept(_)));
    assert_eq!(stopped(&stage, 0).len(), MACHINES, "a reading later");
}

#[test]
fn a_sweep_that_stops_nothing_is_followed_by_none() {
    use crate::cloud::OnStop;
    use lightsout::ports::FaultKind;
    let mut stage = evening(Some(2), "");
    for compute in stage.world.lock().cloud.computes.values_mut() {
        compute.on_stop = OnStop::Refused(FaultKind::Refused);
    }
    assert!(matches!(stage.tick(), Look::Swept(_)));
    assert!(matches!(stage.tick(), Look::Nothing), "Azure takes none: it is not asked again and again");
}
