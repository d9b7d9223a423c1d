//! `native audit` and `native apply` against the simulated Azure.
#![expect(clippy::indexing_slicing, reason = "helpers of tests: a panic is the failure")]

use serde_json::Value;

use crate::estate::Estate;
use crate::program::{Place, Said};

const WANTS: &str = "name = \"timers\"\nscope.workspaces = [\"*\"]\n[native]\nidle_shutdown = \"60m\"\n[exempt]\nnames = [\"*-00003\"]\n";

fn place(estate: &Estate, policy: &str) -> Place {
    let place = Place::new(&estate.sandbox.base_url(), estate.workspaces(), "");
    place.write("policies/timers.toml", policy);
    place
}

/// One with no timer, one with another one and an identity, one as wanted with custom applications, one that is exempt.
async fn estate() -> Estate {
    Estate::start(1, 4, |options| {
        let instances = &mut options.world.workspaces[0].instances;
        instances.iter_mut().for_each(|one| one.idle_minutes = None);
        instances[1].idle_minutes = Some(180);
        instances[1].identity = true;
        instances[2].idle_minutes = Some(60);
        instances[2].custom_services = vec!["shiny".to_owned()];
    })
    .await
}

fn json(said: &Said) -> Value {
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}{}", said.out, said.err))
}

fn timers_set(estate: &Estate) -> u64 {
    estate.sandbox.recorder().count("set-idle-timer")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_audit_says_what_is_not_as_wanted_and_changes_nothing() {
    let estate = estate().await;
    let place = place(&estate, WANTS);
    let said = place.run(&["native", "audit"]);
    assert_eq!(said.code, 4, "{}{}", said.out, said.err);
    for words in [
        "missing: no idle timer is set",
        "different: its idle timer is 3h",
        "shiny",
        "identity_unverified",
        "3 to look after",
    ] {
        let flat = said.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(words) || said.out.contains(words), "{words} in\n{}", said.out);
    }
    let told = json(&place.run(&["native", "audit", "--json"]));
    let of = |n: usize| {
        let findings = told["instances"][n]["findings"].as_array().unwrap();
        findings.iter().map(|one| one["finding"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(told["troubled"], 3, "{told:#}");
    assert_eq!(
        (of(0), of(1)),
        (vec!["missing".to_owned()], vec!["different".to_owned(), "identity_unverified".to_owned()])
    );
    assert_eq!((of(2), of(3)), (vec!["custom_applications".to_owned()], Vec::<String>::new()));
    let explained = place.run(&["explain", "ci-00000-00001"]);
    for words in ["idle shutdown    after 3h", "different", "native.idle_shutdown = 1h", "policies/timers.toml:4"] {
        assert!(explained.out.contains(words), "{words} in\n{}", explained.out);
    }
    let plan = place.run(&["plan"]);
    assert!(plan.out.contains("2 with an idle timer, 0 with schedules, 3 to look after"), "{}", plan.out);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn apply_says_what_it_would_do_and_does_it_when_told_to() {
    let mut estate = estate().await;
    estate.sets_timers = true;
    let place = place(&estate, WANTS);
    let dry = place.run(&["native", "apply"]);
    assert_eq!((dry.code, timers_set(&estate)), (0, 0), "{}{}", dry.out, dry.err);
    assert!(dry.out.contains("nothing was sent") && dry.out.contains("counts from anew"), "{}", dry.out);
    let one = place.run(&["native", "apply", "--yes", "--instance", "ci-00000-00001"]);
    assert_eq!((one.code, timers_set(&estate)), (0, 1), "{}{}", one.out, one.err);
    assert!(one.out.contains("set, and Azure shows it"), "{}", one.out);
    let rest = json(&place.run(&["native", "apply", "--yes", "--json"]));
    assert_eq!(rest["lines"].as_array().map(Vec::len), Some(1), "{rest:#}");
    assert_eq!((&rest["lines"][0]["outcome"], timers_set(&estate)), (&"set".into(), 2), "{rest:#}");
    let done = place.run(&["native", "apply", "--yes"]);
    assert!(done.code == 0 && done.out.contains("as the policies want it"), "{}{}", done.out, done.err);
    let nobody = place.run(&["native", "apply", "--instance", "ci-nobody"]);
    assert!(nobody.code == 1 && nobody.err.contains("no instance is called `ci-nobody`"), "{}", nobody.err);
    let exempt = place.run(&["native", "apply", "--yes", "--instance", "ci-00000-00003"]);
    assert!(exempt.code == 1 && exempt.err.contains("is left alone"), "{}{}", exempt.out, exempt.err);
    let both = place.run(&["native", "apply", "--yes", "--dry-run"]);
    assert_eq!(both.code, 2, "{}", both.err);
    let audit = place.run(&["native", "audit", "--json"]);
    assert_eq!(json(&audit)["troubled"], 1, "custom applications are for people: {}", audit.out);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_that_is_missing_is_named_and_a_freeze_sends_nothing() {
    let action = "Microsoft.MachineLearningServices/workspaces/computes/updateIdleShutdownSetting/action";
    let mut estate = Estate::start(1, 1, |options| options.denied = vec![action.to_owned()]).await;
    estate.sets_timers = true;
    let place = place(
        &estate,
        &format!("mode = \"enforce\"\n{WANTS}").replace("= \"60m\"\n", "= \"60m\"\napply = \"service\"\n"),
    );
    let doctor = place.run(&["doctor"]);
    assert!(
        doctor.code == 3 && doctor.out.contains(action) && doctor.out.contains("`lightsout rbac` prints the role"),
        "{}",
        doctor.out
    );
    let said = place.run(&["native", "apply", "--yes"]);
    assert_eq!((said.code, timers_set(&estate)), (4, 1), "{}{}", said.out, said.err);
    assert!(said.out.contains("forbidden"), "{}", said.out);
    assert_eq!(place.run(&["freeze", "--reason", "incident"]).code, 0);
    let frozen = place.run(&["native", "apply", "--yes"]);
    assert_eq!((frozen.code, timers_set(&estate)), (4, 1), "G12: {}{}", frozen.out, frozen.err);
    assert!(frozen.out.contains("frozen"), "{}", frozen.out);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_service_sets_what_is_left_to_it() {
    let mut estate = estate().await;
    estate.sets_timers = true;
    let policy = format!("mode = \"enforce\"\n{WANTS}").replace("= \"60m\"\n", "= \"60m\"\napply = \"service\"\n");
    let place = place(&estate, &policy);
    let swept = json(&place.run(&["sweep", "--json"]));
    assert_eq!(swept["last"]["timers"].as_array().map(Vec::len), Some(2), "{:#}", swept["last"]);
    assert_eq!(timers_set(&estate), 2);
    let again = json(&place.run(&["sweep", "--json"]));
    assert_eq!((&again["last"]["timers"], timers_set(&estate)), (&Value::Null, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workspace_that_nobody_can_read_is_said_and_not_taken_for_fine() {
    let estate = Estate::start(1, 2, |options| {
        options.denied = vec!["Microsoft.MachineLearningServices/workspaces/computes/read".to_owned()];
    })
    .await;
    let place = place(&estate, WANTS);
    for words in [&["native", "audit"][..], &["native", "apply"], &["native", "apply", "--yes"]] {
        let said = place.run(words);
        assert_eq!(said.code, 3, "{words:?}: {}{}", said.out, said.err);
        assert!(said.out.contains("not read ws-00000"), "{words:?}: {}", said.out);
    }
    let told = json(&place.run(&["native", "audit", "--json"]));
    assert_eq!(told["unread"].as_array().map(Vec::len), Some(1), "{told:#}");
}
