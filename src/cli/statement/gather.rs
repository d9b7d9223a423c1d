//! Reads the ledger and makes a statement.

use std::collections::BTreeSet;

use super::StatementError;
use super::calendar::Days;
use super::focus::{Focus, only_currency};
use super::value::{Head, Statement};
use crate::ledger::{
    AccountError, Adjusted, Baseline, Charges, Costs, DaySpan, Entry, Exchange, Grouping, Head as LedgerHead, Period,
    Question, References, Standing, Stretch, Tally, confirmed, day_of,
};
use crate::store::LedgerReader;
use crate::units::{Currency, InstanceId};

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Which days.
    pub days: Days,
    /// By what to group.
    pub by: Grouping,
    /// Also each day by itself.
    pub daily: bool,
    /// Only rows up to this one, and nothing that goes on.
    pub as_of: Option<i64>,
    /// Of this instance alone.
    pub only: Option<InstanceId>,
    /// The first so many groups.
    pub top: Option<usize>,
    /// Into which currency.
    pub exchange: Option<Exchange>,
    /// In which currency prices come, where settings say so.
    pub priced_in: Option<Currency>,
}

/// The statement.
///
/// # Errors
/// When the ledger cannot be read, or its rows cannot be added up.
pub async fn gather(ledger: &LedgerReader, wanted: Wanted) -> Result<Statement, StatementError> {
    let (head, going_on) = end(ledger, wanted.as_of).await?;
    let references = ledger.references().await?;
    let standing = Standing::new(ledger.corrections(head.seq).await?);
    let question = question(&wanted);
    let mut tally = Tally::new(&references, &standing, &question);
    let from = question.period().from;
    let wants = |entry: &Entry| {
        let subject = || references.subjects.get(&entry.subject);
        wanted.only.as_ref().is_none_or(|only| subject().is_some_and(|subject| subject.instance == *only))
    };
    let take = |entry: Entry| if wants(&entry) { tally.add(&entry).map_err(StatementError::from) } else { Ok(()) };
    ledger.each_entry((head.seq, Some(from)), take).await?;
    for entry in going_on.iter().filter(|entry| wants(entry)) {
        tally.add_open(entry)?;
    }
    let adjusted = adjusted(ledger, (&references, &standing), &tally, head.seq).await?;
    // bills are no rows: what they say today is no part of what the rows said then
    let confirmed =
        if wanted.as_of.is_none() { confirmed_by_bills(ledger, &tally, question.period()).await? } else { None };
    let mut account = tally.account(adjusted, confirmed);
    if let Some(exchange) = &wanted.exchange {
        account = account.converted(exchange);
    }
    account = account.ranked(wanted.by);
    if let Some(most) = wanted.top {
        account = account.top(most);
    }
    let Days { from, to, each, zone, zone_data } = wanted.days;
    let head = Head {
        from,
        to,
        zone,
        zone_data,
        by: wanted.by,
        exchange: wanted.exchange,
        ledger_seq: head.seq,
        ledger_hash: head.hex(),
        fixed: wanted.as_of.is_some(),
        lightsout: env!("CARGO_PKG_VERSION"),
    };
    Ok(Statement { head, days: each, account })
}

/// Charges for FOCUS: of rows alone, day by day in UTC.
///
/// # Errors
/// When the ledger cannot be read, its rows cannot be added up, or the days are not those of UTC.
pub async fn charges(ledger: &LedgerReader, wanted: Wanted) -> Result<Focus, StatementError> {
    let Wanted { days: Days { each, zone, .. }, as_of, priced_in, .. } = wanted;
    if !zone.eq_ignore_ascii_case("UTC") {
        return Err(StatementError::FocusZone(zone));
    }
    let (head, _) = end(ledger, as_of).await?;
    let references = ledger.references().await?;
    let standing = Standing::new(ledger.corrections(head.seq).await?);
    let question = Question::daily(each.clone(), Grouping::Instance);
    let mut charges = Charges::new(&references, &standing, &question);
    let take = |entry: Entry| charges.add(&entry).map_err(StatementError::from);
    ledger.each_entry((head.seq, Some(question.period().from)), take).await?;
    let charges = charges.finish()?;
    let currency = only_currency(&charges).or(priced_in).unwrap_or(Currency::USD);
    Ok(Focus { days: each, charges, currency, ledger_seq: head.seq, ledger_hash: head.hex() })
}

async fn end(ledger: &LedgerReader, as_of: Option<i64>) -> Result<(LedgerHead, Vec<Entry>), StatementError> {
    let Some(wanted) = as_of else { return Ok(ledger.going_on().await?) };
    match ledger.head_at(wanted).await? {
        Some(head) => Ok((head, Vec::new())),
        None => Err(StatementError::NoSuchRow { wanted, rows: ledger.head().await?.seq }),
    }
}

/// One piece for the whole period where days are not asked for: fewer sums are faster sums.
fn question(wanted: &Wanted) -> Question {
    let each = &wanted.days.each;
    let daily = Question::daily(each.clone(), wanted.by);
    if wanted.daily || wanted.by == Grouping::Day { daily } else { Question::whole(daily.period(), wanted.by) }
}

/// None where no day of the period was compared with a bill.
async fn confirmed_by_bills(
    ledger: &LedgerReader,
    tally: &Tally<'_>,
    period: Period,
) -> Result<Option<Costs>, StatementError> {
    let days = DaySpan { first: day_of(period.from), last: day_of(period.to.saturating_sub(1)) };
    if !ledger.any_compared(days).await? {
        return Ok(None);
    }
    let agreed = match touched(tally.stretches()) {
        None => BTreeSet::new(),
        // a restart may be charged to the day after the period, which nobody asked for
        Some(those) => {
            ledger.agreed(DaySpan { first: those.first.max(days.first), last: those.last.min(days.last) }).await?
        }
    };
    Ok(Some(confirmed(tally.stretches(), &agreed)))
}

/// From the first to the last day on which any of these counts; none where there is nothing to count.
fn touched(stretches: &[Stretch]) -> Option<DaySpan> {
    let from = stretches.iter().map(|stretch| stretch.from).min()?;
    let to = stretches.iter().map(|stretch| stretch.to).max()?;
    Some(DaySpan { first: day_of(from), last: day_of(to) })
}

async fn adjusted(
    ledger: &LedgerReader,
    (references, standing): (&References, &Standing),
    tally: &Tally<'_>,
    up_to: i64,
) -> Result<Adjusted, StatementError> {
    let mut baseline = Baseline::new(references, standing, tally.stretches());
    if !tally.stretches().is_empty() {
        let take = |entry: Entry| baseline.add(&entry).map_err(|broken| AccountError::from(broken).into());
        ledger.each_observed::<StatementError>((up_to, references), take).await?;
    }
    Ok(baseline.weigh(tally.stretches()))
}
