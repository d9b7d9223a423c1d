//! `ledger`: the whole of it followed row by row, or only its end; beside the running service, or from a copy.

use serde_json::json;

use super::context::{CommandError, Context};
use crate::cli::args::{Ledger, LedgerCommand, LedgerPlace};
use crate::cli::exit::Exit;
use crate::cli::store_place::{open_ledger, server};
use crate::store::{LedgerReader, StoreError, VerifyError};

/// Verifies, or prints the end.
///
/// # Errors
/// When the ledger cannot be read, or does not stand.
pub async fn ledger(asked: &Ledger, context: &Context) -> Result<Exit, CommandError> {
    match &asked.what {
        LedgerCommand::Verify(place) => verify(&open(place, context).await?, context).await?,
        LedgerCommand::Head(place) => head(&open(place, context).await?, context).await?,
    }
    Ok(Exit::Well)
}

async fn open(place: &LedgerPlace, context: &Context) -> Result<LedgerReader, CommandError> {
    let opened = match &place.store {
        Some(path) => LedgerReader::open(path).await,
        None => {
            let settings = context.places()?;
            open_ledger(server(&settings, &context.environment)?, &settings.store.dir).await
        }
    };
    Ok(opened.map_err(VerifyError::from)?)
}

async fn verify(ledger: &LedgerReader, context: &Context) -> Result<(), CommandError> {
    let found = ledger.verify().await?;
    let (head, total) = (found.head, found.total);
    let told = json!({
        "rows": head.seq, "hash": head.hex(), "instances": found.lives,
        "seconds": { "running": total.running, "stopped": total.stopped, "unknown": total.unknown },
    });
    let hours = |seconds: i64| seconds / 3_600;
    context.print(&told, || {
        format!(
            "the ledger is whole: {} rows of {} instances, {} h running, {} h stopped, {} h unknown\nhead {} {}",
            head.seq,
            found.lives,
            hours(total.running),
            hours(total.stopped),
            hours(total.unknown),
            head.seq,
            head.hex()
        )
    })
}

async fn head(ledger: &LedgerReader, context: &Context) -> Result<(), CommandError> {
    let head = ledger.head().await.map_err(|error: StoreError| VerifyError::from(error))?;
    context.print(&json!({ "rows": head.seq, "hash": head.hex() }), || format!("{} {}", head.seq, head.hex()))
}
