//! `token`: what programs show who they are with, made, listed and taken back.

use jiff::Timestamp;
use serde_json::json;

use super::context::{CommandError, Context};
use crate::access::{Scopes, TokenRecord, digest, spell};
use crate::cli::args::{TokenCommand, TokenMint};
use crate::cli::clock::SystemClock;
use crate::cli::exit::Exit;
use crate::cli::people_door::token_file;
use crate::ports::{Clock as _, Declined};
use crate::web::door::{TokenFile, random_bytes};

/// Makes, lists or takes back API tokens.
///
/// # Errors
/// When the settings are wrong, the file cannot be used, or there is no such token.
pub fn tokens(asked: &TokenCommand, context: &Context) -> Result<Exit, CommandError> {
    let (settings, _) = context.usable()?;
    let file = token_file(&settings);
    match asked {
        TokenCommand::Mint(asked) => {
            mint(asked, &file, context)?;
            if !settings.web.tokens.enabled {
                super::context::complain("no token is taken yet: write enabled = true in [web.tokens]");
            }
        }
        TokenCommand::List => list(&file, context)?,
        TokenCommand::Revoke(asked) => revoke(&asked.name, &file, context)?,
    }
    Ok(Exit::Well)
}

fn declined(words: String) -> CommandError {
    CommandError::Declined(Declined(words))
}

fn mint(asked: &TokenMint, file: &TokenFile, context: &Context) -> Result<(), CommandError> {
    let now = SystemClock.now();
    let bytes = random_bytes().map_err(|error| declined(error.to_string()))?;
    let token = spell(&bytes);
    let scopes: Scopes = asked.scopes.iter().filter_map(|word| crate::access::Scope::named(word)).collect();
    let expires_at = now.checked_add(asked.length.duration()).map_err(CommandError::Date)?;
    let record = TokenRecord {
        name: asked.name.clone(),
        sha256: digest(&token),
        scopes,
        addresses: asked.owners.clone(),
        made_at: now,
        made_by: context.who(),
        expires_at,
        revoked_at: None,
    };
    let added = file.change(|records| {
        let taken = records.iter().any(|held| held.name == record.name && held.is_good_at(now));
        if !taken {
            records.push(record.clone());
        }
        !taken
    })?;
    if !added {
        return Err(declined(format!(
            "there is a token `{}` already; revoke it first, or choose another name",
            asked.name
        )));
    }
    let facts =
        json!({ "token": token, "name": record.name, "scopes": record.scopes, "expires_at": record.expires_at });
    context.print(&facts, || token.clone())
}

fn state(record: &TokenRecord, now: Timestamp) -> &'static str {
    if record.revoked_at.is_some() {
        "revoked"
    } else if record.is_good_at(now) {
        "good"
    } else {
        "expired"
    }
}

fn list(file: &TokenFile, context: &Context) -> Result<(), CommandError> {
    let now = SystemClock.now();
    let records = file.records()?;
    let shown = |record: &TokenRecord| {
        json!({
            "name": record.name, "state": state(record, now), "role": record.role().label(), "scopes": record.scopes,
            "owners": record.addresses, "made_at": record.made_at, "made_by": record.made_by, "expires_at": record.expires_at,
        })
    };
    let line = |record: &TokenRecord| {
        let scopes: Vec<&str> = record.scopes.iter().map(crate::access::Scope::label).collect();
        let owners =
            if record.addresses.is_empty() { String::new() } else { format!(" for {}", record.addresses.join(", ")) };
        format!("{} {} {}{owners} until {}", record.name, state(record, now), scopes.join(","), record.expires_at)
    };
    context.print(&records.iter().map(shown).collect::<Vec<_>>(), || {
        let lines: Vec<String> = records.iter().map(line).collect();
        if lines.is_empty() { "there is no token".to_owned() } else { lines.join("\n") }
    })
}

fn revoke(name: &str, file: &TokenFile, context: &Context) -> Result<(), CommandError> {
    let now = SystemClock.now();
    let revoked = file.change(|records| {
        let mut held: Vec<_> =
            records.iter_mut().filter(|held| held.name == name && held.revoked_at.is_none()).collect();
        held.iter_mut().for_each(|held| held.revoked_at = Some(now));
        held.len()
    })?;
    if revoked == 0 {
        return Err(declined(format!("there is no token `{name}` that is not revoked already")));
    }
    context.print(&json!({ "revoked": name }), || format!("the token {name} is refused from now on"))
}
