//! The send gate (L4): whether who holds a lease may still send something, by how long ago the lease was last surely its own.

use jiff::SignedDuration;

/// How a lease is timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseTerms {
    /// So long after a renewal nobody else can take it.
    pub length: SignedDuration,
    /// Clocks may run so much apart within that time, and the server's answer may be so late.
    pub margin: SignedDuration,
    /// A request that leaves now may reach Azure so much later.
    pub request: SignedDuration,
}

impl LeaseTerms {
    /// The terms of RULES section 3: 15 s, of which a machine whose clock runs half as fast again still has ten.
    pub const LISTED: Self = Self {
        length: SignedDuration::from_secs(15),
        margin: SignedDuration::from_secs(3),
        request: SignedDuration::from_secs(5),
    };
}

/// True while a request that leaves now arrives before anybody else can hold the lease. `since_renewal` is counted from before
/// the renewal was asked for, by a clock that never steps; none where it was never renewed.
#[must_use]
pub fn may_send(since_renewal: Option<SignedDuration>, terms: &LeaseTerms) -> bool {
    let (Some(since), Some(last)) = (since_renewal, terms.length.checked_sub(terms.margin)) else { return false };
    // a clock that went back tells nothing
    !since.is_negative() && since.checked_add(terms.request).is_some_and(|arrives| arrives < last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn after(millis: i64) -> bool {
        may_send(Some(SignedDuration::from_millis(millis)), &LeaseTerms::LISTED)
    }

    #[test]
    fn the_gate_closes_seven_seconds_after_the_last_renewal() {
        // L4: since + 5 s < 15 s − 3 s
        assert!(after(0) && after(6_999));
        assert!(!after(7_000) && !after(15_000) && !after(i64::MAX / 1_000));
        assert!(!may_send(None, &LeaseTerms::LISTED), "who never held it sends nothing");
        assert!(!after(-1), "nor does one whose clock went back");
        assert!(!may_send(Some(SignedDuration::MAX), &LeaseTerms::LISTED));
    }

    proptest! {
        #[test]
        fn what_is_sent_arrives_while_the_lease_lasts(since in 0_i64..60_000, length in 0_i64..60, margin in 0_i64..20, request in 0_i64..20) {
            let terms = LeaseTerms {
                length: SignedDuration::from_secs(length),
                margin: SignedDuration::from_secs(margin),
                request: SignedDuration::from_secs(request),
            };
            if may_send(Some(SignedDuration::from_millis(since)), &terms) {
                prop_assert!(since + request * 1_000 + margin * 1_000 < length * 1_000);
                // once closed it stays closed until the next renewal
                prop_assert!(since == 0 || may_send(Some(SignedDuration::from_millis(since - 1)), &terms));
            }
        }
    }
}
