//! What the faces read of the past, out of journal and ledger; sums of the ledger are kept for a minute, since many look at
//! the same ones.

use std::collections::HashMap;
use std::error::Error as _;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::outside::Outside;
use super::statement::{Statement, StatementError, Wanted, days_between, gather, headlines, notes};
use super::switch::{SwitchError, freeze_all, lift_freeze};
use crate::facts::MadeHold;
use crate::ledger::{Costs, Figures, Group, Usage};
use crate::ports::{
    AccountAsked, AuditLine, Clock, Fault, FaultKind, Freezer, Happening, Journal as _, Records, with_causes,
};
use crate::report::{Savings, SavingsDay, SavingsFigures, SavingsGround, SavingsHeadline, SavingsRow};
use crate::units::{Cost, InstanceId, Money};

/// Sums are this old at most.
const KEPT: SignedDuration = SignedDuration::from_secs(60);
/// Sums kept at once: a few pages of a few people.
const KEPT_MOST: usize = 64;

/// What was added up lately. Whoever asks for something that is not in it waits for who adds up now: the readers of the
/// journal are few, and the outbox is read by them too.
type Kept = tokio::sync::Mutex<HashMap<AccountAsked, (SignedDuration, Arc<Savings>)>>;

/// Journal, ledger and switch, as the faces read them.
#[derive(Debug)]
pub struct Recorded<C> {
    outside: Arc<Outside<C>>,
    kept: Kept,
}

impl<C: Clock> Recorded<C> {
    /// Of what the engine has.
    #[must_use]
    pub fn new(outside: Arc<Outside<C>>) -> Self {
        Self { outside, kept: Kept::default() }
    }

    async fn add_up(&self, asked: &AccountAsked) -> Result<Savings, Fault> {
        let days = days_between(asked.from, asked.to, &asked.zone).map_err(|error| unread(&error))?;
        let wanted = Wanted {
            days,
            by: asked.by,
            daily: asked.daily,
            as_of: None,
            only: asked.only.clone(),
            top: None,
            exchange: None,
            priced_in: None,
        };
        let statement = gather(&self.outside.store.ledger(), wanted).await.map_err(|error| unread(&error))?;
        Ok(savings(&statement, asked.daily))
    }
}

fn unread(error: &StatementError) -> Fault {
    let cause = with_causes(error.to_string(), error.source());
    Fault::new(FaultKind::Storage, "add up the ledger").because(cause)
}

fn amounts(costs: &Costs) -> Vec<Money> {
    costs.iter().map(Cost::rounded).collect()
}

fn together<'a>(costs: impl IntoIterator<Item = &'a Costs>) -> Vec<Money> {
    let mut all = Costs::default();
    costs.into_iter().for_each(|costs| all.merge(costs));
    amounts(&all)
}

/// What goes on counts too: a page shows what is burning.
fn figures(of: &Figures) -> SavingsFigures {
    let seconds = |of_usage: fn(&Usage) -> i64| of_usage(&of.usage).saturating_add(of_usage(&of.open));
    SavingsFigures {
        cost: together([&of.usage.cost.mid, &of.open.cost.mid]),
        residual: together([&of.usage.residual.stopped, &of.open.residual.stopped]),
        avoided: amounts(&of.avoided.cost),
        would_avoid: amounts(&of.would_avoid.cost),
        running_seconds: seconds(|usage| usage.running.mid),
        unpriced_seconds: seconds(|usage| usage.unpriced_seconds),
        unrated_seconds: seconds(|usage| usage.residual.unrated_seconds),
        avoided_unpriced_seconds: of.avoided.unpriced_seconds,
        stops: of.avoided.stops,
    }
}

