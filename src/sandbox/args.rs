//! What `lightsout sandbox` takes on its command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::server::LroStyle;

/// Which estate the sandbox holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Population {
    /// Three workspaces in three time zones, about forty machines, and people.
    Demo,
    /// Any number of machines in which nothing happens by itself, for measuring.
    Scale,
}

/// Which headers accepted operations carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LroArg {
    /// Azure-AsyncOperation, Location and both by turns.
    Alternate,
    /// Azure-AsyncOperation only.
    AsyncOperation,
    /// Location only.
    Location,
    /// Both headers.
    Both,
    /// Neither header.
    Neither,
}

impl From<LroArg> for LroStyle {
    fn from(arg: LroArg) -> Self {
        match arg {
            LroArg::Alternate => Self::Alternate,
            LroArg::AsyncOperation => Self::AsyncOperation,
            LroArg::Location => Self::Location,
            LroArg::Both => Self::Both,
            LroArg::Neither => Self::Neither,
        }
    }
}

/// A simulated Azure on this machine: workspaces, compute instances, the people who use them, tokens, faults.
#[derive(Debug, Clone, Args)]
pub struct SandboxArgs {
    /// Where to listen; loopback addresses only, port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8089", value_name = "ADDRESS")]
    pub listen: SocketAddr,

    /// Serve HTTPS as well, on a free port, and write ca.pem and cert.pem into this folder
    #[arg(long, value_name = "DIR")]
    pub tls_dir: Option<PathBuf>,

    /// Which estate to simulate
    #[arg(long, value_enum, default_value_t = Population::Demo)]
    pub population: Population,

    /// Where all chance comes from: the same seed gives the same people, days and faults
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,

    /// The simulated time to begin at, such as 2026-11-02T07:00:00Z; this machine's time where left out
    #[arg(long, value_name = "TIME")]
    pub start: Option<Timestamp>,

    /// How many times faster than real time it runs; the Date header runs with it, so a client that compares clocks will object
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub speed: u32,

    /// Workspaces of the scale population
    #[arg(long, default_value_t = 10, value_name = "N")]
    pub workspaces: usize,

    /// Instances in each workspace of the scale population
    #[arg(long, default_value_t = 10, value_name = "N")]
    pub instances: usize,

    /// Items in one page of a list
    #[arg(long, default_value_t = 100, value_name = "N")]
    pub page_size: usize,

    /// Do not hold callers to ARM's token buckets (250 reads + 25/s, 200 writes + 10/s, 200 deletions + 10/s) or Cost Management's quotas
    #[arg(long)]
    pub no_throttle: bool,

    /// Answer ARM requests without a token
    #[arg(long)]
    pub no_auth: bool,

    /// Accept this bearer token beside those given out
    #[arg(long, value_name = "TOKEN")]
    pub static_token: Option<String>,

    /// Real milliseconds added to every answer
    #[arg(long, default_value_t = 0, value_name = "MS")]
    pub latency_ms: u64,

    /// Retry-After of operations that have not ended, in seconds
    #[arg(long, default_value_t = 10, value_name = "SECONDS")]
    pub poll_after: u32,

    /// Which headers the answers to start, stop and restart carry
    #[arg(long, value_enum, default_value_t = LroArg::Alternate)]
    pub(super) lro: LroArg,

    /// Answer 403 to what needs this action, such as Microsoft.MachineLearningServices/workspaces/computes/stop/action; may be repeated
    #[arg(long, value_name = "ACTION")]
    pub deny: Vec<String>,

    /// Let callers do only this action, such as Microsoft.MachineLearningServices/workspaces/*/read; may be repeated
    #[arg(long, value_name = "ACTION")]
    pub grant: Vec<String>,

    /// Spoil answers, as in `list-computes,count=2 => throttle:17`; may be repeated, --help lists all there is
    #[arg(long, value_name = "FAULT", long_help = FAULT_HELP)]
    pub fault: Vec<String>,

    /// Spoil answers as this TOML file says, in tables named fault with the keys on, effect, path, nth, count, percent, from, to
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
}

const FAULT_HELP: &str =
    "Spoil answers: OPERATION[,path=..,nth=..,count=..,percent=..,from=..,to=..] => EFFECT[:ARGUMENT]; may be repeated.

Operations: any token list-workspaces get-workspace list-computes get start stop restart create delete check-name
            set-idle-timer status vm-sizes usages quotas cost-query list-jobs metrics inbox retail-prices other

Instead of an answer:
  throttle[:RETRY-AFTER]  status:CODE[,RETRY-AFTER]  error:CODE,WORD  unauthorized  claims-challenge  forbidden
  not-found  conflict  disk-full  redirect:URL  html  text  empty  gzip-bomb[:MIB]  nested[:DEPTH]  huge[:ITEMS]
  hang  reset
The answer, spoilt on its way:
  reset-after  delay:MS  drip[:MS]  drip-header[:MS]  truncate  cut  close  bom  wrong-charset  duplicate-headers
  big-header[:BYTES]  date-skew:SECONDS
Tokens:
  token-life:SECONDS  token-wrong
Operations:
  operation-fails  operation-canceled  operation-never-ends  operation-lies  no-lro-headers  location:URL
  async-operation:URL
Lists and bodies:
  next-link:URL ({origin} and {path} are filled in)  next-link-self  next-link-endless  next-link-relative
  next-link-api-version:TEXT  stale  duplicate  duplicate-case  missing:NAME  recreated:TIME
  set:POINTER=JSON  remove:POINTER

Example: --fault 'list-computes,path=vision-madrid,count=2 => throttle:17'";

#[cfg(test)]
mod tests {
    use super::super::faults::FaultOperation;
    use super::FAULT_HELP;

    #[test]
    fn the_help_names_every_operation() {
        let words: Vec<&str> = FAULT_HELP.split_whitespace().collect();
        for operation in FaultOperation::ALL {
            assert!(words.contains(&operation.label()), "{}", operation.label());
        }
    }
}
