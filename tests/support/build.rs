//! Fleets built by hand: `fleet().workspace("ws-a", |w| w.on("ci-1", …))`.
#![expect(
    clippy::unwrap_used,
    unreachable_pub,
    reason = "test support: fixed texts that parse, shared by several binaries"
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use lightsout::facts::{
    Freeze, InstanceFacts, LastOperation, NoticeKey, Operation, OperationStatus, Owner, PowerState, Reading, SizeFacts,
    StopKey, Tags, Trigger,
};
use lightsout::guard::{FleetSight, Refusal};
use lightsout::ledger::{
    EntryKind, NoPrice, Price, PriceBook, PriceId, PriceKey, PriceSource, Priced, Quote, Residual, Sum,
};
use lightsout::plan::{Expected, Notice, Step};
use lightsout::policy::Mode;
use lightsout::report::{
    FaultLine, FleetView, Followed, InstanceView, Label, MoneyView, Outcome, PartOfFleet, PolicyView, StopLine,
    SweepReport, TellingView, WorkspaceView,
};
use lightsout::rules::{Action, Due, Finding, Ground, Rule, Under, Verdict};
use lightsout::units::{Currency, InstanceId, PolicyId, Rate, Region, When, WorkspaceId};
use thin_vec::{ThinVec, thin_vec};

#[path = "allowances.rs"]
mod allowances;
#[path = "evidence.rs"]
mod evidence;
#[path = "held.rs"]
mod held;
#[path = "known.rs"]
mod known;

pub use held::hold;

/// An instant in RFC 3339.
pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The moment of every view here unless told otherwise: a Tuesday evening.
pub fn now() -> Timestamp {
    at("2026-11-24T19:00:00Z")
}

/// So many minutes after [`now`].
pub fn minutes(n: i64) -> Timestamp {
    now().checked_add(SignedDuration::from_mins(n)).unwrap()
}

/// A workspace's id.
pub fn workspace(name: &str) -> WorkspaceId {
    WorkspaceId::new("11111111-2222-3333-4444-555555555555", "rg-ml", name).unwrap()
}

/// An instance's id.
pub fn instance_id(workspace_name: &str, name: &str) -> InstanceId {
    InstanceId::new(workspace(workspace_name), name).unwrap()
}

/// A running instance as observed at [`now`].
pub fn facts(workspace_name: &str, name: &str) -> InstanceFacts {
    let started = LastOperation {
        operation: Operation::Start,
        at: minutes(-600),
        status: OperationStatus::Succeeded,
        trigger: Trigger::User,
    };
    InstanceFacts {
        id: instance_id(workspace_name, name),
        created: When::at(at("2026-01-05T09:00:00Z")),
        state: PowerState::Running,
        size: Arc::from("STANDARD_NC6S_V3"),
        region: Region::new("westeurope"),
        owner: Arc::new(Owner { user_name: Some("ada@example.com".into()), ..Owner::default() }),
        tags: Reading::Known { value: Tags::default(), as_of: now().into() },
        last_operation: Reading::Known { value: Arc::new(started), as_of: now().into() },
        native: Arc::default(),
        observed_at: now(),
        oddities: Default::default(),
    }
}

/// A verdict with one finding.
pub fn verdict(facts: &InstanceFacts, action: Action, ground: Ground) -> Verdict {
    let finding = Finding {
        rule: rule_of(ground),
        ground,
        words: format!("found {}", ground.label()).into(),
        due_at: When::NONE,
    };
    Verdict {
        instance: facts.id.clone(),
        created: facts.created,
        under: Arc::new(Under {
            policy: PolicyId::new("office"),
            revision: Arc::from("r1a2b3c4"),
            override_name: None,
            zone: None,
            zone_data: None,
        }),
        at: now(),
        action,
        ground,
        due: None,
        notice: None,
        changes_at: When::NONE,
        findings: Arc::new([finding]),
    }
}

