//! The command line as typed: every command, flag and word of help.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::units::RELEASE;

mod agents;
mod demo;
mod healthcheck;
mod hold;
mod instance;
mod instance_create;
mod journal;
mod ledger;
mod native;
mod notify;
mod papers;
mod rbac;
mod replay;
mod report;
mod stopped;
mod tokens;

pub use agents::{AgentHere, AgentRevoke, AgentToken, Agents};
pub use demo::Demo;
pub use healthcheck::Healthcheck;
pub use hold::{Freeze, Hold};
pub use instance::{
    Insists, Instance, InstanceCommand, InstanceDelete, InstanceList, InstanceRestart, InstanceShow, InstanceStart,
    InstanceStop, Rights, Waiting, Which,
};
pub use instance_create::{AgentWish, CreationWish, InstanceCreate, OnOff, SharingWord};
pub use journal::{Backend, Journal, JournalBackup, JournalCommand, JournalMigrate, JournalRestore};
pub use ledger::{Ledger, LedgerCommand, LedgerPlace};
pub use native::{Native, NativeApply, NativeCommand};
pub use notify::{NotifyArgs, NotifyCommand, NotifyTest};
pub use papers::{Completions, Man};
pub use rbac::{Rbac, RightsFor, RoleFormat};
pub use replay::{Instant, Replay, Varied};
pub use report::{By, ExchangeRate, Format, PeriodWord, Report};
pub use stopped::{ProposalCommand, Proposals, Residual, ResidualFormat};
pub use tokens::{TokenArgs, TokenCommand, TokenMint, TokenRevoke};

const AFTER: &str = "\
Start here:
  lightsout demo                      watch it work on a simulated Azure: no account needed
  lightsout check                     read settings and policies, report every problem at once
  lightsout plan                      show what would be stopped when, and what is kept and why
  lightsout run                       be the service

Exit codes: 0 all well, 1 unexpected, 2 bad configuration, 3 something could not be read, 4 a stop failed.
A new installation stops nothing: policies observe until they say mode = \"enforce\".";

/// Stops Azure Machine Learning compute instances that nobody is using, by policy.
#[derive(Debug, Clone, Parser)]
#[command(name = "lightsout", version = RELEASE, about, after_help = AFTER, propagate_version = true, arg_required_else_help = true, max_term_width = 110)]
pub struct Args {
    /// Flags that every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags that every command takes.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct Global {
    /// The settings file [default: config/lightsout.toml where there is one, else /etc/lightsout/lightsout.toml]
    #[arg(long, short, global = true, value_name = "FILE", env = "LIGHTSOUT_CONFIG", help_heading = "Everywhere")]
    pub config: Option<PathBuf>,
    /// Colours: auto uses them on a terminal only and respects NO_COLOR
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Color::Auto, help_heading = "Everywhere")]
    pub color: Color,
    /// Print one JSON object instead of text, where the command prints facts
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub json: bool,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl From<Color> for anstream::ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
    }
}

/// The commands.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Watch it work: a simulated Azure, people with habits, the real service, time sped up
    #[command(after_help = "\
Examples:
  lightsout demo                            two weeks of three workspaces, in a few minutes
  lightsout demo --agents 100               one fleet, with agents on all machines, in a minute or two
  lightsout demo --days 3 --seed 7          a shorter stretch, another population
  lightsout demo --json                     only the figures at the end, for scripts
  lightsout demo --journal /tmp/demo && lightsout report --store /tmp/demo --from 2026-03-16 --to 2026-03-29
  lightsout demo --keep-open                leave the page, /metrics and the simulated Azure up")]
    Demo(Demo),
    /// Serve a simulated Azure on loopback, for trying out settings, policies and clients
    #[command(after_help = "\
Examples:
  lightsout sandbox                         print its address and how to point a service at it
  lightsout sandbox --help                  population, clock and faults")]
    Sandbox(crate::sandbox::SandboxArgs),
    /// Be the service: sweep, warn, stop and verify until told to end
    #[command(after_help = "\
