//! Money's series: what burns now, what the ledger says, what prices are at work.
//!
//! Costs are summed exactly and rounded once, and what was written down never becomes less: what is taken back is a
//! counter of its own. What goes on may still change, and is a gauge beside it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::escape;
use super::fleet::place;
use super::names::{self, Family};
use super::page::{Draft, Value};
use super::teams::Teams;
use crate::facts::SizeFacts;
use crate::ledger::{EntryKind, MeterState, NoPrice, PriceId, PriceKey, PriceSource};
use crate::report::{FleetView, InstanceView, MoneyView};
use crate::units::{Cost, Currency, Rate, WorkspaceId};

/// Everything that one view says of money.
pub(super) fn write(draft: &mut Draft, view: &FleetView, teams: &Teams) {
    now(draft, view);
    prices(draft, view);
    if !view.part.leads {
        return;
    }
    costs(draft, view, teams);
    time(draft, view, teams);
    draft.single(&names::LEDGER_ROWS, Value::Count(u64::try_from(view.money.head.0).unwrap_or(0)));
    if let Some(followed) = &view.money.followed {
        draft.single(&names::LEDGER_WHOLE, Value::of_bool(followed.found.is_ok()));
        draft.single(&names::LEDGER_FOLLOWED_AT, Value::at(followed.at));
    }
}

/// What one workspace burns.
#[derive(Default)]
struct Burning {
    rates: BTreeMap<Currency, i64>,
    unpriced: usize,
    off: i64,
}

/// Rates by size and region as written: the book folds both, which is dear to do for each of a hundred thousand.
struct Rates<'a> {
    money: &'a MoneyView,
    found: HashMap<(&'a str, &'a str), Option<Rate>>,
}

impl<'a> Rates<'a> {
    fn of(&mut self, instance: &'a InstanceView) -> Option<Rate> {
        let facts = &instance.facts;
        let find = || self.money.prices.rate(&facts.size, &facts.region);
        *self.found.entry((&facts.size, facts.region.as_str())).or_insert_with(find)
    }

    fn burning(&mut self, instances: &'a [InstanceView]) -> Burning {
        let mut burning = Burning::default();
        for instance in instances {
            match MeterState::of(&instance.facts.state) {
                MeterState::Running => match self.of(instance) {
                    Some(rate) => add(&mut burning.rates, rate, 1),
                    None => burning.unpriced = burning.unpriced.saturating_add(1),
                },
                MeterState::Stopped => burning.off = burning.off.saturating_add(1),
                MeterState::Unknown | MeterState::Gone => {}
            }
        }
        burning
    }
}

fn add(rates: &mut BTreeMap<Currency, i64>, rate: Rate, times: i64) {
    let sum = rates.entry(rate.currency()).or_insert(0);
    *sum = sum.saturating_add(rate.nanos().saturating_mul(times));
}

fn now(draft: &mut Draft, view: &FleetView) {
    let mut rates = Rates { money: &view.money, found: HashMap::new() };
    let burning: Vec<(&WorkspaceId, Burning)> =
        view.workspaces.iter().map(|(id, workspace)| (id, rates.burning(&workspace.instances))).collect();
    // a workspace in which nothing runs burns nothing, and says so
    let known = view.money.prices.iter().filter_map(|(_, priced)| priced.price.as_ref());
    let currencies: BTreeSet<Currency> = known.map(|price| price.quote.rate.currency()).collect();
    draft.family(&names::COST_RATE);
    for (id, burning) in &burning {
        let [subscription, group, name] = place(id);
        for currency in &currencies {
            let rate = burning.rates.get(currency).copied().unwrap_or(0);
            draft.sample(&[subscription, group, name, currency.code()], Value::Nano(rate));
        }
    }
    draft.family(&names::UNPRICED);
    for (id, burning) in &burning {
        draft.sample(&place(id), Value::of_len(burning.unpriced));
    }
    quota(draft, view);
    draft.family(&names::RESIDUAL_RATE);
    let Some(residual) = view.money.residual else { return };
    for (id, burning) in &burning {
        let mut rates = BTreeMap::new();
        for part in [residual.disk, residual.public_ip, residual.load_balancer] {
            add(&mut rates, part, burning.off);
        }
        let [subscription, group, name] = place(id);
        for (currency, rate) in rates {
            draft.sample(&[subscription, group, name, currency.code()], Value::Nano(rate));
        }
    }
}

/// Region, family, and how many vCPUs of that quota one instance holds.
type Quota = (String, String, u32);

