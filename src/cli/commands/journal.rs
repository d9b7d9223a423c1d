//! `journal`: a copy made beside the running service, a copy put back in its place, and a move to a server or from it.

use std::path::Path;

use serde_json::json;

use super::context::{CommandError, Context};
use crate::cli::args::{Backend, Journal, JournalBackup, JournalCommand, JournalMigrate, JournalRestore};
use crate::cli::clock::SystemClock;
use crate::cli::exit::Exit;
use crate::cli::store_place::{holder, server};
use crate::cli::switch::{Switch, SwitchError};
use crate::cli::wire_up::freeze_switch;
use crate::facts::Freeze;
use crate::ports::{AuditLine, Clock as _, FreezeSwitch as _, Journal as _};
use crate::settings::Settings;
use crate::store::{Restore, Server, Store, StoreError, copy_journal, copy_server, move_to_folder, move_to_server};

/// Copies, puts back, or moves.
///
/// # Errors
/// When a file cannot be read or written, the copy is not whole, or a service holds the journal.
pub async fn journal(asked: &Journal, context: &Context) -> Result<Exit, CommandError> {
    match &asked.what {
        JournalCommand::Backup(backup) => copy(backup, context).await?,
        JournalCommand::Restore(restore) => put_back(restore, context).await?,
        JournalCommand::Migrate(migrate) => moved(*migrate, context).await?,
        JournalCommand::AcceptLoss => accept_loss(context).await?,
    }
    Ok(Exit::Well)
}

async fn copy(asked: &JournalBackup, context: &Context) -> Result<(), CommandError> {
    let copied = match &asked.store {
        Some(path) => copy_journal(path, &asked.file).await?,
        None => {
            let settings = context.places()?;
            match server(&settings, &context.environment)? {
                Some(server) => copy_server(&server, &asked.file).await?,
                None => copy_journal(&settings.store.dir, &asked.file).await?,
            }
        }
    };
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
    if let Some(server) = server(&settings, &context.environment)? {
        return put_on_server(asked, context, (&settings, &server)).await;
    }
    let restore = Restore::prepare(&asked.file, &settings.store.dir).await?;
    let head = restore.head();
    let freeze = frozen_first(&settings, context, &asked.file).await?;
    let aside = restore.put().await?;
    let told = json!({ "rows": head.seq, "hash": head.hex(), "kept": aside, "freeze": freeze });
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

/// Freezes everything, where it is not frozen already.
async fn frozen_first(settings: &Settings, context: &Context, copy: &Path) -> Result<Freeze, CommandError> {
    let mut switch = Switch::open(settings, &context.environment).await;
    if switch.now().await == Freeze::Off {
        let why = format!("the journal was restored from {}", copy.display());
        switch = switch.freeze_all(&why, &context.who()).await?;
    }
    Ok(switch.now().await)
}

/// The same onto a server that has no journal yet: so a journal moves from a folder to a server, too.
async fn put_on_server(
    asked: &JournalRestore,
    context: &Context,
    (settings, server): (&Settings, &Server),
) -> Result<(), CommandError> {
    let freeze = frozen_first(settings, context, &asked.file).await?;
    let head = move_to_server(&asked.file, server, &holder(settings)).await?;
    let told = json!({ "rows": head.seq, "hash": head.hex(), "freeze": freeze });
    context.print(&told, || {
        format!(
            "restored onto {server}: the ledger ends at row {} {}\nevery replica is frozen: start the service, look at `lightsout plan`, \
             set the holds anew that came after the copy, then `lightsout freeze --lift`",
            head.seq,
            head.hex()
        )
    })
}

/// Nothing is frozen that was not: no service ran, so nothing came after what is moved. What is left behind stays as it was.
async fn moved(asked: JournalMigrate, context: &Context) -> Result<(), CommandError> {
    let settings = context.places()?;
    let (server, dir) = (server(&settings, &context.environment)?.ok_or(StoreError::NoServer)?, &settings.store.dir);
    let (head, aside, next) = match (asked.from, asked.to) {
        (Backend::Sqlite, Backend::Postgres) => {
            let head = move_to_server(dir, &server, &holder(&settings)).await?;
            still_frozen(&settings, context).await?;
            (head, None, "start the service")
        }
        (Backend::Postgres, Backend::Sqlite) => {
            still_frozen(&settings, context).await?;
            let (head, aside) = move_to_folder(&server, dir, &holder(&settings)).await?;
            (head, aside, "take `url` out of [store] and start the service")
        }
        (Backend::Sqlite, Backend::Sqlite) | (Backend::Postgres, Backend::Postgres) => {
            let words = "a journal moves from one to the other: --from sqlite --to postgres, or the other way";
            return Err(StoreError::Conflict(words.to_owned()).into());
        }
    };
    let told = json!({ "rows": head.seq, "hash": head.hex(), "kept": aside });
    context.print(&told, || {
        let kept = aside.as_ref().map_or_else(String::new, |path| format!("what was there is kept as {}\n", path.display()));
        let (dir, rows, hash) = (dir.display(), head.seq, head.hex());
        format!(
            "moved between {dir} and {server}: the ledger ends at row {rows} {hash} on both\n{kept}what it was moved from is \
             written to no more: {next}"
        )
    })
}

/// What one replica's file froze in a folder freezes all of them on a server, and the other way: a move lifts no freeze.
async fn still_frozen(settings: &Settings, context: &Context) -> Result<(), CommandError> {
    let (file, switch) = (freeze_switch(settings), Switch::open(settings, &context.environment).await);
    match (file.freeze(), switch.now().await) {
        (Freeze::On(why), _) => drop(switch.freeze_all(&why, &context.who()).await?),
        (Freeze::Off, Freeze::On(why)) => file.write(&why).map_err(SwitchError::from)?,
        (Freeze::Unreadable(_), _) | (Freeze::Off, Freeze::Off | Freeze::Unreadable(_)) => {}
    }
    Ok(())
}

async fn accept_loss(context: &Context) -> Result<(), CommandError> {
    let settings = context.places()?;
    let server = server(&settings, &context.environment)?.ok_or(StoreError::NoServer)?;
    let (store, lease) = Store::replica(&server, &holder(&settings)).await?;
    let lost = lease.accept_loss().await?;
    if lost > 0 {
        let line = AuditLine {
            at: SystemClock.now(),
            who: context.who(),
            what: "accept loss".to_owned(),
            target: server.to_string(),
            why: format!("the server had forgotten {lost} writes"),
        };
        store.audit(&line).await?;
    }
    context.print(&json!({ "lost": lost }), || match lost {
        0 => format!("{server} has lost nothing that anybody knows of"),
        lost => {
            format!("{server} goes on without the {lost} writes that it has lost; each replica does so within seconds")
        }
    })
}
