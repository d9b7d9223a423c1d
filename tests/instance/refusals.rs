//! What is refused, in words, with its exit code, and without a request; one bad name never blocks the others.

use lightsout::sandbox::State;

use crate::azure::{Scene, json};
use crate::program::off_now;

const A: &str = "ci-00000-00000";
const B: &str = "ci-00000-00001";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_bad_name_never_blocks_the_others() {
    let scene = Scene::with(1, 2, |options| options.world.workspaces[0].instances[1].state = State::Stopped).await;
    let said = scene.run(&["start", "ci-nobody", A, B]);
    assert_eq!(said.code, 4, "{}{}", said.out, said.err);
    for words in ["started after", "it is on already", "Azure does not know it"] {
        assert!(said.out.contains(words), "{words} in\n{}", said.out);
    }
    assert_eq!((scene.state(A), scene.state(B), scene.writes("POST")), ("running".into(), "running".into(), 1));
    let ended = scene.operations().await;
    assert_eq!(ended, [("start".to_owned(), B.to_owned(), Some("Done".to_owned()))], "what is refused is no operation");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_two_have_is_nobodys() {
    let scene = Scene::with(2, 1, |options| options.world.workspaces[1].instances[0].name = A.to_owned()).await;
    for command in ["start", "stop", "restart", "delete"] {
        let said = scene.run(&[command, A]);
        assert_eq!(said.code, 4, "{command}: {}{}", said.out, said.err);
        let ids = said.out.matches("/computes/ci-00000-00000").count();
        assert!(said.out.contains("several instances are called") && ids == 2, "{command}: {}", said.out);
    }
    assert!(scene.run(&["show", A]).err.contains("several instances are called"));
    assert_eq!(scene.state("ws-00001/ci-00000-00000"), "running");
    assert_eq!(scene.writes("POST") + scene.writes("DELETE"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_use_or_held_is_spared_unless_the_person_says_otherwise() {
    let scene = Scene::with(1, 2, |options| options.world.workspaces[0].instances[0].state = State::JobRunning).await;
    for words in [&["stop", A][..], &["restart", A], &["delete", A, "--yes"]] {
        let said = scene.run(words);
        assert!(said.code == 4 && said.out.contains("it is in use"), "{words:?}: {}{}", said.out, said.err);
    }
    let held = scene.place.run(&["hold", B, "--for", "2h", "--reason", "thesis"]);
    assert_eq!(held.code, 0, "{}", held.err);
    for words in [&["stop", B][..], &["restart", B], &["delete", B, "--yes"]] {
        let said = scene.run(words);
        assert!(said.code == 4 && said.out.contains("thesis"), "{words:?}: {}{}", said.out, said.err);
    }
    assert_eq!(scene.writes("POST") + scene.writes("DELETE"), 0);
    scene.well(&["restart", A, "--even-if-in-use"]);
    let gone = scene.well(&["delete", B, "--yes", "--even-if-held"]);
    assert!(gone.err.contains("held until") && gone.out.contains("deleted after"), "{}{}", gone.out, gone.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_freeze_keeps_from_turning_off_and_from_taking_away_but_not_from_starting() {
    let scene = Scene::with(1, 2, |options| options.world.workspaces[0].instances[1].state = State::Stopped).await;
    assert_eq!(scene.place.run(&["freeze", "--reason", "incident 4711"]).code, 0);
    for words in [&["stop", A][..], &["restart", A], &["delete", A, "--yes"]] {
        let said = scene.run(words);
        assert!(said.code == 4 && said.out.contains("incident 4711"), "G12: {words:?}: {}{}", said.out, said.err);
    }
    assert_eq!(scene.writes("POST") + scene.writes("DELETE"), 0);
    scene.well(&["start", B]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_that_observes_stops_nothing_for_people_either() {
    let scene = Scene::new(1, 1).await;
    let policy = off_now("observe", "1h", "").replace("lead = \"1h\"\n", "lead = \"1h\"\nproof = \"recorded\"\n");
    scene.place.write("policies/office.toml", &policy);
    let said = scene.run(&["stop", A]);
    assert!(said.code == 4 && said.out.contains("only observes"), "{}{}", said.out, said.err);
    assert_eq!(scene.writes("POST"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_that_is_missing_is_named_with_what_to_do() {
    let action = "Microsoft.MachineLearningServices/workspaces/computes/start/action";
    let scene = Scene::with(1, 1, |options| {
        options.denied = vec![action.to_owned()];
        options.world.workspaces[0].instances[0].state = State::Stopped;
    })
    .await;
    let said = scene.run(&["start", A, "--json"]);
    assert_eq!(said.code, 4, "{}{}", said.out, said.err);
    let told = json(&said);
    let words = told["operations"][0]["words"].as_str().unwrap_or_default().to_owned();
    assert!(words.contains(action) && words.contains("--as-me"), "{told:#}");
    assert_eq!(told["operations"][0]["outcome"], "failed");
    let ended = scene.operations().await;
    assert!(ended[0].2.as_ref().is_some_and(|end| end.contains("forbidden:AuthorizationFailed")), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_made_where_azure_would_refuse_or_overwrite() {
    let scene = Scene::with(2, 1, |options| options.world.workspaces[0].instances[0].name = "ci-ada".to_owned()).await;
    let new = |name: &'static str, size: &'static str| ["create", name, "-w", "ws-00000", "-s", size, "--yes"];
    let rules = scene.run(&new("ci-7", "Standard_DS3_v2"));
    assert_eq!(rules.code, 2, "{}{}", rules.out, rules.err);
    assert!(rules.err.contains("3 to 24") || rules.err.contains("last hyphen"), "{}", rules.err);
    let exists = scene.run(&new("ci-ada", "Standard_DS3_v2"));
    assert!(exists.code == 4 && exists.out.contains("its name is taken in westeurope"), "{}{}", exists.out, exists.err);
    let size = scene.run(&new("ci-new", "Standard_Nope_v9"));
    assert!(size.code == 4 && size.out.contains("has no size Standard_Nope_v9"), "{}{}", size.out, size.err);
    let nowhere = scene.run(&["create", "ci-new", "-w", "ws-nowhere", "-s", "S", "--yes"]);
    assert!(nowhere.code == 2 && nowhere.err.contains("no workspace is called"), "{}{}", nowhere.out, nowhere.err);
    let unasked = scene.run(&["create", "ci-new", "-w", "ws-00000", "-s", "Standard_DS3_v2"]);
    assert!(unasked.code == 4 && unasked.out.contains("nobody said yes"), "{}{}", unasked.out, unasked.err);
    let key = scene.run(&["create", "ci-new", "-w", "ws-00000", "-s", "S", "--ssh", "on", "--schedule", "stop"]);
    assert!(key.code == 2 && key.err.contains("there is no key") && key.err.contains("names no day"), "{}", key.err);
    assert_eq!(scene.writes("PUT"), 0);
    assert_eq!(scene.operations().await, []);
}

/// The question for the name is not public: without the right to ask it, or where Azure knows none, it is no hindrance.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_nobody_may_ask_about_is_looked_for_among_those_known() {
    let scene = Scene::with(2, 1, |options| {
        options.world.workspaces[1].instances[0].name = "ci-other".to_owned();
        options.denied =
            vec!["Microsoft.MachineLearningServices/workspaces/checkComputeNameAvailability/action".to_owned()];
    })
    .await;
    let new = |name: &'static str| ["create", name, "-w", "ws-00000", "-s", "Standard_DS3_v2", "--yes"];
    let elsewhere = scene.run(&new("ci-other"));
    assert_eq!(elsewhere.code, 4, "{}{}", elsewhere.out, elsewhere.err);
    assert!(elsewhere.out.contains("its name is taken in westeurope: ws-00001/ci-other has it"), "{}", elsewhere.out);
    assert_eq!(scene.writes("PUT"), 0);
    let said = scene.well(&new("ci-new"));
    assert!(said.err.contains("could not be asked") && said.out.contains("created after"), "{}{}", said.out, said.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_make_one_name_at_once_make_it_once() {
    let scene = Scene::new(1, 1).await;
    let service = scene.service().await;
    let new = ["create", "ci-race", "-w", "ws-00000", "-s", "Standard_DS3_v2", "--yes", "--no-wait"];
    let both: Vec<_> = (0..3).map(|_| scene.begun(&new)).collect();
    let codes: Vec<Option<i32>> =
        both.into_iter().map(|child| child.wait_with_output().unwrap().status.code()).collect();
    drop(service);
    assert_eq!(scene.writes("PUT"), 1, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| **code == Some(0)).count(), 1, "{codes:?}");
}

/// Between the look and the request somebody makes one of that name: here it is there all along, and no look shows it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_somebody_makes_between_the_look_and_the_request_is_not_overwritten() {
    let scene = Scene::with(1, 2, |options| {
        options.world.workspaces[0].instances[1].name = "ci-new".to_owned();
        let hidden = ["list-computes => missing:ci-new", "get,path=ci-new => not-found", "check-name => status:403"];
        options.faults = hidden.map(|fault| fault.parse().unwrap()).to_vec();
    })
    .await;
    let said = scene.run(&["create", "ci-new", "-w", "ws-00000", "-s", "Standard_DS3_v2", "--yes"]);
    assert_eq!(said.code, 4, "{}{}", said.out, said.err);
    assert!(said.out.contains("somebody made one of that name meanwhile; nothing was overwritten"), "{}", said.out);
    let sent: Vec<_> = scene.sandbox.recorder().recent().into_iter().filter(|one| one.method == "PUT").collect();
    let seen: Vec<_> = sent.iter().map(|one| (one.if_none_match.as_str(), one.status)).collect();
    assert_eq!(seen, [("*", 412)], "the header is on the wire, and Azure goes by it");
    assert_eq!(scene.sandbox.look(|world| world.overwrites()), 0);
    let ended = scene.operations().await;
    assert_eq!(ended.len(), 1, "{ended:?}");
    assert!(ended[0].2.as_ref().is_some_and(|end| end.contains("PreconditionFailed")), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_asks_about_what_is_there_now() {
    let scene = Scene::new(1, 2).await;
    let service = scene.service().await;
    // gone since the service looked: nothing is asked, and nothing sent
    scene.sandbox.faults().push("get,path=ci-00000-00000 => not-found".parse().unwrap());
    let gone = scene.answered(&["delete", A], &format!("{A}\n"));
    assert!(gone.code == 4 && gone.out.contains("Azure does not know it"), "{}{}", gone.out, gone.err);
    assert!(!gone.err.contains("to be deleted for good"), "{}", gone.err);
    // unreadable: the same, in other words
    scene.sandbox.faults().push("get,path=ci-00000-00001,count=9 => status:503".parse().unwrap());
    let unread = scene.run(&["delete", B, "--yes"]);
    assert!(unread.code == 4 && unread.out.contains("could not be looked at"), "{}{}", unread.out, unread.err);
    assert_eq!(scene.writes("DELETE"), 0);
    drop(service);
}

/// It is shown running, and the one who typed its name meant that: stopped meanwhile, it is not deleted by that word.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_is_of_what_was_shown() {
    let scene = Scene::new(1, 1).await;
    // the first look, which is shown, says another state than all later ones
    let fault = r#"get,path=ci-00000-00000,count=1 => set:/properties/properties/state="Stopped""#;
    scene.sandbox.faults().push(fault.parse().unwrap());
    let said = scene.answered(&["delete", A], &format!("{A}\n"));
    assert_eq!(said.code, 4, "{}{}", said.out, said.err);
    assert!(said.err.contains("; Stopped"), "what is asked about is what was just seen: {}", said.err);
    assert!(said.out.contains("it was Stopped when you were shown it, and is Running now"), "{}", said.out);
    assert_eq!(scene.writes("DELETE"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_from_standard_input_leaves_no_place_for_an_answer() {
    let scene = Scene::new(1, 1).await;
    let new = ["create", "ci-new", "-w", "ws-00000", "-s", "Standard_DS3_v2", "--ssh", "on", "--ssh-key", "-"];
    let key = "ssh-ed25519 AAAAC3Nza ada@laptop\n";
    let said = scene.answered(&new, key);
    assert!(said.code == 2 && said.err.contains("say --yes too"), "{}{}", said.out, said.err);
    assert_eq!(scene.writes("PUT"), 0);
    let said = scene.answered(&[&new[..], &["--yes"]].concat(), key);
    assert!(said.code == 0 && said.out.contains("created after"), "{}{}", said.out, said.err);
}