fn rule_of(ground: Ground) -> Rule {
    match ground {
        Ground::Off | Ground::Unsettled | Ground::Unrecognised | Ground::StopUnderWay | Ground::Asked => Rule::State,
        Ground::Held => Rule::Hold,
        Ground::Frozen => Rule::Freeze,
        Ground::Exempt => Rule::Exempt,
        Ground::Busy => Rule::Busy,
        Ground::JustStarted => Rule::JustStarted,
        Ground::InHours
        | Ground::EdgeSpent
        | Ground::EdgeMissed
        | Ground::StartUnknown
        | Ground::NoActionDay
        | Ground::HoursUnknown
        | Ground::OffHours
        | Ground::NotDue => Rule::Hours,
        Ground::IdleUnknown | Ground::Idle => Rule::Idle,
        Ground::Uptime => Rule::Uptime,
        Ground::OverBudget => Rule::Budget,
        Ground::UnusedStart => Rule::Start,
        Ground::Announced | Ground::WarningUndelivered | Ground::QuietHours => Rule::Warning,
    }
}

/// A stop due at `stop_at`, warned a quarter of an hour before.
pub fn due(ground: Ground, stop_at: Timestamp) -> Due {
    Due {
        ground,
        key: StopKey(format!("2026-11-24|{}", ground.label()).into()),
        due_at: stop_at,
        base_at: stop_at,
        stop_at,
        warn_at: stop_at.checked_sub(SignedDuration::from_mins(15)).unwrap(),
    }
}

/// The step of a verdict that stops.
pub fn step(facts: &InstanceFacts, ground: Ground) -> Step {
    Step {
        instance: facts.id.clone(),
        created: facts.created,
        policy: PolicyId::new("office"),
        revision: Arc::from("r1a2b3c4"),
        ground,
        key: due(ground, now()).key,
        due_at: now(),
        stop_at: now(),
        expected: Expected::of(facts),
        observed_at: now(),
        size: facts.size.clone(),
        counterfactual: None,
    }
}

/// An instance of a view.
pub fn shown(facts: InstanceFacts, verdict: Option<Verdict>) -> InstanceView {
    InstanceView {
        evidence: None,
        seen_at: facts.observed_at.into(),
        facts: Arc::new(facts),
        overdue_since: verdict.as_ref().and_then(Verdict::overdue_since).into(),
        verdict: verdict.map(Arc::new),
        native: ThinVec::new(),
        start: None,
        held_back: None,
        holds: ThinVec::new(),
        off_since: When::NONE,
    }
}

/// A readable workspace.
pub fn room(name: &str, instances: Vec<InstanceView>) -> WorkspaceView {
    WorkspaceView {
        id: workspace(name),
        region: Region::new("westeurope"),
        policy: Some(PolicyId::new("office")),
        read_at: Some(now()),
        read_ms: 120,
        fault: None,
        fault_label: None,
        instances,
        skipped: 1,
    }
}

/// A fleet of these workspaces, under one enforcing policy, well seen.
pub fn fleet(rooms: Vec<WorkspaceView>) -> FleetView {
    let policy = PolicyView {
        id: PolicyId::new("office"),
        file: Arc::from("policies/office.toml"),
        revision: Arc::from("r1a2b3c4"),
        mode: Mode::Enforce,
        canary_until: None,
        zone: Some("Europe/Berlin".into()),
    };
    let verdicts = rooms.iter().flat_map(|room| &room.instances).filter_map(|i| i.verdict.clone()).collect();
    let report = SweepReport {
        began_at: Some(now().checked_sub(SignedDuration::from_millis(1_500)).unwrap()),
        ended_at: Some(now()),
        workspaces_read: rooms.len(),
        verdicts,
        ..SweepReport::default()
    };
    FleetView {
        at: now(),
        freeze: Freeze::Off,
        staleness: known::staleness(&policy.id, rooms.first()),
        workspaces: rooms.into_iter().map(|room| (room.id.clone(), room)).collect::<BTreeMap<_, _>>(),
        policies: vec![policy],
        reload: Ok(minutes(-60)),
        sight: FleetSight { last_full_sweep: Some(now()), ..FleetSight::default() },
        telling: TellingView::default(),
        money: MoneyView::default(),
        budgets: Arc::default(),
        proposals: Arc::default(),
        would_delete: Arc::default(),
        last: Arc::new(report),
        part: PartOfFleet::default(),
    }
}

