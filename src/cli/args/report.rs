//! `report` as typed: which days, by what, in which form.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args as ClapArgs, ValueEnum};
use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::ledger::Grouping;
use crate::units::{Currency, parse_decimal};

/// `report`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct Report {
    /// First day; without any days, this month so far
    #[arg(long, value_name = "DATE")]
    pub from: Option<Date>,
    /// Last day, itself included; without it, today
    #[arg(long, value_name = "DATE", requires = "from")]
    pub to: Option<Date>,
    /// this-month, last-month, a month (2026-11) or a year (2026)
    #[arg(long, value_name = "PERIOD", conflicts_with_all = ["from", "to"])]
    pub period: Option<PeriodWord>,
    /// The zone whose days are meant
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub zone: String,
    /// By what to group
    #[arg(long, value_enum, default_value_t = By::Workspace)]
    pub by: By,
    /// The form
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Write it to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Only rows up to this one, and nothing that is still going on: the same bytes on any machine
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(0..))]
    pub as_of_seq: Option<i64>,
    /// The first so many groups; the others become one
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub top: Option<u32>,
    /// Report in this currency, by the rates that --rate states; what has no rate keeps its own
    #[arg(long = "in", id = "into", value_name = "CURRENCY", requires = "rates")]
    pub into: Option<Currency>,
    /// How many units of it one unit of another is, such as USD=0.92
    #[arg(long = "rate", id = "rates", value_name = "CURRENCY=RATE", requires = "into")]
    pub rates: Vec<ExchangeRate>,
    /// A journal's folder, or a copy of its lightsout.db; without it, the one in the settings
    #[arg(long, value_name = "PATH")]
    pub store: Option<PathBuf>,
}

/// A period by a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeriodWord {
    /// From its first day to today.
    ThisMonth,
    /// The whole of it.
    LastMonth,
    /// The whole month of this first day.
    Month(Date),
    /// The whole year of this first day.
    Year(Date),
}

impl FromStr for PeriodWord {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no period; write this-month, last-month, 2026-11 or 2026");
        let first = |text: String| text.parse::<Date>().map_err(|_| wrong());
        let digits = |part: &str, count| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
        match (text, text.split_once('-')) {
            ("this-month", _) => Ok(Self::ThisMonth),
            ("last-month", _) => Ok(Self::LastMonth),
            (year, None) if digits(year, 4) => first(format!("{year}-01-01")).map(Self::Year),
            (_, Some((year, month))) if digits(year, 4) && digits(month, 2) => {
                first(format!("{text}-01")).map(Self::Month)
            }
            (_, None | Some(_)) => Err(wrong()),
        }
    }
}

/// A rate as it was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExchangeRate {
    /// Of which currency.
    pub of: Currency,
    /// How many units of the other one it is.
    pub rate: Decimal,
}

impl FromStr for ExchangeRate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no rate; write one such as USD=0.92");
        let (of, rate) = text.split_once('=').ok_or_else(wrong)?;
        let rate = parse_decimal(rate).ok().filter(|rate| rate.is_sign_positive() && !rate.is_zero());
        Ok(Self { of: of.parse().map_err(|_| wrong())?, rate: rate.ok_or_else(wrong)? })
    }
}

/// By what to group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum By {
    /// Workspaces.
    Workspace,
    /// Teams.
    Team,
    /// Owners.
    Owner,
    /// VM sizes.
    Size,
    /// Instances.
    Instance,
    /// Grounds of stops.
    Ground,
    /// Policies.
    Policy,
    /// Days.
    Day,
}

impl From<By> for Grouping {
    fn from(by: By) -> Self {
        match by {
            By::Workspace => Self::Workspace,
            By::Team => Self::Team,
            By::Owner => Self::Owner,
            By::Size => Self::Size,
            By::Instance => Self::Instance,
            By::Ground => Self::Ground,
            By::Policy => Self::Policy,
            By::Day => Self::Day,
        }
    }
}

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For a person at a terminal.
    Table,
    /// For a spreadsheet: one line for each group and currency.
    Csv,
    /// Everything, for programs.
    Json,
}
