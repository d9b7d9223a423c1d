//! What the demo comes to, as a table and as one JSON object.

use serde::{Serialize, Serializer};

use crate::report::Share;
use crate::units::{Currency, Money};

/// Tenths of an hour: printed as a decimal, never reckoned with as one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TenthHours(pub i64);

impl TenthHours {
    /// Of so many seconds, rounded down.
    #[must_use]
    pub const fn of_seconds(seconds: i64) -> Self {
        Self(seconds / 360)
    }
}

impl std::fmt::Display for TenthHours {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.0 / 10, (self.0 % 10).abs())
    }
}

impl Serialize for TenthHours {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let number: serde_json::Number = self.to_string().parse().map_err(serde::ser::Error::custom)?;
        number.serialize(s)
    }
}

/// Millionths of a dollar: printed with two decimals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dollars(pub i64);

impl std::fmt::Display for Dollars {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&Money::micros(self.0, Currency::USD).cost().text(2))
    }
}

impl Serialize for Dollars {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let number: serde_json::Number = self.to_string().parse().map_err(serde::ser::Error::custom)?;
        number.serialize(s)
    }
}

/// A share in ten-thousandths: printed as a decimal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ratio(pub i64);

impl Ratio {
    /// Of a part in a whole, rounded to the nearest; none of nothing.
    #[must_use]
    pub fn of(part: i64, whole: i64) -> Self {
        let scaled = i128::from(part).saturating_mul(20_000).checked_div(i128::from(whole)).unwrap_or(0);
        Self(i64::try_from(scaled.saturating_add(1).div_euclid(2)).unwrap_or(i64::MAX))
    }

    /// Of a share that is known to the millionth, rounded to the nearest.
    #[must_use]
    pub const fn of_share(share: Share) -> Self {
        Self(share.0.saturating_add(50).div_euclid(100))
    }
}

impl std::fmt::Display for Ratio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{:04}", self.0.abs() / 10_000, self.0.abs() % 10_000)
    }
}

impl Serialize for Ratio {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let number: serde_json::Number = self.to_string().parse().map_err(serde::ser::Error::custom)?;
        number.serialize(s)
    }
}

/// The demo's figures. Equal for equal seeds and days, but for `wall_seconds`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// The seed.
    pub seed: u64,
    /// Instances governed.
    pub instances: usize,
    /// Agents were on so many percent of the machines.
    pub agents_percent: u8,
    /// Simulated days.
    pub days: u32,
    /// Stops that Azure took from Lightsout.
    pub stops: usize,
    /// Of these, seen stopped by Lightsout itself.
    pub verified: usize,
    /// Starts that Azure took from Lightsout, as hours began.
    pub started: usize,
    /// Warnings sent.
    pub warned: usize,
    /// Warnings that reached the person.
    pub delivered: usize,
    /// Stops whose warning came later before them than its lead: there must be none.
    pub late: usize,
    /// Stops of which nobody was warned: there must be none.
    pub surprised: usize,
    /// Holds that people asked for and got.
    pub held: usize,
    /// Of these, by the link of their warning, over HTTP.
    pub held_by_link: usize,
    /// Stops that Azure refused.
    pub refused: usize,
    /// Stops of a machine on which a job truly ran.
    pub busy_stopped: usize,
    /// Stops of a machine in use in a way that cannot be seen from outside: tmux, a person at work.
    pub busy_unseen: usize,
    /// Stops whose person started it again within 30 minutes.
    pub regrets: usize,
    /// Due by policy, and still on an hour later with nothing that the policy respects.
    pub missed: usize,
    /// Billed hours of all instances.
    pub running_hours: TenthHours,
    /// Of the same people without Lightsout.
    pub running_hours_without: TenthHours,
    /// True cost of the machines, in dollars, by the sandbox's meters.
    pub cost: Dollars,
    /// Of the same people without Lightsout.
    pub cost_without: Dollars,
    /// The difference: what was truly avoided.
    pub avoided: Dollars,
    /// True cost of disks, addresses and load balancers, which no stop stops.
    pub residual: Dollars,
    /// Rows of the ledger.
    pub ledger_rows: usize,
    /// What the ledger says that the machines cost.
    pub ledger_cost: Dollars,
    /// What the ledger estimates that stops avoided (credited less charged).
    pub ledger_avoided: Dollars,
    /// What the ledger says of disks, addresses and load balancers.
    pub ledger_residual: Dollars,
    /// How far the ledger is off: the sum of each instance's difference from its true cost, over the true cost.
    pub ledger_error_ratio: Ratio,
    /// Days of workspaces that are billed in full by then.
    pub bill_days: usize,
    /// Of these, compared with the ledger.
    pub billed_days: usize,
    /// How far the ledger is off from the bill of these days: differences without their sign, over what was billed.
    pub bill_error_ratio: Ratio,
    /// What was truly avoided, over what one who knew the future would have avoided: stopping each machine the moment its
    /// person stops using it, and starting it as they come back.
    pub captured_ratio: Ratio,
    /// Requests to Azure Resource Manager.
    pub arm_calls: u64,
    /// Sweeps.
    pub sweeps: u64,
    /// The same people with agents on none, half and all of the machines, where that was asked for.
    pub fleets: Vec<FleetLine>,
    /// Real seconds that it took.
    pub wall_seconds: u64,
}

