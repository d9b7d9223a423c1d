//! A secret that stays out of what is printed for people who look for faults.

use std::convert::Infallible;
use std::str::FromStr;

/// A secret text. Its `Debug` does not hold it, so that no log of what carries it does.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(String);

impl Hidden {
    /// Hides a text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself, for the one header that it goes into.
    #[must_use]
    pub(super) fn secret(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hidden")
    }
}

/// As the command line reads it.
impl FromStr for Hidden {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_never_shown() {
        let hidden: Hidden = "hush".parse().unwrap();
        assert_eq!((hidden.secret(), format!("{:?}", Some(&hidden))), ("hush", "Some(Hidden)".to_owned()));
    }
}
