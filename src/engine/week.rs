//! A week's figures by person and by team, reckoned from what was spent and avoided; and the words for them. A pure part of
//! the engine.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::accounts::Accounting;
use super::digest::Week;
use super::state::State;
use crate::facts::{Addressing, InstanceFacts, Tags, team_of};
use crate::ledger::Spent;
use crate::ports::{About, Message, MessageKind};
use crate::report::{FleetView, InstanceView, words};
use crate::rules::{Ground, off_since};
use crate::units::{Cost, Currency, PolicyId, When, is_plain_address};

/// So many instances or people are named; the others are counted.
const NAMED_MAX: usize = 10;

/// An instance that is on, and what keeps it so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StillOn {
    owner: Option<Arc<str>>,
    team: Option<Arc<str>>,
    /// Where its owner is written to, where its facts say so.
    pub(super) address: Option<String>,
    words: String,
    /// It is off for a week or more, and goes on costing.
    is_long_off: bool,
}

/// Off for so long it is told of once a week.
const LONG: jiff::SignedDuration = jiff::SignedDuration::from_hours(24 * 7);

/// Amounts by currency, never mixed, and running time without a price.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Sum {
    costs: BTreeMap<Currency, Cost>,
    unpriced: i64,
}

impl Sum {
    fn add(&mut self, one: &Spent) {
        let Some(rate) = one.rate else {
            self.unpriced = self.unpriced.saturating_add(one.seconds);
            return;
        };
        let cost = rate.over(one.seconds);
        let sum = self.costs.entry(cost.currency()).or_insert(Cost::zero(cost.currency()));
        *sum = sum.plus(cost).unwrap_or(*sum);
    }

    fn words(&self) -> String {
        let mut parts: Vec<String> =
            self.costs.iter().map(|(currency, cost)| format!("{} {currency}", cost.text(2))).collect();
        if self.unpriced > 0 {
            let length = words::length(jiff::SignedDuration::from_secs(self.unpriced));
            parts.push(format!("{length} of running without a known price"));
        }
        if parts.is_empty() { "nothing".to_owned() } else { parts.join(" and ") }
    }

    fn most(&self) -> i128 {
        self.costs.values().map(|cost| cost.exact()).max().unwrap_or(0)
    }
}

/// What a week came to for one person or one team.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Account {
    spent: Sum,
    avoided: Sum,
    still_on: Vec<String>,
    /// How many are off for a week or more, and go on costing.
    long_off: usize,
    /// In a team's: what each owner spent.
    people: BTreeMap<Arc<str>, Sum>,
    /// Where the owner is written to, where an instance says so.
    address: Option<String>,
}

/// Every account of a week.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Accounts {
    owners: BTreeMap<Arc<str>, Account>,
    teams: BTreeMap<Arc<str>, Account>,
}

/// Adds up.
pub(super) fn accounts(spent: &[Spent], avoided: &[Spent], still_on: &[StillOn]) -> Accounts {
    let mut all = Accounts::default();
    for one in spent {
        if let Some(owner) = &one.owner {
            all.owners.entry(owner.clone()).or_default().spent.add(one);
        }
        if let Some(team) = &one.team {
            let account = all.teams.entry(team.clone()).or_default();
            account.spent.add(one);
            let owner = one.owner.clone().unwrap_or_else(|| "nobody known".into());
            account.people.entry(owner).or_default().add(one);
        }
    }
    for one in avoided {
        let owner = one.owner.clone().map(|owner| all.owners.entry(owner).or_default());
        owner.into_iter().for_each(|account| account.avoided.add(one));
        let team = one.team.clone().map(|team| all.teams.entry(team).or_default());
        team.into_iter().for_each(|account| account.avoided.add(one));
    }
    for one in still_on.iter().filter(|one| one.is_long_off) {
        let owner = one.owner.clone().map(|owner| all.owners.entry(owner).or_default());
        owner.into_iter().for_each(|account| account.long_off = account.long_off.saturating_add(1));
        let team = one.team.clone().map(|team| all.teams.entry(team).or_default());
        team.into_iter().for_each(|account| account.long_off = account.long_off.saturating_add(1));
    }
    for one in still_on.iter().filter(|one| !one.is_long_off) {
        if let Some(owner) = &one.owner {
            let account = all.owners.entry(owner.clone()).or_default();
            account.still_on.push(one.words.clone());
            account.address = account.address.take().or_else(|| one.address.clone());
        }
        if let Some(team) = &one.team {
            all.teams.entry(team.clone()).or_default().still_on.push(one.words.clone());
        }
    }
    all
}

