//! From the proposal to the deletion over HTTP, before a simulated Azure: who may say what, what the links can and cannot do, and
//! that nothing goes without a yes.

use jiff::SignedDuration;
use lightsout::access::Scope;
use lightsout::cli::people::keys_of_links;
use lightsout::facts::{NoticeKey, ProposalEnd, StopKey};
use lightsout::links::{for_proposal, for_warning};
use lightsout::ports::{Control as _, ProposalBook as _};
use reqwest::Method;
use serde_json::{Value, json};

use crate::house::{ADA, Answer, BOB, House, sent};

/// Off since before the test; bob's.
const OFF: &str = "ci-00000-00003";
const OFF_TOO: &str = "ci-00000-00007";
const TIDY: &str = "name = \"tidy\"\nmode = \"enforce\"\n[scope]\nworkspaces = [\"*\"]\n\
    [warning]\nproof = \"recorded\"\n[stopped]\ndelete_after = \"30d\"\n";
/// More than thirty days after the morning on which the tests begin.
const LATER: &str = "2026-04-20T08:00:00Z";

async fn proposed() -> House {
    let house = House::new(1, 8, TIDY).await;
    assert!(house.engine.view().proposals.is_empty(), "nothing is proposed before its time");
    house.at(LATER);
    house.engine.sweep_all().await;
    assert_eq!(house.engine.view().proposals.len(), 2, "{:?}", house.engine.view().last.faults);
    house
}

fn id_of(house: &House, name: &str) -> String {
    let view = house.engine.view();
    view.proposals.iter().find(|one| one.instance.name() == name && one.is_open()).unwrap().id.clone()
}

async fn said(house: &House, (role, email): (&str, &str), name: &str, (what, body): (&str, Value)) -> Answer {
    let path = format!("{}/proposal/{what}", house.path(name));
    let asked = house.post(&path, &body).header("x-user", "x").header("x-email", email).header("x-groups", role);
    sent(asked).await
}

/// The token of the link in the message of a step.
fn link(house: &House, name: &str) -> String {
    let view = house.engine.view();
    let one = view.proposals.iter().find(|one| one.instance.name() == name && one.is_open()).unwrap();
    let step = one.steps.first().unwrap();
    let key = StopKey(format!("delete/tidy/{}/{}", one.id, step.lead.as_secs()).into());
    let notice = NoticeKey { stop: key, stop_at: step.day };
    for_proposal(&keys_of_links(house.dir.path()).unwrap(), (&one.instance, one.created), &notice).unwrap()
}

async fn look(house: &House, token: &str) -> Answer {
    sent(house.post("/links/keep/look", &json!({ "token": token }))).await
}

async fn press(house: &House, token: &str, days: Option<u32>) -> Answer {
    sent(house.post("/links/keep/use", &json!({ "token": token, "days": days, "reason": "thesis" }))).await
}

fn deletions(house: &House) -> u64 {
    let counts = house.sandbox.recorder().counts();
    counts.iter().filter(|((method, _), _)| method == "DELETE").map(|(_, count)| *count).sum()
}

