//! An instant that may not be known, in eight bytes: a fleet holds more than a dozen of them for every instance.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant from the year 1677 to 2262 to the nanosecond, or none. What lies outside counts as the nearest one that
/// fits. None comes before every instant, as with `Option`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct When(i64);

impl When {
    /// Not known.
    pub const NONE: Self = Self(i64::MIN);

    /// That instant.
    #[must_use]
    pub fn at(instant: Timestamp) -> Self {
        let most = |nanos: i128| i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX });
        Self(most(instant.as_nanosecond()).max(i64::MIN.saturating_add(1)))
    }

    /// The instant, when there is one.
    #[must_use]
    pub fn known(self) -> Option<Timestamp> {
        if self == Self::NONE { None } else { Timestamp::from_nanosecond(self.0.into()).ok() }
    }

    /// This one, or that one where there is none.
    #[must_use]
    pub fn or(self, instant: Timestamp) -> Self {
        if self.is_none() { Self::at(instant) } else { self }
    }

    /// True unless both are known and differ: what nobody can tell apart may be the same.
    #[must_use]
    pub fn may_be(self, other: Self) -> bool {
        self == other || self.is_none() || other.is_none()
    }

    /// True when there is none.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }
}

impl Default for When {
    fn default() -> Self {
        Self::NONE
    }
}

impl From<Timestamp> for When {
    fn from(instant: Timestamp) -> Self {
        Self::at(instant)
    }
}

impl From<Option<Timestamp>> for When {
    fn from(instant: Option<Timestamp>) -> Self {
        instant.map_or(Self::NONE, Self::at)
    }
}

impl fmt::Debug for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.known().fmt(f)
    }
}

impl Serialize for When {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.known().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<Timestamp>::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_it_was_made_from() {
        for text in
            ["1970-01-01T00:00:00Z", "2026-11-25T22:54:10.123456789Z", "1677-09-22T00:00:00Z", "2262-04-11T00:00:00Z"]
        {
            let instant: Timestamp = text.parse().unwrap();
            assert_eq!(When::at(instant).known(), Some(instant));
            let json = serde_json::to_string(&When::at(instant)).unwrap();
            assert_eq!(json, serde_json::to_string(&instant).unwrap());
            assert_eq!(serde_json::from_str::<When>(&json).unwrap(), When::at(instant));
        }
        assert_eq!(When::from(None).known(), None);
        assert_eq!(serde_json::to_string(&When::NONE).unwrap(), "null");
    }

    #[test]
    fn what_does_not_fit_is_the_nearest_that_does() {
        assert!(When::at(Timestamp::MAX) > When::at("2262-01-01T00:00:00Z".parse().unwrap()));
        assert!(When::at(Timestamp::MIN) < When::at("1678-01-01T00:00:00Z".parse().unwrap()));
        assert!(When::NONE < When::at(Timestamp::MIN), "none comes first");
        assert_eq!(size_of::<When>(), 8);
    }
}
