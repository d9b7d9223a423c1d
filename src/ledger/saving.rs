//! What a stop avoided: an explicit counterfactual that ends, and no credit after its end (C8 i, C9, C12).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::meter::Bound;

/// Until when it would have run at most, as far as was known when it was stopped, and why that long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Counterfactual {
    /// No credit after this instant, in seconds since 1970.
    pub until: i64,
    /// Why.
    pub limit: Limit,
}

/// What ends credit at the latest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// The policy's hours open again.
    OnEdge,
    /// A schedule of Azure's own would have stopped it.
    NativeSchedule,
    /// Azure's own idle timer would have.
    NativeIdle,
    /// As far as anyone may claim to know.
    Horizon,
}

impl Limit {
    /// The word of reports and metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::OnEdge => "on_edge",
            Self::NativeSchedule => "native_schedule",
            Self::NativeIdle => "native_idle",
            Self::Horizon => "horizon",
        }
    }
}

impl Counterfactual {
    /// The one that ends first.
    #[must_use]
    pub fn earliest(self, other: Self) -> Self {
        if other.until < self.until { other } else { self }
    }
}

/// What ended credit in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimEnd {
    /// Somebody or something started it again.
    Start,
    /// Only in observe mode: it was used.
    Use,
    /// Only in observe mode: somebody else stopped it.
    Stopped,
    /// It is gone.
    Gone,
    /// Nobody knows whether it still stands still.
    Unknown,
    /// The limit of the counterfactual.
    Limit(Limit),
}

impl ClaimEnd {
    /// The word of reports and metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Use => "use",
            Self::Stopped => "stopped",
            Self::Gone => "gone",
            Self::Unknown => "unknown",
            Self::Limit(limit) => limit.label(),
        }
    }
}

/// A stop of ours that earns credit while nothing ends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// True when it was stopped; false when a policy in observe mode would have.
    pub did: bool,
    /// Since when the meter stands still by our doing, or would have.
    pub from: Bound,
    /// Its limit.
    pub counterfactual: Counterfactual,
    /// The ground's label.
    pub ground: Arc<str>,
    /// The reason's identity.
    pub key: Arc<str>,
}

/// How claims are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRules {
    /// A start within so many seconds is a regret and earns nothing (C12).
    pub regret_within: i64,
    /// Machine seconds charged for a restart inside the time that would be credited.
    pub restart_cost: i64,
}

impl Default for ClaimRules {
    /// Half an hour (C12); five minutes to come up again.
    fn default() -> Self {
        Self { regret_within: 30 * 60, restart_cost: 5 * 60 }
    }
}

/// A closed claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Avoided {
    /// Since when.
    pub from: Bound,
    /// Until when.
    pub to: Bound,
    /// What ended it.
    pub end: ClaimEnd,
    /// Seconds of the size's price that were avoided; nothing for a regret.
    pub credited: i64,
    /// Seconds of the size's price that the restart cost.
    pub charged: i64,
    /// Its person started it again at once: counted against us.
    pub regret: bool,
}

/// The particulars of an avoided stretch as its row keeps them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AvoidedDetail {
    /// The ground's label.
    pub ground: Arc<str>,
    /// The reason's identity.
    pub key: Arc<str>,
    /// The counterfactual as it was stated at the stop.
    pub counterfactual: Counterfactual,
    /// What ended credit.
    pub end: ClaimEnd,
    /// Credited seconds.
    pub credited: i64,
    /// Charged seconds.
    pub charged: i64,
    /// A regret.
    pub regret: bool,
}

impl Claim {
    /// Closes it at what ended it, if that came before the limit; else at the limit. A start soon after the stop is a
    /// regret on either side of it.
    #[must_use]
    pub fn close(&self, at: Bound, end: ClaimEnd, rules: ClaimRules) -> Avoided {
        let to = at.not_before(self.from.at);
        let length = to.at.saturating_sub(self.from.at);
        let restarted = self.did && end == ClaimEnd::Start;
        let charged = if restarted { rules.restart_cost } else { 0 };
        if restarted && length <= rules.regret_within {
            return Avoided { from: self.from, to, end, credited: 0, charged, regret: true };
        }
        if at.at >= self.counterfactual.until {
            return self.expire();
        }
        Avoided { from: self.from, to, end, credited: length, charged, regret: false }
    }