async fn pass(house: &House, minutes: i64) {
    let then = house.clock_in(SignedDuration::from_mins(minutes));
    house.at(&then);
    house.engine.sweep_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_its_owner_confirms_is_deleted_in_azure_and_nothing_else() {
    let house = proposed().await;
    let told = house.get("/api/v1/stopped", &house.token("r", &[Scope::Read], &[])).await.json();
    let line =
        told["instances"].as_array().unwrap().iter().find(|line| line["instance"].as_str().unwrap().ends_with(OFF));
    let line = line.unwrap();
    assert_eq!((&line["deletion"]["state"], &line["owner"]), (&"proposed".into(), &BOB.into()), "{line}");
    assert!(line["monthly"].as_str().is_some() || line["monthly"].is_object(), "what it goes on costing: {line}");
    assert_eq!(told["total"]["instances"], 2, "{told}");
    let yes = || ("confirm", json!({ "proposal": id_of(&house, OFF), "reason": "left the team" }));
    for (who, status) in [(("viewer", BOB), 403), (("owner", ADA), 403), (("owner", BOB), 200)] {
        let answer = said(&house, who, OFF, yes()).await;
        assert_eq!(answer.status, status, "{who:?}: {answer:?}");
    }
    // within the grace nothing is sent, and then this one alone
    pass(&house, 30).await;
    assert_eq!(deletions(&house), 0);
    pass(&house, 31).await;
    assert_eq!(deletions(&house), 1, "{:?}", house.engine.view().last.ladder);
    for _ in 0..6 {
        pass(&house, 3).await;
    }
    let view = house.engine.view();
    let one = view.proposals.iter().find(|one| one.instance.name() == OFF).unwrap();
    assert!(matches!(one.end, Some(ProposalEnd::Deleted { .. })), "{one:?}");
    let names: Vec<&str> =
        view.workspaces.values().flat_map(|place| &place.instances).map(|one| one.facts.id.name()).collect();
    assert!(!names.contains(&OFF) && names.contains(&OFF_TOO), "{names:?}");
    assert_eq!(deletions(&house), 1, "it is sent once");
    let kept = house.engine.world().store.proposals(jiff::Timestamp::UNIX_EPOCH).await.unwrap();
    assert!(kept.contains(one), "the journal has it as the engine has it");
    let audited: Vec<String> =
        house.audited().await.into_iter().map(|line| format!("{} {}", line.what, line.who)).collect();
    for wanted in ["proposal_made lightsout", "proposal_deleted lightsout"] {
        assert!(audited.iter().any(|line| line == wanted), "{wanted}: {audited:?}");
    }
    assert!(audited.iter().any(|line| line.starts_with("proposal_confirm ")), "{audited:?}");
    house.engine.world().store.verify_audit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_yes_is_to_one_proposal_and_a_no_is_everybodys_who_may_hold() {
    let house = proposed().await;
    let owner = ("owner", BOB);
    let other = json!({ "proposal": id_of(&house, OFF_TOO), "reason": "x" });
    let answer = said(&house, owner, OFF, ("confirm", other)).await;
    assert!(answer.status == 409 && answer.problem().contains("proposed anew"), "{answer:?}");
    let bare = said(&house, owner, OFF, ("confirm", json!({ "proposal": id_of(&house, OFF), "reason": " " }))).await;
    assert_eq!(bare.status, 400, "{bare:?}");
    let yes = json!({ "proposal": id_of(&house, OFF), "reason": "old" });
    assert_eq!(said(&house, ("operator", ADA), OFF, ("confirm", yes.clone())).await.status, 200);
    assert_eq!(said(&house, owner, OFF, ("withdraw", json!({}))).await.status, 200);
    assert_eq!(said(&house, owner, OFF, ("withdraw", json!({}))).await.status, 409, "there is none any more");
    // a token that may only hold may keep, and not say yes
    let hold = house.token("h", &[Scope::Read, Scope::Hold], &[BOB]);
    let path = format!("{}/proposal/confirm", house.path(OFF));
    assert_eq!(sent(house.post(&path, &yes).bearer_auth(&hold)).await.status, 403);
    let path = format!("{}/proposal/keep", house.path(OFF));
    let kept = sent(house.post(&path, &json!({ "days": 60, "reason": "thesis" })).bearer_auth(&hold)).await;
    assert_eq!((kept.status, &kept.json()["state"]), (200, &"kept".into()), "{kept:?}");
    pass(&house, 90).await;
    assert_eq!(deletions(&house), 0);
    assert_eq!(said(&house, owner, OFF, ("confirm", yes)).await.status, 409, "a no stands before a yes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_keeps_once_and_can_do_nothing_else() {
    let house = proposed().await;
    let token = link(&house, OFF);
    // whatever fetches addresses sees the same page as everybody, and changes nothing
    let page = sent(house.ask(Method::GET, "/keep")).await;
    for _ in 0..100 {
        let scanned = sent(house.ask(Method::GET, &format!("/keep?{token}"))).await;
        assert_eq!((scanned.status, scanned.text == page.text), (200, true));
    }
    for method in [Method::GET, Method::HEAD] {
        assert_eq!(sent(house.ask(method.clone(), "/links/keep/use")).await.status, 405, "{method}");
    }
    let looked = look(&house, &token).await;
    assert_eq!((looked.status, &looked.json()["instance"]), (200, &OFF.into()), "{looked:?}");
    assert_eq!(house.engine.view().proposals.iter().filter(|one| one.is_open()).count(), 2, "looking changes nothing");
    // the links of warnings hold and no more, and the other way round
    let (facts, keys) = (house.instance(OFF).facts, keys_of_links(house.dir.path()).unwrap());
    let notice = NoticeKey {
        stop: StopKey(format!("delete/tidy/{}/1", id_of(&house, OFF)).into()),
        stop_at: LATER.parse().unwrap(),
    };
    let warning = for_warning(&keys, (&facts.id, facts.created), &notice, 60).unwrap();
    assert_eq!(look(&house, &warning).await.status, 403);
    assert_eq!(sent(house.post("/links/look", &json!({ "token": token }))).await.status, 403);
    assert_eq!(
        sent(house.post("/links/use", &json!({ "token": token, "seconds": 60, "reason": "x" }))).await.status,
        403
    );
    // forged: one changed letter, another's claim, no reason
    let mut changed = token.clone();
    let last = changed.len() - 10;
    let letter = if changed.as_bytes()[last] == b'A' { "B" } else { "A" };
    changed.replace_range(last..=last, letter);
    assert_eq!(press(&house, &changed, Some(30)).await.status, 403);
    let without = sent(house.post("/links/keep/use", &json!({ "token": token, "days": 30, "reason": "" }))).await;
    assert_eq!(without.status, 400, "{without:?}");
    assert_eq!(press(&house, &token, Some(0)).await.status, 409);
    let pressed = press(&house, &token, Some(30)).await;
    assert_eq!((pressed.status, &pressed.json()["until"]), (200, &"2026-05-20T08:00:00Z".into()), "{pressed:?}");
    for again in [press(&house, &token, None).await, look(&house, &token).await] {
        assert!(again.status == 410, "used once: {again:?}");
    }
    let view = house.engine.view();
    let kept = view.proposals.iter().find(|one| one.instance.name() == OFF).unwrap();
    let by = format!("whoever has the link that {BOB} was sent");
    assert!(matches!(&kept.end, Some(ProposalEnd::Kept { by: who, .. }) if *who == by), "{kept:?}");
    assert_eq!(deletions(&house), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_ends_with_what_it_announced() {
    let house = proposed().await;
    let (one, other) = (link(&house, OFF), link(&house, OFF_TOO));
    assert_eq!(look(&house, &one).await.status, 200);
    // an hour after the day that the message named
    house.at("2026-05-04T09:00:01Z");
    let late = look(&house, &one).await;
    assert!(late.status == 410 && late.problem().contains("expired"), "{late:?}");
    assert_eq!(press(&house, &other, Some(30)).await.status, 410);
}