/// The first few, and how many more there are.
fn listed(all: &[String]) -> String {
    let named = all.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(NAMED_MAX) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

impl Account {
    fn words(&self, whose: &str) -> String {
        let Self { spent, avoided, still_on, long_off, people, .. } = self;
        let mut text = format!("{whose} spent {}; stops avoided {}", spent.words(), avoided.words());
        text.push_str(&match still_on.as_slice() {
            [] => "; nothing is on now".to_owned(),
            on => format!("; still on: {}", listed(on)),
        });
        if *long_off > 0 {
            text.push_str(&format!(
                "; {long_off} off for a week or more, whose disk, address and load balancer go on costing: `lightsout residual`"
            ));
        }
        let mut ranked: Vec<(&Arc<str>, &Sum)> = people.iter().collect();
        ranked.sort_by_key(|(name, sum)| (std::cmp::Reverse(sum.most()), (*name).clone()));
        let ranked: Vec<String> = ranked.into_iter().map(|(name, sum)| format!("{name} {}", sum.words())).collect();
        if !ranked.is_empty() {
            text.push_str(&format!("; of that {}", listed(&ranked)));
        }
        text
    }
}

impl State {
    /// What is on now, and what is off for a week or more, by whose it is; here and as other replicas show it.
    pub(super) fn still_on(&self, others: &[Arc<FleetView>], accounting: &Accounting, now: Timestamp) -> Vec<StillOn> {
        let team = |facts: &InstanceFacts, tags: &Tags| {
            team_of(facts, tags, &accounting.team_tag, &self.directory.teams).map(Into::into)
        };
        let one = |facts: &InstanceFacts, tags: &Tags, ground: Option<Ground>, off: When| {
            let off = off_since(facts, off).is_some_and(|off| now.duration_since(off.at) >= LONG);
            let why = ground.map(|ground| format!(", {}", words::ground(ground)));
            (facts.state.is_on() || off).then(|| StillOn {
                owner: facts.owner.name().map(|name| name.to_lowercase().into()),
                team: team(facts, tags),
                address: None,
                is_long_off: !facts.state.is_on(),
                words: format!("{} ({}{})", facts.id.name(), facts.id.workspace().name(), why.unwrap_or_default()),
            })
        };
        let entries = self.places.values().flat_map(|place| place.entries.values().map(move |entry| (place, &**entry)));
        let own = entries.filter(|(_, entry)| !entry.absent).filter_map(|(place, entry)| {
            let ground = entry.verdict.as_ref().map(|verdict| verdict.ground);
            one(&entry.facts, &place.facts.tags, ground, entry.history.off_since)
        });
        let none = Tags::default();
        let shown = elsewhere(others).filter_map(|shown| {
            let tags = self.others.get(shown.facts.id.workspace()).map_or(&none, |workspace| &workspace.tags);
            one(&shown.facts, tags, shown.verdict.as_ref().map(|verdict| verdict.ground), shown.off_since)
        });
        own.chain(shown).collect()
    }

    /// A message for each owner who can be written to, and for whoever leads each team.
    pub(super) fn told_of(
        &self,
        week: &Week,
        all: &Accounts,
        (rule, others): (&Addressing, &[Arc<FleetView>]),
        now: Timestamp,
    ) -> Vec<Message> {
        let found = self.addresses(rule, others);
        let owners = all.owners.iter().filter_map(|(owner, account)| {
            let written = self.directory.addresses.get(&**owner).cloned();
            let plain = is_plain_address(owner).then(|| owner.to_string());
            let address = found.get(owner).cloned().or(written).or(plain)?;
            let words = account.words("you");
            let message = message(week, (owner, words), now);
            let key = format!("digest|owner|{owner}|{}", week.name);
            Some(Message { id: key, owner: Some(owner.to_string()), address: Some(address.into()), ..message })
        });
        let teams = all.teams.iter().filter_map(|(team, account)| {
            let leads = Some(self.directory.leads_of(team)).filter(|leads| !leads.is_empty())?;
            let whose = format!("team {team}");
            let message = message(week, (&whose, account.words(&whose)), now);
            let key = format!("digest|team|{team}|{}", week.name);
            Some(Message { id: key, notify: leads.to_vec(), ..message })
        });
        owners.chain(teams).collect()
    }

    /// Where owners are written to by what their instances say.
    fn addresses(&self, rule: &Addressing, others: &[Arc<FleetView>]) -> BTreeMap<Arc<str>, String> {
        let own = self.places.values().flat_map(|place| place.entries.values()).map(|entry| &*entry.facts);
        let address = |facts: &InstanceFacts| {
            let name = facts.owner.name()?.to_lowercase();
            Some((name.into(), rule.owner(facts, &self.directory)?.to_owned()))
        };
        own.chain(elsewhere(others).map(|shown| &*shown.facts)).filter_map(address).collect()
    }
}

/// Every instance that other replicas show.
fn elsewhere(others: &[Arc<FleetView>]) -> impl Iterator<Item = &InstanceView> {
    others.iter().flat_map(|view| view.workspaces.values()).flat_map(|room| &room.instances)
}

fn message(week: &Week, (person, words): (&str, String), at: Timestamp) -> Message {
    let mut letters = words.chars();
    let words = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    Message {
        id: String::new(),
        kind: MessageKind::Digest,
        about: About::Week { person: person.to_owned(), week: week.name.clone() },
        notice: None,
        policy: PolicyId::new("all"),
        ground: "digest".to_owned(),
        owner: None,
        notify: Vec::new(),
        words,
        at,
        attempts: 0,
        channel: None,
        address: None,
        not_before: None,
        also: Vec::new(),
    }
}