/// A verdict about an off-hours stop at that instant.
pub fn due_verdict(facts: &InstanceFacts, action: Action, ground: Ground, stop_at: Timestamp) -> Verdict {
    Verdict {
        due: Some(Box::new(due(Ground::OffHours, stop_at))),
        changes_at: When::at(stop_at),
        ..verdict(facts, action, ground)
    }
}

fn with_stops() -> WorkspaceView {
    let due_now = facts("ws-a", "ci-due");
    let coming = facts("ws-a", "ci-coming");
    let held = facts("ws-a", "ci-held");
    let off = InstanceFacts { state: PowerState::Stopped, ..facts("ws-a", "ci-off") };
    let stop = due_verdict(&due_now, Action::Stop, Ground::OffHours, now());
    let announced = due_verdict(&coming, Action::Keep, Ground::Announced, minutes(10));
    let kept = due_verdict(&held, Action::Keep, Ground::Held, minutes(120));
    let nothing = verdict(&off, Action::Keep, Ground::Off);
    let held = InstanceView { holds: thin_vec![hold(&held, minutes(120))], ..shown(held, Some(kept)) };
    room("ws-a", vec![shown(coming, Some(announced)), shown(due_now, Some(stop)), held, shown(off, Some(nothing))])
}

fn with_troubles() -> WorkspaceView {
    let size = Arc::from("STANDARD_NC24ADS_A100_V4");
    let busy = InstanceFacts { state: PowerState::JobRunning, size, ..facts("ws-b", "ci-busy") };
    let odd = InstanceFacts {
        state: PowerState::Unrecognised(Arc::from("Hiber\nnating")),
        owner: Arc::default(),
        ..facts("ws-b", "ci-odd")
    };
    let late = facts("ws-b", "ci-late");
    let used = verdict(&busy, Action::Keep, Ground::Busy);
    let strange = verdict(&odd, Action::Keep, Ground::Unrecognised);
    let overdue = due_verdict(&late, Action::Stop, Ground::OffHours, minutes(-90));
    let late = InstanceView { held_back: Some(Refusal::BackingOff), ..shown(late, Some(overdue)) };
    room("ws-b", vec![shown(busy, Some(used)), late, shown(odd, Some(strange))])
}

fn unreadable() -> WorkspaceView {
    WorkspaceView {
        fault: Some(
            "could not list computes: 403 AuthorizationFailed; give the identity the missing action".to_owned(),
        ),
        fault_label: Some("forbidden"),
        read_at: None,
        policy: None,
        skipped: 0,
        ..room("ws-c", Vec::new())
    }
}

/// A dollar price of a size of ours, as a source gave it a day ago.
pub fn price(id: i64, size: &str, rate: &str, source: PriceSource) -> Price {
    let quote = Quote {
        key: PriceKey::new(size, &Region::new("westeurope")),
        source,
        rate: Rate::parse(rate, Currency::USD).unwrap(),
        fetched_at: minutes(-2_880),
        effective: When::NONE,
        meter: Arc::from("NC6s v3"),
        etag: Arc::from(""),
    };
    Price { id: PriceId(id), quote, confirmed_at: minutes(-1_440) }
}

/// A sum of the ledger: credited, charged and open seconds.
pub fn sum(account: (&str, Option<&str>), kind: EntryKind, price: Option<&Price>, sides: (i64, i64, i64)) -> Sum {
    let (credited, charged, open) = sides;
    Sum {
        workspace: workspace(account.0),
        team: account.1.map(Arc::from),
        kind,
        price: price.map(|price| price.id),
        rate: price.map(|price| price.quote.rate),
        priced: price.map(|price| (price.quote.key.clone(), price.quote.source)),
        seconds: credited - charged + open,
        charged,
        open,
    }
}