/// vCPUs of instances that are off, by what quota is counted by. A size whose vCPUs no list gave adds nothing.
fn quota(draft: &mut Draft, view: &FleetView) {
    let sizes: HashMap<&PriceKey, &SizeFacts> = view.money.sizes.iter().map(|(key, size)| (key, size)).collect();
    // the key of a size is dear to make for each of a hundred thousand
    let mut known: HashMap<(&str, &str), Option<Quota>> = HashMap::new();
    let mut held: BTreeMap<(&str, String, String), u64> = BTreeMap::new();
    for (id, workspace) in &view.workspaces {
        let off = |instance: &&InstanceView| MeterState::of(&instance.facts.state) == MeterState::Stopped;
        for facts in workspace.instances.iter().filter(off).map(|instance| &instance.facts) {
            let find = || {
                let key = PriceKey::new(&facts.size, &facts.region);
                let size = sizes.get(&key)?;
                Some((escape::word(key.region().as_str()), escape::word(&size.family), size.vcpus?))
            };
            let found = known.entry((&facts.size, facts.region.as_str())).or_insert_with(find);
            if let Some((region, family, vcpus)) = found {
                let sum = held.entry((id.subscription().as_str(), region.clone(), family.clone())).or_insert(0);
                *sum = sum.saturating_add(u64::from(*vcpus));
            }
        }
    }
    draft.family(&names::QUOTA_HELD);
    for ((subscription, region, family), vcpus) in &held {
        draft.sample(&[subscription, region, family], Value::Count(*vcpus));
    }
}

/// Both sides of an account, and what goes on.
struct Sides<T> {
    credited: T,
    charged: T,
    open: T,
}

/// An account: usage, avoided, would-have-avoided.
struct Account<T> {
    usage: Sides<T>,
    avoided: Sides<T>,
    would: Sides<T>,
}

impl<T: Copy> Account<T> {
    const fn new(nought: T) -> Self {
        const fn sides<T: Copy>(nought: T) -> Sides<T> {
            Sides { credited: nought, charged: nought, open: nought }
        }
        Self { usage: sides(nought), avoided: sides(nought), would: sides(nought) }
    }

    const fn of(&mut self, kind: EntryKind) -> &mut Sides<T> {
        match kind {
            EntryKind::Usage => &mut self.usage,
            EntryKind::Avoided => &mut self.avoided,
            EntryKind::WouldAvoid => &mut self.would,
        }
    }
}

/// A family, and what of an account it shows. Every account has every series, so that the first thing ever avoided is
/// seen to be added to nought.
type Shown<T> = (&'static Family, fn(&Account<T>) -> T);

const COSTS: [Shown<Cost>; 7] = [
    (&names::COST, |account| account.usage.credited),
    (&names::COST_TAKEN_BACK, |account| account.usage.charged),
    (&names::OPEN_COST, |account| account.usage.open),
    (&names::AVOIDED, |account| account.avoided.credited),
    (&names::AVOIDED_TAKEN_BACK, |account| account.avoided.charged),
    (&names::WOULD_AVOID, |account| account.would.credited),
    (&names::WOULD_AVOID_TAKEN_BACK, |account| account.would.charged),
];

const TIMES: [Shown<i64>; 5] = [
    (&names::METERED, |account| account.usage.credited),
    (&names::METERED_TAKEN_BACK, |account| account.usage.charged),
    (&names::OPEN_TIME, |account| account.usage.open),
    (&names::AVOIDED_TIME, |account| account.avoided.credited),
    (&names::AVOIDED_TIME_TAKEN_BACK, |account| account.avoided.charged),
];

/// A workspace as the fleet spells it: the ledger folds case, and a label of one page has one spelling.
fn spelt<'a>(view: &'a FleetView, workspace: &'a WorkspaceId) -> [&'a str; 3] {
    place(view.workspaces.get_key_value(workspace).map_or(workspace, |(id, _)| id))
}

fn costs(draft: &mut Draft, view: &FleetView, teams: &Teams) {
    let mut accounts: BTreeMap<(&WorkspaceId, &str, Currency), Account<Cost>> = BTreeMap::new();
    for sum in view.money.sums.iter() {
        let Some(rate) = sum.rate else { continue };
        let currency = rate.currency();
        let key = (&sum.workspace, teams.label(sum.team.as_deref()), currency);
        let sides = accounts.entry(key).or_insert_with(|| Account::new(Cost::zero(currency))).of(sum.kind);
        for (side, seconds) in
            [(&mut sides.credited, sum.credited()), (&mut sides.charged, sum.charged), (&mut sides.open, sum.open)]
        {
            *side = side.plus(rate.over(seconds)).unwrap_or(*side);
        }
    }
    for (family, shown) in COSTS {
        draft.family(family);
        for ((workspace, team, currency), account) in &accounts {
            let [subscription, group, name] = spelt(view, workspace);
            let amount = shown(account).rounded().as_micros();
            draft.sample(&[subscription, group, name, team, currency.code()], Value::Micro(amount));
        }
    }
}

