//! A fleet that is metered through the journal's own door, sweep by sweep.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use lightsout::facts::{
    Created, History, InstanceFacts, LastOperation, Operation, OperationStatus, Owner, PowerState, Reading, StopKey,
    StopResult, Tags, Trigger, Unknown,
};
use lightsout::ledger::{Counterfactual, Governance, Limit, NoPrice, PriceKey, PriceSource, Quote, Residual, Terms};
use lightsout::plan::{Expected, Step};
use lightsout::ports::{Accounts, Intent, Journal as _, LedgerBook as _, Sighting, SweepRecord, WouldStop};
use lightsout::rules::Ground;
use lightsout::store::Store;
use lightsout::units::{Currency, InstanceId, PolicyId, Rate, Region, When, WorkspaceId};

/// A workspace's name and an instance's.
pub(crate) type Name = (&'static str, &'static str);

const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;

/// So many seconds after 2027-01-01T00:00:00Z, a Friday.
fn at(second: i64) -> Timestamp {
    let new_year: Timestamp = "2027-01-01T00:00:00Z".parse().unwrap();
    Timestamp::from_second(new_year.as_second() + second).unwrap()
}

fn unix(second: i64) -> i64 {
    at(second).as_second()
}

/// Instances as they were last seen.
pub(crate) struct Fleet<'a> {
    store: &'a Store,
    seen: BTreeMap<Name, (PowerState, i64)>,
    stops: u32,
}

impl<'a> Fleet<'a> {
    /// Of nothing yet.
    pub(crate) fn new(store: &'a Store) -> Self {
        Self { store, seen: BTreeMap::new(), stops: 0 }
    }

    /// Of what another one saw, in a journal that was opened again.
    pub(crate) fn that_saw(store: &'a Store, seen: BTreeMap<Name, (PowerState, i64)>) -> Self {
        Self { seen, stops: 1_000, ..Self::new(store) }
    }

    /// What it saw.
    pub(crate) fn seen(self) -> BTreeMap<Name, (PowerState, i64)> {
        self.seen
    }

    /// A size's price from now on.
    pub(crate) async fn price(&self, size: &str, rate: &str, now: i64) {
        let quote = Quote {
            key: PriceKey::new(size, &Region::new("westeurope")),
            source: PriceSource::Retail,
            rate: Rate::parse(rate, Currency::USD).unwrap(),
            fetched_at: at(now),
            effective: When::NONE,
            meter: "D3 v2/DS3 v2".into(),
            etag: "".into(),
        };
        self.store.reprice(&[(quote.key.clone(), Ok(quote))], at(now)).await.unwrap();
    }

    /// A size that nobody lists.
    pub(crate) async fn no_price(&self, size: &str, now: i64) {
        let key = PriceKey::new(size, &Region::new("westeurope"));
        self.store.reprice(&[(key, Err(NoPrice::NotListed))], at(now)).await.unwrap();
    }

    fn facts(&self, name: Name, state: PowerState, now: i64, operation: Option<(Operation, i64)>) -> InstanceFacts {
        let last = operation.map(|(operation, when)| {
            let status = OperationStatus::Succeeded;
            Arc::new(LastOperation { operation, at: at(when), status, trigger: Trigger::User })
        });
        let as_of = When::at(at(now));
        let owner = match name.1 {
            "ci-ada" => "ada@contoso.example",
            // what a person may call themselves
            "ci-eve" => "=HYPERLINK(\"http://evil.example\")",
            _ => "bo <b>@contoso.example",
        };
        InstanceFacts {
            id: id(name),
            created: born(),
            state,
            size: if name.1 == "ci-gpu" { "STANDARD_NC6S_V3".into() } else { "STANDARD_DS3_V2".into() },
            region: Region::new("westeurope"),
            owner: Arc::new(Owner { user_name: Some(owner.into()), ..Owner::default() }),
            tags: Reading::Known { value: Tags::default(), as_of },
            last_operation: last.map_or(Reading::Unknown(Unknown::Missing), |value| Reading::Known { value, as_of }),
            native: Arc::default(),
            observed_at: at(now),
            oddities: Default::default(),
        }
    }

    fn accounts(&self) -> Accounts {
        let terms = |policy: &str, governance| {
            Arc::new(Terms {
                policy: Some(policy.into()),
                revision: Some("r1".into()),
                governance,
                ..Terms::ungoverned("0.1.0", Some("2026a"), Some(Residual::listed().unwrap()))
            })
        };
        Accounts {
            terms: [
                (workspace("nlp"), terms("office", Governance::Enforce)),
                (workspace("vision"), terms("lab", Governance::Observe)),
            ]
            .into(),
            teams: self.seen.keys().filter(|name| name.0 == "nlp").map(|name| (id(*name), "language".into())).collect(),
            ..Accounts::default()
        }
    }

    async fn sweep(&mut self, now: i64, name: Name, facts: InstanceFacts, settled: Vec<(String, StopResult)>) {
        let before = self.seen.insert(name, (facts.state.clone(), now));
        let sighting = Sighting {
            not_after: facts.observed_at,
            facts: Arc::new(facts),
            // the sweep of the minute before saw it as it was
            not_before: before.as_ref().map_or(When::NONE, |_| When::at(at(now - 60))),
            before: before.map(|(state, _)| state),
            history: History::default(),
        };
        let record = SweepRecord { sightings: vec![sighting], settled, ..self.read(now) };
        self.store.record(&record).await.unwrap();
    }

