//! `hold` and `freeze` as typed.

use clap::{ArgAction, Args as ClapArgs};
use jiff::SignedDuration;

use super::words;
use crate::units::Span;

/// `hold`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["instance", "owner", "list", "lift"]))]
pub struct Hold {
    /// Its name, WORKSPACE/NAME, or full ARM id
    #[arg(value_name = "INSTANCE", requires_all = ["length", "reason"])]
    pub instance: Option<String>,
    /// Every instance of this person instead, by user name or object id; what was made for somebody is known by the id alone
    #[arg(long, value_name = "OWNER", requires_all = ["length", "reason"])]
    pub owner: Option<String>,
    /// How long from now, such as 2h, 90m or 1d
    #[arg(long = "for", id = "length", value_name = "LENGTH", value_parser = positive, conflicts_with_all = ["list", "lift"])]
    pub length: Option<Span>,
    /// Why: its owner and others will read it
    #[arg(long, value_name = "WORDS", value_parser = words, conflicts_with_all = ["list", "lift"])]
    pub reason: Option<String>,
    /// Keep it off, and not on: nothing starts it when its hours begin
    #[arg(long, conflicts_with_all = ["list", "lift"])]
    pub off: bool,
    /// List the holds in force
    #[arg(long, action = ArgAction::SetTrue)]
    pub list: bool,
    /// End a hold by its id, or every hold on an instance by its name
    #[arg(long, value_name = "HOLD")]
    pub lift: Option<String>,
}

/// `freeze`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
#[command(group = clap::ArgGroup::new("what").args(["reason", "lift", "status"]))]
pub struct Freeze {
    /// Freeze, and say why; without any flag everything is frozen all the same
    #[arg(long, value_name = "WORDS", value_parser = words)]
    pub reason: Option<String>,
    /// Lift the freeze
    #[arg(long)]
    pub lift: bool,
    /// Say whether everything is frozen, and why
    #[arg(long)]
    pub status: bool,
}

fn positive(text: &str) -> Result<Span, String> {
    let span: Span = text.parse().map_err(|error: crate::units::AmountError| error.to_string())?;
    if span.duration() == SignedDuration::ZERO { Err("a hold of no length holds nothing".to_owned()) } else { Ok(span) }
}
