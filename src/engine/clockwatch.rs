//! Watches the clock: a step, or a difference from Azure's, holds every stop back until both are steady again (S11, S12).

use jiff::{SignedDuration, Timestamp};

use crate::ports::AzureTime;

/// A smaller difference between wall and steady clock is noise.
const STEP_SEEN: SignedDuration = SignedDuration::from_secs(2);
/// A step of more holds stops back (cron's own bound).
const STEP_HELD: SignedDuration = SignedDuration::from_mins(5);
/// Azure's clock may differ by so much; beyond it stops are held back.
const AZURE_MAX: SignedDuration = SignedDuration::from_secs(120);
/// After a step Azure's clock must agree this closely again.
const AZURE_AGREES: SignedDuration = SignedDuration::from_secs(60);
/// So many steady ticks end the hold.
const STEADY_TICKS: u32 = 2;

/// What the last ticks said.
#[derive(Debug, Clone, Default)]
pub(super) struct ClockWatch {
    last: Option<(Timestamp, SignedDuration)>,
    held: Option<String>,
    /// When the last step was seen, by the clock after it.
    stepped_at: Option<Timestamp>,
    steady: u32,
}

impl ClockWatch {
    /// What Azure's clock alone says, once an answer has come.
    pub(super) fn against(azure: Option<AzureTime>) -> Option<String> {
        let skew = azure.map(|time| time.azure.duration_since(time.here)).filter(|skew| skew.abs() > AZURE_MAX)?;
        Some(format!("this machine's clock differs from Azure's by {} s", skew.as_secs()))
    }

    /// Takes one tick and says what is wrong with the clock, if anything; the second value is a step worth logging.
    pub(super) fn tick(
        &mut self,
        now: Timestamp,
        steady: SignedDuration,
        azure: Option<AzureTime>,
    ) -> (Option<String>, Option<SignedDuration>) {
        let step = self.last.map(|(wall, then)| now.duration_since(wall).saturating_sub(steady.saturating_sub(then)));
        self.last = Some((now, steady));
        let skew = azure.map(|time| time.azure.duration_since(time.here));
        let stepped = step.filter(|step| step.abs() > STEP_SEEN);
        if let Some(step) = step.filter(|step| step.abs() > STEP_HELD) {
            self.held = Some(format!("this machine's clock stepped by {} s", step.as_secs()));
            self.stepped_at = Some(now);
            self.steady = 0;
        } else if self.held.is_some() {
            // what Azure said before the step says nothing of the clock after it
            let after = |time: &AzureTime| self.stepped_at.is_none_or(|step| step <= time.here && time.here <= now);
            let agrees =
                azure.is_none_or(|time| after(&time) && time.azure.duration_since(time.here).abs() <= AZURE_AGREES);
            self.steady = if stepped.is_none() && agrees { self.steady.saturating_add(1) } else { 0 };
            if self.steady >= STEADY_TICKS {
                self.held = None;
            }
        }
        let far = skew.filter(|skew| skew.abs() > AZURE_MAX);
        let trouble = far
            .map(|skew| format!("this machine's clock differs from Azure's by {} s", skew.as_secs()))
            .or_else(|| self.held.clone());
        (trouble, stepped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }
    fn steady(seconds: i64) -> SignedDuration {
        SignedDuration::from_secs(seconds)
    }

    #[test]
    fn s11_a_step_holds_until_two_steady_ticks() {
        let mut watch = ClockWatch::default();
        assert_eq!(watch.tick(at(0), steady(0), None), (None, None));
        assert_eq!(watch.tick(at(60), steady(60), None).0, None);
        let (trouble, step) = watch.tick(at(60 + 301 + 60), steady(120), None);
        assert!(trouble.unwrap().contains("stepped by 301 s"));
        assert_eq!(step, Some(steady(301)));
        assert!(watch.tick(at(481), steady(180), None).0.is_some(), "one steady tick is not enough");
        assert_eq!(watch.tick(at(541), steady(240), None).0, None);
    }

    #[test]
    fn s12_a_step_back_holds_too_and_a_small_one_is_only_seen() {
        let mut watch = ClockWatch::default();
        watch.tick(at(0), steady(0), None);
        assert!(watch.tick(at(-3540), steady(60), None).0.is_some());
        let mut watch = ClockWatch::default();
        watch.tick(at(0), steady(0), None);
        assert_eq!(watch.tick(at(65), steady(60), None), (None, Some(steady(5))));
    }

    #[test]
    fn fault_39_azure_far_away_holds_while_it_is() {
        let azure = |offset| Some(AzureTime { azure: at(offset), here: at(0) });
        let mut watch = ClockWatch::default();
        assert_eq!(watch.tick(at(0), steady(0), azure(120)).0, None);
        assert!(watch.tick(at(60), steady(60), azure(-121)).0.unwrap().contains("differs"));
        assert_eq!(watch.tick(at(120), steady(120), azure(0)).0, None);
    }
}
