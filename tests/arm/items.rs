//! Items as Azure sends them, and as it should not; bodies in `tests/fixtures/arm` say where they come from.

use lightsout::facts::{
    Completeness, InstanceFacts, Inventory, Operation, OperationStatus, PowerState, Reading, Trigger, Unknown,
};
use lightsout::ports::Observe as _;
use lightsout::units::{InstanceId, Span};

use crate::world::{WS, item, json, page, workspace, world, ws};

async fn read(body: String) -> Inventory {
    let world = world(move |_, _| json(200, &body)).await;
    world.azure.inventory(&ws()).await.unwrap()
}

async fn one(item: String) -> InstanceFacts {
    let mut seen = read(page(&[item], None)).await;
    assert_eq!(seen.completeness, Completeness::Whole);
    (*seen.instances.pop().unwrap()).clone()
}

#[tokio::test]
async fn recorded_and_specified_bodies_are_understood() {
    let observed = include_str!("../fixtures/arm/get.observed.2021-10-01.json");
    let id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/ml-rg-test/providers/Microsoft.MachineLearningServices/workspaces/mlworkspace-portal01";
    let ws = workspace(id);
    let world_observed = world(move |_, _| json(200, observed)).await;
    let facts = world_observed.azure.instance(&ws, &InstanceId::new(ws.id.clone(), "ci-one").unwrap()).await.unwrap();
    assert_eq!(facts.state, PowerState::Running);
    assert_eq!(&*facts.size, "STANDARD_DS3_V2");
    assert_eq!(facts.region.as_str(), "eastus");
    assert_eq!(
        facts.created.known().unwrap().to_string(),
        "2022-04-11T01:49:09.7697662Z",
        "seven digits and an offset"
    );
    let operation = facts.last_operation.known().unwrap();
    assert_eq!(
        (&operation.operation, &operation.status, &operation.trigger),
        (&Operation::Create, &OperationStatus::Succeeded, &Trigger::User)
    );
    assert!(facts.owner.is_unknown(), "a user id of zeros is nobody");
    assert!(facts.oddities.is_empty(), "{:?}", facts.oddities);

    let synthetic = include_str!("../fixtures/arm/list.synthetic.json");
    let seen = read(synthetic.replace("SUBSCRIPTION", "sub-1")).await;
    assert_eq!((seen.instances.len(), seen.skipped), (4, 2));
    let by = |name: &str| seen.instances.iter().find(|facts| facts.id.name() == name).unwrap();
    assert_eq!(by("ci-stopped").state, PowerState::Stopped);
    assert_eq!(by("ci-stopped").last_operation.known().unwrap().trigger, Trigger::IdleShutdown);
    assert_eq!(by("ci-job").state, PowerState::JobRunning);
    let native = &by("ci-timers").native;
    assert_eq!(native.idle_shutdown, Some(Span::hours(2)));
    assert_eq!(native.schedules.len(), 2);
    assert_eq!(
        (native.schedules[0].when.as_str(), native.schedules[0].starts, native.schedules[0].enabled),
        ("cron 0 18 * * *", false, true)
    );
    assert_eq!(native.schedules[0].zone.as_deref(), Some("Pacific Standard Time"));
    assert_eq!(native.schedules[1].when, "every 1 week at hours 8 minutes 30 on Monday,Friday");
    assert_eq!(
        by("ci-timers").owner.name(),
        Some("00000000-0000-4000-8000-00000000000a"),
        "whom it was made for, not who made it"
    );
    assert!(matches!(by("ci-new").state, PowerState::Changing(_)));
}

#[tokio::test]
async fn twice_is_once() {
    let old = item("ci-a", "Running").replace("2026-11-02T08", "2026-11-01T08");
    let new = item("CI-A", "Stopped");
    for order in [[old.clone(), new.clone()], [new, old]] {
        let seen = read(page(&order, None)).await;
        assert_eq!(seen.instances.len(), 1, "fault 26");
        assert_eq!(seen.instances[0].state, PowerState::Stopped, "the newest last operation");
    }
}

#[tokio::test]
async fn a_name_used_again_is_another_instance() {
    let before = one(item("ci-a", "Running")).await;
    let after = one(item("ci-a", "Running").replace("2026-10-01T08:00:00.1841498", "2026-11-01T09:00:00")).await;
    assert_eq!(before.id, after.id);
    assert_ne!(before.created, after.created, "fault 28");
}

