//! A row of the ledger, and what rows refer to: whose meter, and under which terms it was written (C3).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::meter::Interval;
use super::price::PriceId;
use crate::units::{Currency, InstanceId, ROUNDING, Rate, Region, When};

/// Whose meter: one life of an instance's name, and what matters for its price and its place in a report.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Subject {
    /// The instance.
    pub instance: InstanceId,
    /// Which life of its name.
    pub created: When,
    /// Its VM size as Azure sent it.
    pub size: Arc<str>,
    /// Its region.
    pub region: Region,
    /// The best name of its owner that there was.
    pub owner: Option<Arc<str>>,
    /// The team it is counted for.
    pub team: Option<Arc<str>>,
}

/// Whether what a policy finds is done, or only written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Governance {
    /// No policy governed it.
    None,
    /// A policy observed it.
    Observe,
    /// A policy stopped it.
    Enforce,
}

/// What an hour of the parts costs that are billed until an instance is deleted (C7, FACTS 6.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Residual {
    /// The OS disk.
    pub disk: Rate,
    /// The public address.
    pub public_ip: Rate,
    /// The load balancer.
    pub load_balancer: Rate,
}

impl Residual {
    /// The list prices of FACTS 6.4: a P10 disk 19.71 a month of 730 hours, a standard address 0.005 and load balancer
    /// rules 0.025 an hour.
    ///
    /// # Errors
    /// Never: the figures are within bounds.
    pub fn listed() -> Result<Self, crate::units::MoneyError> {
        let rate = |nanos| Rate::new(nanos, Currency::USD);
        Ok(Self { disk: rate(27_000_000)?, public_ip: rate(5_000_000)?, load_balancer: rate(25_000_000)? })
    }

    /// All of it an hour; none when the parts are in different currencies.
    #[must_use]
    pub fn total(&self) -> Option<Rate> {
        let parts = [self.disk, self.public_ip, self.load_balancer];
        let currency = self.disk.currency();
        let nanos = parts.iter().try_fold(0_i64, |sum, part| {
            (part.currency() == currency).then(|| sum.checked_add(part.nanos())).flatten()
        })?;
        Rate::new(nanos, currency).ok()
    }
}

/// Under what a row was written: policy, calendar data, version, residual rates.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Terms {
    /// The policy, when one governed it.
    pub policy: Option<Arc<str>>,
    /// The policy's revision.
    pub revision: Option<Arc<str>>,
    /// What the policy did.
    pub governance: Governance,
    /// Release of the time zone data.
    pub tzdb: Option<Arc<str>>,
    /// Version of the program.
    pub version: Arc<str>,
    /// Rounding rule.
    pub rounding: Arc<str>,
    /// What the parts cost that no stop stops; none when settings say nothing.
    pub residual: Option<Residual>,
}

impl Terms {
    /// Where no policy governs.
    #[must_use]
    pub fn ungoverned(version: &str, tzdb: Option<&str>, residual: Option<Residual>) -> Self {
        Self {
            policy: None,
            revision: None,
            governance: Governance::None,
            tzdb: tzdb.map(Into::into),
            version: version.into(),
            rounding: ROUNDING.into(),
            residual,
        }
    }
}

/// Number of a subject's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SubjectId(pub i64);

/// Number of the row of terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TermsId(pub i64);

/// What a row tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// Metered time.
    Usage,
    /// Time that a stop of ours avoided: estimated, from a stated counterfactual (C8 i).
    Avoided,
    /// Time that a stop would have avoided, under a policy in observe mode.
    WouldAvoid,
}

impl EntryKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Usage, Self::Avoided, Self::WouldAvoid];

    /// The word of journal, reports and metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Avoided => "avoided",
            Self::WouldAvoid => "would_avoid",
        }
    }

    /// The kind of that word.
    #[must_use]
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.label() == label)
    }
}

/// A row of the ledger. Rows are never changed: a correction is a row that names the one it stands for (C1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number, from 1, without holes.
    pub seq: i64,
    /// What it tells.
    pub kind: EntryKind,
    /// Whose meter.
    pub subject: SubjectId,
    /// Under which terms.
    pub terms: TermsId,
    /// At which price; none when nobody knew one (C6).
    pub price: Option<PriceId>,
    /// The time, half open, with its bounds, state and basis.
    pub interval: Interval,
    /// The observed changes at both ends, by their number in the journal; none where the time was only cut.
    pub seen: (Option<i64>, Option<i64>),
    /// The row that this one stands for.
    pub corrects: Option<i64>,
    /// Particulars of an avoided stretch, as JSON.
    pub detail: Option<Arc<str>>,
}
