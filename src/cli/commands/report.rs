//! `report`: what instances cost and what stopping them avoided, out of the ledger, beside the running service.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

use super::context::{CommandError, Context};
use crate::cli::args::{Format, Report};
use crate::cli::clock::SystemClock;
use crate::cli::exit::Exit;
use crate::cli::render::{Look, Paint, Zones};
use crate::cli::statement::{
    StatementError, Wanted, charges, csv, days_of, focus_csv, focus_parquet, gather, json, page, table,
};
use crate::cli::store_place::{open_ledger, server};
use crate::ledger::Exchange;
use crate::ports::Clock as _;
use crate::settings::Prices;
use crate::store::LedgerReader;

/// Makes the report and writes it.
///
/// # Errors
/// When the ledger cannot be read, or what was asked for cannot be.
pub async fn report(asked: &Report, context: &Context) -> Result<Exit, CommandError> {
    let format = if context.global.json { Format::Json } else { asked.format };
    let fixed = asked.as_of_seq.is_some();
    let today = |zone: &jiff::tz::TimeZone| (!fixed).then(|| SystemClock.now().to_zoned(zone.clone()).date());
    let prices = of_settings(asked, context);
    let wanted = Wanted {
        days: days_of(asked, today)?,
        by: asked.by.into(),
        daily: format == Format::Html,
        as_of: asked.as_of_seq,
        only: None,
        top: asked.top.and_then(|most| usize::try_from(most).ok()),
        priced_in: prices.as_ref().map(|prices| prices.currency),
        exchange: exchange(asked).or_else(|| prices.and_then(as_set)),
    };
    if format == Format::FocusParquet && asked.out.is_none() && std::io::stdout().is_terminal() {
        return Err(StatementError::NeedsFile.into());
    }
    let ledger = ledger(asked, context).await?;
    let bytes = match format {
        Format::Table => table(&gather(&ledger, wanted).await?, &look(asked, context)).into_bytes(),
        Format::Csv => csv(&gather(&ledger, wanted).await?).into_bytes(),
        Format::Json => json(&gather(&ledger, wanted).await?)?.into_bytes(),
        Format::Html => page(&gather(&ledger, wanted).await?)?.into_bytes(),
        Format::FocusCsv => focus_csv(&charges(&ledger, wanted).await?)?.into_bytes(),
        Format::FocusParquet => focus_parquet(&charges(&ledger, wanted).await?)?,
    };
    put(&bytes, asked.out.as_deref())?;
    Ok(Exit::Well)
}

/// By the terminal; but what goes to a file, or has to be the same everywhere, has no colours and a width of its own.
fn look(asked: &Report, context: &Context) -> Look {
    if asked.out.is_none() && asked.as_of_seq.is_none() {
        return context.look(None);
    }
    Look { paint: Paint::Plain, width: 140, zones: Zones::default(), now: jiff::Timestamp::UNIX_EPOCH }
}

async fn ledger(asked: &Report, context: &Context) -> Result<LedgerReader, CommandError> {
    let opened = match &asked.store {
        // no settings are needed where a copy is read
        Some(path) => LedgerReader::open(path).await,
        None => {
            let settings = context.places()?;
            open_ledger(server(&settings, &context.environment)?, &settings.store.dir).await
        }
    };
    opened.map_err(|error| StatementError::from(error).into())
}

/// What settings say of prices. A copy, and a report that has to be the same everywhere, go by flags alone.
fn of_settings(asked: &Report, context: &Context) -> Option<Prices> {
    if asked.store.is_some() || asked.as_of_seq.is_some() {
        return None;
    }
    Some(context.load().settings?.prices)
}

/// As `[prices.convert]` says.
fn as_set(prices: Prices) -> Option<Exchange> {
    let into = prices.reported_in();
    let rates = prices.convert.rates;
    (!rates.is_empty()).then_some(Exchange { into, rates })
}

fn exchange(asked: &Report) -> Option<Exchange> {
    let rates = asked.rates.iter().map(|rate| (rate.of, rate.rate)).collect();
    asked.into.map(|into| Exchange { into, rates })
}

/// To a file, whole or not at all; else to standard output, where a reader who went away is no error.
fn put(bytes: &[u8], out: Option<&Path>) -> Result<(), CommandError> {
    let Some(path) = out else {
        drop(std::io::stdout().write_all(bytes));
        return Ok(());
    };
    whole(path, bytes).map_err(|error| CommandError::Io(format!("write {}", path.display()), error))
}

/// A file, whole or not at all.
pub(super) fn whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}
