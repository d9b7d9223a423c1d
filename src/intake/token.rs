//! An agent's token: the instance that it speaks for, when it was minted, and a signature. It opens nothing but the intake.

use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::seal::{Broken, Claims, KeyError, Keys, open, seal};
use crate::units::InstanceId;

/// The beginning of every token of this kind, by which scanners of leaked secrets can know one.
pub(super) const PREFIX: &str = "lo1.";

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The ARM id of the instance.
    pub instance: String,
    /// When it was minted, in seconds since 1970.
    pub iat: i64,
    /// The name of the key that signed it.
    pub kid: String,
}

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is not one.
    #[error("this is no agent's token; mint one with `lightsout agent token`")]
    Malformed,
    /// Its signature is wrong, or its key is not known any more.
    #[error("the token was not signed by this service, or by a key that it no longer has; mint another one")]
    Forged,
    /// Taken back.
    #[error("the token was revoked; mint another one with `lightsout agent token`")]
    Revoked,
    /// The list of those that were taken back cannot be read.
    #[error("the service cannot read its list of revoked tokens, and believes none until it can; see its log")]
    Untold,
}

impl Claims for Claim {
    const PREFIX: &'static str = PREFIX;

    fn key(&self) -> &str {
        &self.kid
    }
}

impl From<Broken> for TokenError {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Malformed => Self::Malformed,
            Broken::Forged => Self::Forged,
        }
    }
}

/// Makes a token for an instance.
#[must_use]
pub fn mint(keys: &Keys, instance: &InstanceId, at: Timestamp) -> Option<String> {
    seal(keys, &Claim { instance: instance.to_string(), iat: at.as_second(), kid: keys.name().to_owned() })
}

/// Reads a token and checks its signature. Whether it was revoked is asked elsewhere.
pub(super) fn read(keys: &Keys, token: &str) -> Result<Claim, TokenError> {
    Ok(open(keys, token)?)
}

/// What agents' tokens are signed with.
///
/// # Errors
/// When a secret is too short.
pub fn agent_keys(present: SecretString, before: Option<SecretString>) -> Result<Keys, KeyError> {
    Keys::new("agent", present, before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys(secret: &str) -> Keys {
        agent_keys(SecretString::from(secret.repeat(32)), None).unwrap()
    }

    fn instance() -> InstanceId {
        let id =
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/ci-a";
        InstanceId::parse(id).unwrap()
    }

    #[test]
    fn a_token_names_its_instance_and_no_other() {
        let keys = keys("a");
        let token = mint(&keys, &instance(), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(read(&keys, &token).unwrap().instance, instance().to_string());
        let other = mint(&self::keys("b"), &instance(), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(read(&keys, &other), Err(TokenError::Forged));
        // the claim of one with the signature of another
        let elsewhere = InstanceId::parse(&instance().to_string().replace("ci-a", "ci-b")).unwrap();
        let second = mint(&keys, &elsewhere, Timestamp::UNIX_EPOCH).unwrap();
        let (first, second) = (token.rsplit_once('.').unwrap(), second.rsplit_once('.').unwrap());
        assert_eq!(read(&keys, &format!("{}.{}", first.0, second.1)), Err(TokenError::Forged));
    }

    #[test]
    fn a_key_that_was_replaced_is_believed_while_it_is_named() {
        let old = mint(&keys("a"), &instance(), Timestamp::UNIX_EPOCH).unwrap();
        let secret = |letter: &str| SecretString::from(letter.repeat(32));
        let both = agent_keys(secret("b"), Some(secret("a"))).unwrap();
        assert!(read(&both, &old).is_ok());
        assert_eq!(read(&keys("b"), &old), Err(TokenError::Forged));
        assert!(agent_keys(SecretString::from("short"), None).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// One changed character, or any text at all, is never believed.
        #[test]
        fn nothing_else_is_believed(at in 0_usize..200, letter in "[A-Za-z0-9_.-]", text in ".{0,80}") {
            let keys = keys("a");
            let token = mint(&keys, &instance(), Timestamp::UNIX_EPOCH).unwrap();
            let at = at % token.len();
            let mut changed = token.clone();
            changed.replace_range(at..=at, &letter);
            // the last character of a base64 text holds bits that mean nothing
            prop_assert!(changed == token || read(&keys, &changed).is_err() || at + 1 == token.len());
            prop_assert!(read(&keys, &text).is_err());
            let prefixed = [PREFIX, &text].concat();
            prop_assert!(read(&keys, &prefixed).is_err());
        }
    }
}