Examples:
  lightsout run --config /etc/lightsout/lightsout.toml
  kill -HUP PID                             read the policies again; a bad file leaves the good ones at work
  kill -TERM PID                            drain within 10 s and end

While it runs: `lightsout status`, and /metrics, /healthz, /readyz and /acting on the address in [server] listen.")]
    Run,
    /// Sweep once and end: for cron and CI
    #[command(after_help = "\
Examples:
  lightsout sweep                           one sweep by the policies; a policy in observe mode stops nothing
  lightsout sweep --json | jq .last.stops

Exit code 2 when a policy is broken, 3 when something could not be read, 4 when a stop failed, or is due and was
refused for something that a person has to mend. Warnings need two sweeps: one that
announces, and a later one that stops; run it at least as often as the shortest warning lead. It acts alone: while a
service runs on the same journal it is refused.")]
    Sweep,
    /// Read settings and policies, report every problem, and say what the policies will do
    #[command(after_help = "\
Examples:
  lightsout check                           settings and every policy they name; next week's edges
  lightsout check policies/gpu.toml         one file
  lightsout check --from 2027-03-22 --days 14
  lightsout check --json                    { diagnostics: [...], policies: [{ name, zone, edges }] }

Exit code 2 when there is any error; warnings alone leave 0.")]
    Check(Check),
    /// Show what would be stopped when, and what is kept and why; changes nothing
    #[command(after_help = "\
Examples:
  lightsout plan
  lightsout plan --json | jq '.workspaces'")]
    Plan,
    /// Print the whole decision about one instance
    #[command(after_help = "\
Examples:
  lightsout explain ci-ada
  lightsout explain ws-research/ci-ada                    when two workspaces use the name
  lightsout explain ci-ada --at 2026-11-20T19:05:00Z      as it was decided then
  lightsout explain ci-ada --at 2026-12-24T21:00:00Z      as it would be, on today's facts")]
    Explain(Explain),
    /// Keep an instance on: nothing stops it while a hold lasts
    #[command(after_help = "\
Examples:
  lightsout hold ci-ada --for 2h --reason \"thesis run ends at ten\"
  lightsout hold ci-ada --off --for 14d --reason \"on leave\"   does not start it when its hours begin
  lightsout hold --list
  lightsout hold --lift ci-ada

The policy caps how long a hold lasts and how many there are in a week.")]
    Hold(Hold),
    /// Stop nothing anywhere, at once, until lifted
    #[command(after_help = "\
Examples:
  lightsout freeze
  lightsout freeze --reason \"incident 4711\"
  lightsout freeze --status
  lightsout freeze --lift

It works whether the service runs or not: the switch is read right before every stop. It acts within a second; where
several replicas share a server, on all of them within about two.")]
    Freeze(Freeze),
    /// Check identity, permissions, clock, store and policies step by step; changes nothing
    #[command(after_help = "\
Examples:
  lightsout doctor                          names each missing permission and what to do
  lightsout doctor --json")]
    Doctor,
    /// Print the least custom role of Azure for what the configuration uses; changes nothing
    #[command(after_help = "\
Examples:
  lightsout rbac > role.json && az role definition create --role-definition role.json
  lightsout rbac --explain                  each right with what for, and what goes without it
  lightsout rbac --for enforce,native       for what is asked instead of what is configured
  lightsout rbac --format arm               as a resource of a template

`lightsout doctor` compares it with what the identity can do.")]
    Rbac(Rbac),
    /// Show how the running service and its fleet are, and what needs a person
    #[command(after_help = "\
Examples:
  lightsout status
  lightsout status --json | jq '.workspaces[] | select(.fault)'")]
    Status,
    /// Ask the running service whether it lives: for a container's health check
    #[command(after_help = "\