    fn read(&self, now: i64) -> SweepRecord {
        let seen = vec![(workspace("nlp"), at(now)), (workspace("vision"), at(now))];
        SweepRecord { at: Some(at(now)), seen, accounts: self.accounts(), ..SweepRecord::default() }
    }

    /// A sweep that sees nothing new.
    pub(crate) async fn look(&self, now: i64) {
        self.store.record(&self.read(now)).await.unwrap();
    }

    /// Started at a second, seen a minute later.
    pub(crate) async fn on(&mut self, name: Name, start: i64) {
        let now = start + 60;
        let facts = self.facts(name, PowerState::Running, now, Some((Operation::Start, start)));
        self.sweep(now, name, facts, Vec::new()).await;
    }

    /// Stopped by its person at a second, seen a minute later.
    pub(crate) async fn off(&mut self, name: Name, stop: i64) {
        let now = stop + 60;
        let facts = self.facts(name, PowerState::Stopped, now, Some((Operation::Stop, stop)));
        self.sweep(now, name, facts, Vec::new()).await;
    }

    /// Stopped by us at a second, with a counterfactual that ends then.
    pub(crate) async fn stopped_by_us(&mut self, name: Name, stop: i64, until: i64, ground: Ground) {
        self.stops += 1;
        let id = format!("i-{}", self.stops);
        let facts = self.facts(name, PowerState::Running, stop - 20, None);
        let step = Step {
            instance: facts.id.clone(),
            created: facts.created,
            policy: PolicyId::new("office"),
            revision: "r1".into(),
            ground,
            key: StopKey(format!("{}/{stop}", ground.label()).into()),
            due_at: at(stop),
            stop_at: at(stop),
            expected: Expected::of(&facts),
            observed_at: facts.observed_at,
            size: facts.size,
            counterfactual: Some(Counterfactual { until: unix(until), limit: Limit::OnEdge }),
        };
        let intent = Intent { id: id.clone(), step, at: at(stop - 10), attempt: 1 };
        self.store.intend(&intent).await.unwrap();
        self.store.sent(&id, at(stop)).await.unwrap();
        let now = stop + 60;
        let facts = self.facts(name, PowerState::Stopped, now, Some((Operation::Stop, stop)));
        self.sweep(now, name, facts, vec![(id, StopResult::Stopped)]).await;
    }

    /// What a policy that observes would have stopped.
    pub(crate) async fn would_stop(&self, name: Name, now: i64, until: i64) {
        let would = WouldStop {
            instance: id(name),
            created: born(),
            at: at(now),
            key: StopKey(format!("hours/lab/{now}").into()),
            ground: "off_hours",
            counterfactual: Counterfactual { until: unix(until), limit: Limit::OnEdge },
        };
        let accounts = Accounts { would: vec![would], ..self.accounts() };
        self.store.record(&SweepRecord { accounts, ..self.read(now) }).await.unwrap();
    }
}

fn workspace(name: &str) -> WorkspaceId {
    WorkspaceId::new("11111111-2222-3333-4444-555555555555", "rg-ml", name).unwrap()
}

fn id(name: Name) -> InstanceId {
    InstanceId::new(workspace(name.0), name.1).unwrap()
}

fn born() -> Created {
    Created::at(at(-40 * DAY))
}

/// Three weeks of office days: two machines that are stopped at seven in the evening, one that a policy in observe mode
/// leaves on, one without a price. One stop is a regret, one price changes, one day nobody looks.
pub(crate) async fn january(fleet: &mut Fleet<'_>) {
    fleet.price("Standard_DS3_v2", "0.293", -DAY).await;
    fleet.no_price("Standard_NC6s_v3", -DAY).await;
    for day in (0..21).filter(|day| ![6, 0].contains(&((day + 5) % 7))) {
        work(fleet, day).await;
        stops(fleet, day).await;
        fleet.look((day + 1) * DAY + 120).await;
    }
    fleet.look(25 * DAY).await;
}

const ADA: Name = ("nlp", "ci-ada");
const BO: Name = ("nlp", "ci-bo");
const EVE: Name = ("vision", "ci-eve");
const GPU: Name = ("vision", "ci-gpu");

async fn work(fleet: &mut Fleet<'_>, day: i64) {
    let morning = day * DAY + 8 * HOUR;
    // on some days before its hours open: then a restart is charged
    fleet.on(ADA, morning + if day % 2 == 0 { 300 } else { -1_500 }).await;
    fleet.on(BO, morning + 1_200).await;
    fleet.on(EVE, morning + 2_400).await;
    if day % 5 == 0 {
        fleet.on(GPU, morning + 3_000).await;
        fleet.off(GPU, morning + 4 * HOUR).await;
    }
    if day == 11 {
        fleet.price("Standard_DS3_v2", "0.31", day * DAY + 12 * HOUR).await;
    }
}

async fn stops(fleet: &mut Fleet<'_>, day: i64) {
    let (evening, next) = (day * DAY + 19 * HOUR, (day + 1) * DAY + 8 * HOUR);
    fleet.stopped_by_us(ADA, evening, next, Ground::OffHours).await;
    fleet.stopped_by_us(BO, evening + 600, next, if day % 2 == 0 { Ground::Idle } else { Ground::OffHours }).await;
    if day == 5 {
        fleet.on(BO, evening + 1_500).await;
        fleet.off(BO, evening + 2 * HOUR).await;
    }
    fleet.would_stop(EVE, evening + 1_600 + 2 * HOUR, next).await;
    fleet.off(EVE, evening + 4 * HOUR).await;
}