#[tokio::test]
async fn unknown_words_are_kept_and_never_acted_on() {
    let odd = one(item("ci-a", "Hibernating")).await;
    assert_eq!(odd.state, PowerState::Unrecognised("Hibernating".into()), "fault 29");
    assert_eq!(odd.oddities.len(), 1);
    assert!(!odd.state.is_on());
    let odd = one(item("ci-a", "Running").replace("\"Start\"", "\"Teleport\"").replace("\"User\"", "\"Cosmic\"")).await;
    let operation = odd.last_operation.known().unwrap();
    assert_eq!(
        (&operation.operation, &operation.trigger),
        (&Operation::Other("Teleport".into()), &Trigger::Other("Cosmic".into()))
    );
    let seen = read(page(
        &[item("ci-a", "Running").replace("ComputeInstance", "QuantumCompute"), item("ci-b", "Running")],
        None,
    ))
    .await;
    assert_eq!((seen.instances.len(), seen.skipped), (1, 1));
    let cased = one(item("ci-a", "RUNNING").replace("ComputeInstance", "computeinstance")).await;
    assert_eq!(cased.state, PowerState::Running, "known words in another case");
}

#[tokio::test]
async fn one_bad_item_costs_itself() {
    let good = || item("ci-good", "Running");
    let bad = || item("ci-bad", "Running");
    for broken in [
        bad().replace("\"STANDARD_DS3_V2\"", "17"),
        bad().replace("\"STANDARD_DS3_V2\"", "null"),
        bad().replace("\"Running\"", "9223372036854775808"),
        bad().replace("\"ComputeInstance\"", "null"),
        bad().replace("\"2026-11-02T08:00:00.526+00:00\"", "1762070400"),
        bad().replace(&format!("\"{WS}/computes/ci-bad\""), "null"),
        bad().replace(&format!("{WS}/computes/ci-bad"), &format!("{WS}/computes/a/b")),
        bad().replace("ws-a/computes", "ws-other/computes"),
        bad().replace("\"createdBy\":{", "\"createdBy\":[1],\"x\":{"),
        r#"{"name":"ci-bad"}"#.to_owned(),
        r#""text""#.to_owned(),
        "null".to_owned(),
        "7".to_owned(),
        r#"{"name":"ci-bad","properties":{"computeType":"ComputeInstance","properties":{"state":"Running","state":"Stopped"}}}"#.to_owned(),
    ] {
        let seen = read(page(&[good(), broken.clone()], None)).await;
        assert_eq!(seen.instances.len(), 1, "fault 30, G16: {broken}");
        assert!(matches!(&seen.completeness, Completeness::Partial(named) if named.len() == 1), "{broken}");
    }
    let other = bad().replace("ComputeInstance", "AKS").replace("\"STANDARD_DS3_V2\"", "{}");
    let seen = read(page(&[good(), other], None)).await;
    assert_eq!((seen.skipped, seen.completeness), (1, Completeness::Whole), "another type may have another shape");
    let sparse =
        one(bad().replace(r#""lastOperation":{"#, r#""updateStatus":null,"lastOperation":null,"errors":{"#)).await;
    assert_eq!(sparse.last_operation, Reading::Unknown(Unknown::Missing), "null is as good as absent");
}

#[tokio::test]
async fn odd_tags_opt_out() {
    for (tags, known) in [
        ("{}", true),
        ("null", true),
        (r#"{"a":"b"}"#, true),
        ("[]", false),
        (r#"{"a":1}"#, false),
        (r#"{"a":null}"#, false),
        (r#"{"a":"1","A":"2"}"#, false),
        ("\"x\"", false),
    ] {
        let facts = one(item("ci-a", "Running").replace(r#""tags":{}"#, &format!(r#""tags":{tags}"#))).await;
        assert_eq!(facts.tags.known().is_some(), known, "G13: {tags}");
        assert_eq!(facts.oddities.is_empty(), known, "{tags}");
    }
}

#[tokio::test]
async fn times_that_cannot_be_true_are_not_believed() {
    for time in ["2026-11-02T20:05:01Z", "0001-01-01T00:00:00Z", "2026-11-02T08:00:00", "2026-09-01T00:00:00Z", "NaN"] {
        let facts = one(item("ci-a", "Running").replace("2026-11-02T08:00:00.526+00:00", time)).await;
        assert!(matches!(facts.last_operation, Reading::Unknown(Unknown::Implausible(_))), "fault 31: {time}");
        assert_eq!(facts.oddities.len(), 1, "{time}");
        assert_eq!(facts.started_at(), None, "no arithmetic on it");
    }
    let seven = one(item("ci-a", "Running").replace("08:00:00.526+00:00", "08:00:00.1234567+02:00")).await;
    assert_eq!(seven.last_operation.known().unwrap().at.to_string(), "2026-11-02T06:00:00.1234567Z");
    let future = one(item("ci-a", "Running").replace("2026-10-01T08:00:00.1841498", "2030-01-01T00:00:00")).await;
    assert_eq!((future.created.known(), future.oddities.len()), (None, 1));
}

#[tokio::test]
async fn hostile_text_stays_text() {
    let facts = one(item("ci-a", "Running").replace("ada@example.com", "<script>\\u001b[31m\\u202e</script>")).await;
    assert_eq!(
        facts.owner.user_name.as_deref(),
        Some("<script>\\u{1b}[31m\\u{202e}</script>"),
        "control characters are escaped"
    );
}
