//! `residual` and `proposals` as typed: what stays off, and what people say to deleting it.

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

/// `residual`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
#[command(after_help = "\
Examples:
  lightsout residual                        what stays off, since when, what it goes on costing and holding
  lightsout residual --at-least 30          only what is off for 30 days or more
  lightsout residual --format csv > off.csv

A stopped instance goes on costing for disk, address and load balancer, and holds its quota, until it is deleted.")]
pub struct Residual {
    /// The form; --json gives JSON
    #[arg(long, value_enum, default_value_t = ResidualFormat::Table)]
    pub format: ResidualFormat,
    /// Only those that are off for so many days or more
    #[arg(long, value_name = "DAYS", default_value_t = 0)]
    pub at_least: u32,
}

/// In which form it is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ResidualFormat {
    /// A table for people.
    Table,
    /// One line an instance, for spreadsheets.
    Csv,
}

/// `proposals`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
#[command(after_help = "\
Examples:
  lightsout proposals                                      what is proposed for deletion, and what is kept
  lightsout proposals keep ci-ada --for 60 --reason \"thesis\"
  lightsout proposals keep ci-ada --reason \"golden image\"   for good
  lightsout proposals confirm ci-old --reason \"left the team\"
  lightsout proposals withdraw ci-old                      take the yes back, until something is sent

Policies propose by [stopped] delete_after. Deleting loses everything on the disk. A yes is carried out after [stopped] grace.")]
pub struct Proposals {
    /// What to do; without it they are listed
    #[command(subcommand)]
    pub what: Option<ProposalCommand>,
}

/// What to do with proposals.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum ProposalCommand {
    /// List them; changes nothing
    List,
    /// Keep an instance that is proposed for deletion
    Keep {
        /// Its name, WORKSPACE/NAME, or full ARM id
        instance: String,
        /// For so many days; without it, for good
        #[arg(long = "for", value_name = "DAYS")]
        days: Option<u32>,
        /// Why; others read it
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Say yes to deleting it, with everything on its disk
    Confirm {
        /// Its name, WORKSPACE/NAME, or full ARM id
        instance: String,
        /// Why; others read it
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Do not ask; without it what is lost is shown, and a yes is asked for on the terminal
        #[arg(long)]
        yes: bool,
    },
    /// Take a yes back
    Withdraw {
        /// Its name, WORKSPACE/NAME, or full ARM id
        instance: String,
        /// Why
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
}