/// Prices of the sizes here, one of them unknown; and what a ledger with an older price came to.
pub fn money() -> MoneyView {
    let (old, new) = (
        price(5, "Standard_NC6s_v3", "2.9", PriceSource::Retail),
        price(7, "Standard_NC6s_v3", "3.06", PriceSource::Sheet),
    );
    let unknown = PriceKey::new("Standard_NC24ads_A100_v4", &Region::new("westeurope"));
    let known = Priced { price: Some(new.clone()), doubt: None, asked_at: minutes(-30) };
    let not_listed = Priced { price: None, doubt: Some(NoPrice::NotListed), asked_at: minutes(-30) };
    let vision = ("ws-a", Some("vision"));
    let sums = vec![
        sum(vision, EntryKind::Usage, Some(&old), (7_200, 60, 0)),
        sum(vision, EntryKind::Usage, Some(&new), (3_600, 0, 1_800)),
        sum(("WS-A", Some("vision")), EntryKind::Avoided, Some(&new), (36_000, 300, 0)),
        sum(("ws-b", None), EntryKind::Usage, None, (600, 0, 100)),
        sum(("ws-b", None), EntryKind::WouldAvoid, Some(&new), (7_200, 0, 0)),
    ];
    let faults = FaultLine { workspace: None, label: "prices", words: "retail: it did not answer".to_owned() };
    MoneyView {
        prices: Arc::new(PriceBook::new([(new.quote.key, known), (unknown, not_listed)].into())),
        faults: vec![faults],
        sums: Arc::new(sums),
        head: (42, "c0ffee".repeat(10)),
        residual: Residual::listed().ok(),
        sizes: quota(),
        reconciliation: None,
        followed: Some(Arc::new(Followed { at: minutes(-90), found: Ok(40) })),
    }
}

/// A fleet with something of everything that faces show.
pub fn rich() -> FleetView {
    let mut view = fleet(vec![with_stops(), with_troubles(), unreadable()]);
    view.money = money();
    let report = Arc::make_mut(&mut view.last);
    report.workspaces_read = 2;
    let sent = step(&facts("ws-a", "ci-due"), Ground::OffHours);
    report.stops = vec![StopLine { step: sent, outcome: Outcome::Accepted, at: now() }];
    report.refused = vec![(step(&facts("ws-b", "ci-late"), Ground::OffHours), Refusal::BackingOff)];
    report.notices = vec![notice(&facts("ws-a", "ci-coming"))];
    let settled = [
        ("ci-yesterday", "stopped"),
        ("ci-stuck", "still_running"),
        ("ci-new", "a word of tomorrow"),
        ("ci-kept", "dropped"),
    ];
    report.settled = settled.map(|(name, result)| (instance_id("ws-a", name), result.to_owned())).to_vec();
    report.edges_missed = vec![(PolicyId::new("ops"), 1, "not_running" as Label)];
    report.faults = vec![FaultLine {
        workspace: Some(workspace("ws-c")),
        label: "forbidden",
        words: "could not list computes".to_owned(),
    }];
    view.budgets = Arc::new(allowances::budgets());
    evidence::tell(&mut view, minutes);
    view
}

fn notice(facts: &InstanceFacts) -> Notice {
    Notice {
        instance: facts.id.clone(),
        created: facts.created,
        key: NoticeKey { stop: StopKey("2026-11-24|off_hours".into()), stop_at: minutes(10) },
        policy: PolicyId::new("office"),
        ground: "off_hours".to_owned(),
        owner: Some("ada@example.com".to_owned()),
        notify: Vec::new(),
        words: "it will be stopped".to_owned(),
    }
}

/// What is known of sizes: how much of the quota each holds.
fn quota() -> Vec<(PriceKey, SizeFacts)> {
    let size = |name: &str, family: &str, vcpus| SizeFacts {
        name: name.into(),
        family: family.into(),
        vcpus: Some(vcpus),
        gpus: None,
    };
    let region = Region::new("westeurope");
    vec![(PriceKey::new("Standard_NC6s_v3", &region), size("Standard_NC6s_v3", "standardNCSv3Family", 6))]
}