/// What agents on more of the machines change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FleetLine {
    /// Agents on so many percent of them.
    pub agents_percent: u8,
    /// Stops that Azure took from Lightsout.
    pub stops: usize,
    /// Of these, while a job ran.
    pub busy_stopped: usize,
    /// Of these, in use that only an agent can see.
    pub busy_unseen: usize,
    /// Stops whose person started it again within 30 minutes.
    pub regrets: usize,
    /// Due by policy, and still on an hour later with nothing that the policy respects.
    pub missed: usize,
    /// What was truly avoided.
    pub avoided: Dollars,
    /// The same, over what one who knew the future would have avoided.
    pub captured_ratio: Ratio,
}

impl FleetLine {
    /// As a line of the table.
    fn row(&self, width: usize) -> String {
        format!(
            "  {:width$}  {} stops, {} of them in unseen use, {} regrets, {} missed; {} USD avoided, {} of what was possible\n",
            format!("agents on {} %", self.agents_percent),
            self.stops,
            self.busy_unseen,
            self.regrets,
            self.missed,
            self.avoided,
            percent(self.captured_ratio)
        )
    }
}

impl Figures {
    /// What these figures are beside those of the same people with more agents, or fewer.
    #[must_use]
    pub fn line(&self) -> FleetLine {
        FleetLine {
            agents_percent: self.agents_percent,
            stops: self.stops,
            busy_stopped: self.busy_stopped,
            busy_unseen: self.busy_unseen,
            regrets: self.regrets,
            missed: self.missed,
            avoided: self.avoided,
            captured_ratio: self.captured_ratio,
        }
    }
}

/// A ratio in percent.
fn percent(ratio: Ratio) -> String {
    format!("{}.{:02} %", ratio.0 / 100, (ratio.0 % 100).abs())
}

impl Figures {
    /// As a table for a person.
    #[must_use]
    pub fn table(&self) -> String {
        let saved = TenthHours(self.running_hours_without.0.saturating_sub(self.running_hours.0));
        let share = saved.0.saturating_mul(100).checked_div(self.running_hours_without.0).unwrap_or(0);
        let rows = [
            ("simulated", format!("{} days, {} instances, seed {}", self.days, self.instances, self.seed)),
            ("stops", format!("{} taken by Azure, {} seen stopped", self.stops, self.verified)),
            ("started", format!("{} as their hours began", self.started)),
            ("warnings", format!("{} sent, {} delivered", self.warned, self.delivered)),
            ("held", format!("{} by people, {} of them by the link of their warning", self.held, self.held_by_link)),
            ("late", format!("{} (warned less than the lead before the stop)", self.late)),
            ("surprised", format!("{} (stopped without a delivered warning)", self.surprised)),
            (
                "stops refused by Azure",
                format!("{} (a full disk; its owner was told, and it was stopped later)", self.refused),
            ),
            ("stopped while a job ran", self.busy_stopped.to_string()),
            (
                "stopped in unseen use",
                format!(
                    "{} (tmux or a person at work: only an agent sees that; one is on {} % of the machines)",
                    self.busy_unseen, self.agents_percent
                ),
            ),
            ("regrets", format!("{} (started again within 30 minutes)", self.regrets)),
            ("missed", format!("{} (due by policy and still on an hour later)", self.missed)),
            (
                "billed hours",
                format!("{} instead of {}: {saved} fewer ({share} %)", self.running_hours, self.running_hours_without),
            ),
            ("true cost", format!("{} USD instead of {}: {} avoided", self.cost, self.cost_without, self.avoided)),
            (
                "the ledger says",
                format!(
                    "{} USD in {} rows ({} off by instance); {} avoided by its own estimate",
                    self.ledger_cost,
                    self.ledger_rows,
                    percent(self.ledger_error_ratio),
                    self.ledger_avoided
                ),
            ),
            (
                "the bill says",
                match self.bill_days {
                    0 => "nothing yet: a day is billed in full three days after its end".to_owned(),
                    days => format!(
                        "{} off from the ledger, on {} of the {days} days of workspaces that are billed in full",
                        percent(self.bill_error_ratio),
                        self.billed_days
                    ),
                },
            ),
            (
                "of what was possible",
                format!("{} (by one who knows when each person leaves and comes back)", percent(self.captured_ratio)),
            ),
            (
                "paid all the same",
                format!(
                    "{} USD for disks, addresses and load balancers; the ledger says {}",
                    self.residual, self.ledger_residual
                ),
            ),
            ("requests to Azure", format!("{} in {} sweeps", self.arm_calls, self.sweeps)),
            ("took", format!("{} s", self.wall_seconds)),
        ];
        let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let mut table: String = rows.iter().map(|(name, value)| format!("  {name:width$}  {value}\n")).collect();
        self.fleets.iter().for_each(|line| table.push_str(&line.row(width)));
        table
    }
}
