//! `token`, for programs that call the API.

use clap::{Args as ClapArgs, Subcommand};

use crate::access::Scope;
use crate::units::Span;

/// `token`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct TokenArgs {
    /// What to do.
    #[command(subcommand)]
    pub what: TokenCommand,
}

/// What can be done with API tokens.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum TokenCommand {
    /// Make one; it is shown once, and only a digest of it is kept
    Mint(TokenMint),
    /// List those that were made
    List,
    /// Take one back
    Revoke(TokenRevoke),
}

/// `token mint`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct TokenMint {
    /// What it is called: what stands in the audit log
    #[arg(value_name = "NAME", value_parser = name)]
    pub name: String,
    /// What it may be used for, of read, hold, operate and admin; none includes another
    #[arg(long = "scope", value_name = "SCOPES", value_delimiter = ',', default_value = "read", value_parser = Scope::ALL.map(Scope::label))]
    pub scopes: Vec<String>,
    /// It acts on the instances of this owner alone; may be given several times
    #[arg(long = "owner", value_name = "ADDRESS")]
    pub owners: Vec<String>,
    /// How long it is good, up to 366d
    #[arg(long = "for", id = "length", value_name = "LENGTH", default_value = "90d", value_parser = length)]
    pub length: Span,
}

/// `token revoke`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct TokenRevoke {
    /// Its name
    #[arg(value_name = "NAME")]
    pub name: String,
}

fn name(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if text.is_empty() || text.len() > 64 || !text.chars().all(plain) {
        return Err("use up to 64 letters, digits, `-`, `_` and `.`".to_owned());
    }
    Ok(text.to_owned())
}

fn length(text: &str) -> Result<Span, String> {
    let span: Span = text.parse().map_err(|error: crate::units::AmountError| error.to_string())?;
    // whoever it was made for has left by then, or can have another one
    let longest = Span::hours(366 * 24);
    if span < Span::minutes(1) || span > longest {
        return Err("choose from 1m to 366d".to_owned());
    }
    Ok(span)
}