    /// Closes it at its limit.
    #[must_use]
    pub fn expire(&self) -> Avoided {
        let to = Bound::sharp(self.counterfactual.until).not_before(self.from.at);
        Avoided {
            from: self.from,
            to,
            end: ClaimEnd::Limit(self.counterfactual.limit),
            credited: to.at.saturating_sub(self.from.at),
            charged: 0,
            regret: false,
        }
    }

    /// True when its limit has passed, and the time within which a start would be a regret.
    #[must_use]
    pub fn is_over(&self, now: i64, rules: ClaimRules) -> bool {
        let regrets = if self.did { self.from.at.saturating_add(rules.regret_within) } else { i64::MIN };
        now >= self.counterfactual.until.max(regrets)
    }

    /// The particulars for its row.
    #[must_use]
    pub fn detail(&self, avoided: &Avoided) -> AvoidedDetail {
        AvoidedDetail {
            ground: self.ground.clone(),
            key: self.key.clone(),
            counterfactual: self.counterfactual,
            end: avoided.end,
            credited: avoided.credited,
            charged: avoided.charged,
            regret: avoided.regret,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: ClaimRules = ClaimRules { regret_within: 1_800, restart_cost: 300 };

    fn claim(did: bool) -> Claim {
        Claim {
            did,
            from: Bound::between(1_000, 1_060),
            counterfactual: Counterfactual { until: 40_000, limit: Limit::OnEdge },
            ground: "outside_hours".into(),
            key: "hours/office/2026-11-20/0".into(),
        }
    }

    #[test]
    fn credit_ends_with_the_next_start() {
        let avoided = claim(true).close(Bound::sharp(10_030), ClaimEnd::Start, RULES);
        assert_eq!((avoided.credited, avoided.charged, avoided.regret), (9_000, 300, false));
        assert_eq!(avoided.end.label(), "start");
    }

    #[test]
    fn a_regret_earns_nothing_and_costs_the_restart() {
        let avoided = claim(true).close(Bound::sharp(1_030 + 1_800), ClaimEnd::Start, RULES);
        assert_eq!((avoided.credited, avoided.charged, avoided.regret), (0, 300, true));
        let later = claim(true).close(Bound::sharp(1_030 + 1_801), ClaimEnd::Start, RULES);
        assert_eq!((later.credited, later.regret), (1_801, false));
    }

    #[test]
    fn nothing_is_credited_after_the_limit() {
        for end in [claim(true).expire(), claim(true).close(Bound::sharp(90_000), ClaimEnd::Start, RULES)] {
            assert_eq!((end.credited, end.charged, end.end.label()), (38_970, 0, "on_edge"));
        }
        let native = Counterfactual { until: 500, limit: Limit::NativeIdle };
        let late = Claim { counterfactual: native, ..claim(true) };
        assert_eq!(late.expire().credited, 0, "the limit lay before the stop was done");
        assert_eq!(native.earliest(claim(true).counterfactual), native);
    }

    #[test]
    fn a_start_right_after_the_hours_open_is_still_a_regret() {
        let opens = Counterfactual { until: 1_600, limit: Limit::OnEdge };
        let claim = Claim { counterfactual: opens, ..claim(true) };
        let avoided = claim.close(Bound::sharp(1_900), ClaimEnd::Start, RULES);
        assert_eq!((avoided.credited, avoided.charged, avoided.regret), (0, 300, true));
        assert!(!claim.is_over(1_700, RULES), "until nobody can regret it any more");
        assert!(claim.is_over(1_030 + 1_800, RULES));
    }

    #[test]
    fn what_was_only_observed_is_never_a_regret() {
        let avoided = claim(false).close(Bound::sharp(1_500), ClaimEnd::Use, RULES);
        assert_eq!((avoided.credited, avoided.charged, avoided.regret), (470, 0, false));
    }
}