fn time(draft: &mut Draft, view: &FleetView, teams: &Teams) {
    let mut accounts: BTreeMap<(&WorkspaceId, &str, Option<PriceId>), Account<i64>> = BTreeMap::new();
    for sum in view.money.sums.iter() {
        let key = (&sum.workspace, teams.label(sum.team.as_deref()), sum.price);
        let sides = accounts.entry(key).or_insert_with(|| Account::new(0)).of(sum.kind);
        sides.credited = sides.credited.saturating_add(sum.credited());
        sides.charged = sides.charged.saturating_add(sum.charged);
        sides.open = sides.open.saturating_add(sum.open);
    }
    for (family, shown) in TIMES {
        draft.family(family);
        for ((workspace, team, price), account) in &accounts {
            let [subscription, group, name] = spelt(view, workspace);
            let price = price.map_or_else(String::new, |price| price.0.to_string());
            let seconds = u64::try_from(shown(account)).unwrap_or(0);
            draft.sample(&[subscription, group, name, team, &price], Value::Count(seconds));
        }
    }
}

/// What a price without its number says.
type Priced<'a> = (&'a PriceKey, PriceSource, Rate);

/// Prices that series name: those in force, and those of time that was written down.
fn named(money: &MoneyView) -> BTreeMap<PriceId, Priced<'_>> {
    let of_sums = money.sums.iter().filter_map(|sum| {
        let (key, source) = sum.priced.as_ref()?;
        Some((sum.price?, (key, *source, sum.rate?)))
    });
    let in_force = money.prices.iter().filter_map(|(key, priced)| {
        let price = priced.price.as_ref()?;
        Some((price.id, (key, price.quote.source, price.quote.rate)))
    });
    of_sums.chain(in_force).collect()
}

fn prices(draft: &mut Draft, view: &FleetView) {
    let money = &view.money;
    let named = named(money);
    draft.family(&names::PRICE);
    for (id, (key, source, _)) in &named {
        let size = escape::word(&key.size().to_ascii_uppercase());
        draft
            .sample(&[&id.0.to_string(), &size, &escape::word(key.region().as_str()), source.label()], Value::Count(1));
    }
    draft.family(&names::HOURLY_PRICE);
    for (id, (_, _, rate)) in &named {
        draft.sample(&[&id.0.to_string(), rate.currency().code()], Value::Nano(rate.nanos()));
    }
    let in_force = || money.prices.iter().filter_map(|(_, priced)| priced.price.as_ref());
    draft.family(&names::PRICES);
    for source in PriceSource::ALL {
        let count = in_force().filter(|price| price.quote.source == source).count();
        draft.sample(&[source.label()], Value::of_len(count));
    }
    draft.family(&names::PRICE_AGE);
    for source in PriceSource::ALL {
        let confirmed = in_force().filter(|price| price.quote.source == source).map(|price| price.confirmed_at);
        if let Some(oldest) = confirmed.min() {
            let age = view.at.duration_since(oldest).max(jiff::SignedDuration::ZERO);
            draft.sample(&[source.label()], Value::length(age));
        }
    }
    doubts(draft, money);
    draft.single(&names::PRICE_FAULTS, Value::of_len(money.faults.len()));
}

/// Why there is no price, or no newer one.
fn doubts(draft: &mut Draft, money: &MoneyView) {
    let mut unknown = BTreeMap::from(NoPrice::LABELS.map(|label| (label, 0_usize)));
    let mut doubted = unknown.clone();
    for (_, priced) in money.prices.iter() {
        let counts = if priced.price.is_none() { &mut unknown } else { &mut doubted };
        if let Some(count) = priced.doubt.as_ref().and_then(|doubt| counts.get_mut(doubt.label())) {
            *count = count.saturating_add(1);
        }
    }
    for (family, counts) in [(&names::UNKNOWN_PRICES, unknown), (&names::DOUBTED_PRICES, doubted)] {
        draft.family(family);
        for (why, count) in counts {
            draft.sample(&[why], Value::of_len(count));
        }
    }
}