fn days(statement: &Statement) -> Vec<SavingsDay> {
    let of_day = |place: usize| {
        let cells = || statement.account.groups.iter().filter_map(move |group: &Group| group.days.get(&place));
        let cost = together(cells().flat_map(|cell| [&cell.cost, &cell.open]));
        (cost, together(cells().map(|cell| &cell.avoided)))
    };
    let days = statement.days.iter().enumerate().map(|(place, day)| {
        let (cost, avoided) = of_day(place);
        SavingsDay { day: day.name.to_string(), cost, avoided }
    });
    days.collect()
}

fn savings(statement: &Statement, daily: bool) -> Savings {
    let account = &statement.account;
    let row = |group: &Group| SavingsRow {
        key: group.name.key.to_string(),
        label: group.name.label.to_string(),
        figures: figures(&group.figures),
    };
    let ground = |(ground, of): (&Arc<str>, &crate::ledger::GroundFigures)| SavingsGround {
        ground: ground.to_string(),
        stops: of.avoided.stops,
        avoided: amounts(&of.avoided.cost),
    };
    let headline =
        |one: super::statement::Headline| SavingsHeadline { name: one.name, amount: one.amount, meaning: one.meaning };
    Savings {
        from: statement.head.from,
        to: statement.head.to,
        zone: statement.head.zone.clone(),
        by: statement.head.by,
        total: figures(&account.total),
        headlines: headlines(statement).into_iter().map(headline).collect(),
        rows: account.groups.iter().map(row).collect(),
        days: if daily { days(statement) } else { Vec::new() },
        grounds: account.grounds.iter().map(ground).collect(),
        notes: notes(statement),
        listed: statement.is_listed(),
        ledger_seq: statement.head.ledger_seq,
        ledger_hash: statement.head.ledger_hash.clone(),
    }
}

impl<C: Clock + 'static> Records for Recorded<C> {
    async fn savings(&self, asked: AccountAsked) -> Result<Arc<Savings>, Fault> {
        let mut kept = self.kept.lock().await;
        let now = self.outside.steady();
        kept.retain(|_, (at, _)| now.saturating_sub(*at) < KEPT);
        if let Some((_, savings)) = kept.get(&asked) {
            return Ok(savings.clone());
        }
        let savings = Arc::new(self.add_up(&asked).await?);
        if kept.len() >= KEPT_MOST {
            let oldest = kept.iter().min_by_key(|(_, (at, _))| *at).map(|(asked, _)| asked.clone());
            oldest.and_then(|oldest| kept.remove(&oldest));
        }
        kept.insert(asked, (self.outside.steady(), savings.clone()));
        Ok(savings)
    }

    async fn happenings(&self, instance: &InstanceId, since: Timestamp, most: u32) -> Result<Vec<Happening>, Fault> {
        let read = self.outside.store.happenings(instance, since, most).await;
        read.map_err(|error| error.fault(format!("read what happened to {}", instance.name())))
    }

    async fn made_holds(&self, since: Timestamp) -> Result<Vec<MadeHold>, Fault> {
        self.outside.store.made_holds(since).await
    }

    async fn audit(&self, most: u32) -> Result<Vec<AuditLine>, Fault> {
        self.outside.store.newest_audit(most).await.map_err(|error| error.fault("read the audit log"))
    }

    async fn note(&self, line: &AuditLine) -> Result<(), Fault> {
        self.outside.store.audit(line).await
    }
}

impl<C: Clock + 'static> Freezer for Recorded<C> {
    async fn freeze_all(&self, why: &str, who: &str) -> Result<(), Fault> {
        let written = freeze_all(&self.outside.freeze, &self.outside.store, why, who).await;
        written.map_err(|error| unset("freeze everything", &error))
    }

    async fn lift_freeze(&self) -> Result<bool, Fault> {
        let lifted = lift_freeze(&self.outside.freeze, &self.outside.store).await;
        lifted.map_err(|error| unset("lift the freeze", &error))
    }
}

fn unset(doing: &str, error: &SwitchError) -> Fault {
    Fault::new(FaultKind::Storage, doing).because(with_causes(error.to_string(), error.source()))
}