Examples:
  lightsout healthcheck                     its loop goes round: exit code 0, else 1
  lightsout healthcheck --ready             and it has policies, a journal, and a sweep behind it

It asks /healthz or /readyz on the address in [server] listen, from this machine.")]
    Healthcheck(Healthcheck),
    /// Show what instances cost and what stopping them avoided, from the ledger; changes nothing
    #[command(after_help = "\
Examples:
  lightsout report                                        this month so far, by workspace
  lightsout report --period last-month --by owner --top 10
  lightsout report --from 2026-11-01 --to 2026-11-15 --zone Europe/Madrid --by day
  lightsout report --period last-month --by team --format html --out october.html
  lightsout report --period 2026 --format csv --out 2026.csv
  lightsout report --period 2026-10 --format focus-parquet --out october.parquet
  lightsout report --period 2026-10 --as-of-seq 48213     as it was when the ledger had so many rows
  lightsout report --period 2026-10 --store copy.db       from a copy of the journal, anywhere

It reads beside the running service. Three figures are kept apart: what was avoided by estimate, the same weighed by what
used to run, and what bills confirm.")]
    Report(Report),
    /// Try other policies on what was recorded: what they would have stopped and avoided, and whom they would have hurt
    #[command(after_help = replay::EXAMPLES)]
    Replay(Replay),
    /// Verify the ledger row by row, or print its end
    #[command(after_help = "\
Examples:
  lightsout ledger verify                                 beside the running service; changes nothing
  lightsout ledger verify --store copy.db                 of a copy, anywhere
  lightsout ledger head >> heads.txt                      kept elsewhere, proof of every row before it

Exit code 1 when a row was changed, lost or counted twice; the first such row is named.")]
    Ledger(Ledger),
    /// Copy the journal beside the running service, put a copy back, or move it to a server
    #[command(
        visible_alias = "store",
        after_help = "\
Examples:
  lightsout journal backup /var/backups/lightsout-monday.db     at any time; the copy is read back before it counts
  lightsout ledger verify --store /var/backups/lightsout-monday.db
  lightsout journal restore /var/backups/lightsout-monday.db    with the service stopped
  lightsout journal migrate --from sqlite --to postgres         with the service stopped, and [store] url set

A restore freezes: holds and warnings that came after the copy are not in it. Look at `lightsout plan`, then
`lightsout freeze --lift`. The journal that was there is kept beside the new one."
    )]
    Journal(Journal),
    /// Compare the ledger with Azure's bill now, and show every difference with its cause
    #[command(after_help = "\
Examples:
  lightsout reconcile                       as the service does by itself once a day
  lightsout reconcile --json | jq '.causes'

Where bills come from is said in [reconcile]. A subscription's bill that was had within a day is not asked for again.")]
    Reconcile,
    /// Look at Azure's own idle timers and schedules, and set the timers as the policies want them
    #[command(after_help = "\
Examples:
  lightsout native audit                    where Azure's timers are not as the policies want them, or do not work
  lightsout native audit --json | jq '.instances[] | select(.wanted)'
  lightsout native apply                    which timers would be set, from what to what
  lightsout native apply --yes --instance ci-ada

Policies say what they want in [native] idle_shutdown. Exit code 4 when the audit finds something to mend, or a timer could
not be set.")]
    Native(Native),
    /// List, show, create, start, stop, restart and delete instances by hand, with the same journal as everything else
    #[command(after_help = "\
Examples:
  lightsout instance list --mine
  lightsout instance show ci-ada
  lightsout instance create ci-ada --workspace ml-dev --size Standard_DS3_v2 --idle-shutdown 60m
  lightsout instance stop ci-ada && lightsout instance start ci-ada
  lightsout instance delete ci-ada

