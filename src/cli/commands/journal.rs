//! `journal`: a copy made beside the running service, and a copy put back in its place.

use serde_json::json;

use super::context::{CommandError, Context};
use crate::cli::args::{Journal, JournalBackup, JournalCommand, JournalRestore};
use crate::cli::exit::Exit;
use crate::cli::wire_up::freeze_switch;
use crate::facts::Freeze;
use crate::ports::FreezeSwitch as _;
use crate::store::{Restore, copy_journal};

/// Copies, or puts back.
///
/// # Errors
/// When a file cannot be read or written, the copy is not whole, or a service holds the journal.
pub async fn journal(asked: &Journal, context: &Context) -> Result<Exit, CommandError> {
    match &asked.what {
        JournalCommand::Backup(backup) => copy(backup, context).await?,
        JournalCommand::Restore(restore) => put_back(restore, context).await?,
    }
    Ok(Exit::Well)
}

async fn copy(asked: &JournalBackup, context: &Context) -> Result<(), CommandError> {
    let from = match &asked.store {
        Some(path) => path.clone(),
        None => context.places()?.store.dir,
    };
    let copied = copy_journal(&from, &asked.file).await?;
    let (rows, hash) = (copied.head.seq, copied.head.hex());
    let told = json!({ "file": asked.file, "bytes": copied.bytes, "rows": rows, "hash": hash });
    context.print(&told, || {
        format!(
            "copied to {}: {} bytes, read back and whole; its ledger ends at row {rows} {hash}",
            asked.file.display(),
            copied.bytes
        )
    })
}

/// Frozen before anything moves: whatever is interrupted, nothing is stopped by what a copy no longer knows.
async fn put_back(asked: &JournalRestore, context: &Context) -> Result<(), CommandError> {
    let settings = context.places()?;
    let restore = Restore::prepare(&asked.file, &settings.store.dir).await?;
    let head = restore.head();
    let switch = freeze_switch(&settings);
    if switch.freeze() == Freeze::Off {
        switch.write(&format!("the journal was restored from {} (by {})", asked.file.display(), context.who()))?;
    }
    let aside = restore.put().await?;
    let told = json!({ "rows": head.seq, "hash": head.hex(), "kept": aside, "freeze": switch.freeze() });
    context.print(&told, || {
        let kept = aside.as_ref().map_or_else(String::new, |path| format!("what was there is kept as {}\n", path.display()));
        format!(
            "restored: the ledger ends at row {} {}\n{kept}everything is frozen, because holds and warnings that came after the copy \
             are not in it: start the service, look at `lightsout plan`, set the holds anew, then `lightsout freeze --lift`",
            head.seq,
            head.hex()
        )
    })
}