Exit codes: 0 done, 3 its end was not seen, 4 one was refused or failed; the others went on all the same.")]
    Instance(Instance),
    /// What stays off: since when, what it goes on costing, what quota it holds
    Residual(Residual),
    /// What is proposed for deletion; keep it, or say yes
    Proposals(Proposals),
    /// Be the agent on an instance: look at what it is used for, tell the service; or give out its token
    #[command(after_help = "\
Examples:
  lightsout agent status                    on the instance: what is seen of it, and when it is due to stop
  lightsout agent check                     on the instance: settings, token, one look; sends nothing
  lightsout agent run                       on the instance: as systemd runs it
  lightsout agent token ci-ada              beside the service: the token that ci-ada's agent shows
  lightsout agent token --all --dir tokens  a file for each instance: tokens/WORKSPACE/NAME
  lightsout agent revoke ci-ada             no token of ci-ada made up to now is believed any more

Exit codes on an instance: 0 all well, 1 the agent has not looked lately, 2 settings or token are wrong.")]
    Agent(Agents),
    /// Try the channels that people are told on
    #[command(after_help = "\
Examples:
  lightsout notify test                             on every channel of [notify]
  lightsout notify test --channel smtp --to ada@example.com

Exit codes: 0 every channel took it, 1 one did not or there is none, 2 the settings are wrong.")]
    Notify(NotifyArgs),
    /// Make, list and take back the tokens that programs call the API with
    #[command(after_help = "\
Examples:
  lightsout token mint dashboard                          reads, for 90 days; the token is shown once
  lightsout token mint ci --scope read,hold --for 30d     holds any instance
  lightsout token mint ada --scope read,hold --owner ada@example.org
  lightsout token list
  lightsout token revoke ci

They are taken where [web.tokens] says enabled = true; a running service knows of a change at once.")]
    Token(TokenArgs),
    /// Let a changed policy act on all at once, instead of on a few for a day
    #[command(after_help = "\
Examples:
  lightsout plan && lightsout ack office    look first, then let it act")]
    Ack(Ack),
    /// Print the OpenAPI 3.1 document of the API, for whoever generates a client
    #[command(after_help = "\
Examples:
  lightsout openapi > openapi.json          the same as config/openapi.json of this version, and as the service serves it")]
    Openapi,
    /// Print the manual of a command, or write the pages of all
    #[command(after_help = "\
Examples:
  lightsout man | man -l -                                the page of lightsout itself
  lightsout man ledger-verify | man -l -                  of one command
  lightsout man --dir /usr/local/share/man/man1           all of them")]
    Man(Man),
    /// Print the version, the commit that it was built from, and what it was built for
    #[command(after_help = "\
Examples:
  lightsout version --json | jq -r .commit")]
    Version,
    /// Print completions for a shell
    #[command(after_help = "\
Examples:
  lightsout completions bash > ~/.local/share/bash-completion/completions/lightsout
  lightsout completions zsh > ~/.zfunc/_lightsout
  lightsout completions fish > ~/.config/fish/completions/lightsout.fish")]
    Completions(Completions),
}

/// `check`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct Check {
    /// Policy files to read instead of those that the settings name
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// First day of the edges to list; without it, today
    #[arg(long, value_name = "DATE")]
    pub from: Option<Date>,
    /// How many days of edges to list
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(0..=3660))]
    pub days: u32,
}

/// `explain`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct Explain {
    /// Its name, WORKSPACE/NAME, or full ARM id
    #[arg(value_name = "INSTANCE")]
    pub instance: String,
    /// The instant to explain (RFC 3339, such as 2026-11-20T19:05:00Z); without it, now
    #[arg(long, value_name = "TIME")]
    pub at: Option<Timestamp>,
}

/// `ack`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct Ack {
    /// The policy's name
    #[arg(value_name = "POLICY")]
    pub policy: String,
}

fn words(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("say why in a few words".to_owned()),
        long if long.chars().count() > 500 => Err("say it in at most 500 characters".to_owned()),
        fine => Ok(fine.to_owned()),
    }
}

#[cfg(test)]
mod tests;
