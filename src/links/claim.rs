//! What a link claims, and whether it is believed.

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::facts::{Created, NoticeKey};
use crate::seal::{Broken, Claims, KeyError, Keys, open, seal};
use crate::units::InstanceId;

/// A link outlives the stop that it announces by so much: a mail read a little late still says what became of it.
const OUTLIVES: SignedDuration = SignedDuration::from_hours(1);

/// The one thing that a link may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkAction {
    /// Keep the instance on for a while.
    Hold,
    /// Keep an instance that is proposed for deletion. No link deletes one.
    Keep,
}

/// What a link claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkClaim {
    /// The version of this form.
    v: u8,
    /// The name of the key that signed it.
    kid: String,
    /// The instance, by its ARM id.
    pub instance: InstanceId,
    /// Which life of its name: a link to one that was deleted holds no other.
    pub created: Created,
    /// The announced stop, which is what it can postpone.
    pub notice: NoticeKey,
    /// What may be done.
    pub action: LinkAction,
    /// The longest hold that it can make, in seconds; the policy's own caps hold as well.
    pub seconds_max: u32,
    /// It is of no use from then on.
    pub exp: i64,
    /// Its number, of 128 bits: it is used once.
    pub jti: String,
}

/// Why a link is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// It is none.
    #[error("this is no whole link; open it from the message once more, or copy all of it")]
    Malformed,
    /// Its signature is wrong, or its key is not known any more.
    #[error("this link was not made by this service, or with a key that it no longer has")]
    Forged,
    /// It is too old.
    #[error("this link has expired: what it announced was more than an hour ago; see the instance's page")]
    Expired,
}

impl Claims for LinkClaim {
    const PREFIX: &'static str = "lol1.";

    fn key(&self) -> &str {
        &self.kid
    }
}

impl From<Broken> for LinkError {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Malformed => Self::Malformed,
            Broken::Forged => Self::Forged,
        }
    }
}

/// What links are signed with: the present secret, and those before it.
///
/// # Errors
/// When one is too short.
pub fn link_keys(present: SecretString, before: impl IntoIterator<Item = SecretString>) -> Result<Keys, KeyError> {
    Keys::new("link", present, before)
}

/// The token of a proposal's link: it keeps the instance, and can do nothing else. It is good for this step of this proposal.
#[must_use]
pub fn for_proposal(keys: &Keys, instance: (&InstanceId, Created), notice: &NoticeKey) -> Option<String> {
    token_for(keys, instance, notice, (LinkAction::Keep, 0))
}

/// The token of a warning's link. The same warning has the same link for ever, on every channel and at every try, so
/// that it is spent once however often it was sent.
#[must_use]
pub fn for_warning(
    keys: &Keys,
    instance: (&InstanceId, Created),
    notice: &NoticeKey,
    seconds_max: u32,
) -> Option<String> {
    token_for(keys, instance, notice, (LinkAction::Hold, seconds_max))
}

fn token_for(
    keys: &Keys,
    (instance, created): (&InstanceId, Created),
    notice: &NoticeKey,
    (action, seconds_max): (LinkAction, u32),
) -> Option<String> {
    let life = created.known().map(|at| at.to_string()).unwrap_or_default();
    let id = instance.to_string().to_ascii_lowercase();
    // of the warning alone: a change of keys makes no second link of it
    let number = Sha256::digest(format!("jti\n{id}\n{life}\n{}\n{}", notice.stop.0, notice.stop_at));
    let jti = number.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let exp = notice.stop_at.checked_add(OUTLIVES).unwrap_or(notice.stop_at).as_second();
    let claim = LinkClaim {
        v: 1,
        kid: keys.name().to_owned(),
        instance: instance.clone(),
        created,
        notice: notice.clone(),
        action,
        seconds_max,
        exp,
        jti,
    };
    seal(keys, &claim)
}

/// Reads a link's token.
///
/// # Errors
/// When it is none, was not signed by one of these keys, or is too old.
pub fn read(keys: &Keys, token: &str, now: Timestamp) -> Result<LinkClaim, LinkError> {
    let claim: LinkClaim = open(keys, token.trim())?;
    if claim.v != 1 {
        return Err(LinkError::Malformed);
    }
    if now.as_second() >= claim.exp {
        return Err(LinkError::Expired);
    }
    Ok(claim)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::facts::StopKey;
    use crate::units::When;

    const ID: &str =
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/ci-a";

    fn keys(letter: &str, before: &[&str]) -> Keys {
        let secret = |letter: &str| SecretString::from(letter.repeat(32));
        link_keys(secret(letter), before.iter().map(|one| secret(one))).unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn notice(stop_at: i64) -> NoticeKey {
        NoticeKey { stop: StopKey(Arc::from("idle/research/x")), stop_at: at(stop_at) }
    }

    fn token(keys: &Keys, id: &str, life: Created, stop_at: i64) -> String {
        for_warning(keys, (&InstanceId::parse(id).unwrap(), life), &notice(stop_at), 7_200).unwrap()
    }

    #[test]
    fn a_link_says_what_it_may_do_and_to_what() {
        let keys = keys("a", &[]);
        let claim = read(&keys, &token(&keys, ID, When::at(at(5)), 1_000), at(900)).unwrap();
        assert_eq!(claim.instance.to_string(), ID);
        assert_eq!((claim.created, claim.seconds_max, claim.action), (When::at(at(5)), 7_200, LinkAction::Hold));
        assert_eq!(claim.exp, 1_000 + 3_600, "an hour after the stop");
        assert_eq!(claim.jti.len(), 32);
    }

    #[test]
    fn the_same_warning_has_the_same_link_and_any_other_another() {
        let keys = keys("a", &[]);
        let one = token(&keys, ID, When::NONE, 1_000);
        assert_eq!(one, token(&keys, ID, When::NONE, 1_000));
        let jti = |token: &str| read(&keys, token, at(0)).unwrap().jti;
        let others = [
            token(&keys, &ID.replace("ci-a", "ci-b"), When::NONE, 1_000),
            token(&keys, ID, When::at(at(5)), 1_000),
            token(&keys, ID, When::NONE, 1_001),
        ];
        assert!(others.iter().all(|other| jti(other) != jti(&one)), "a moved deadline is another link");
    }

    #[test]
    fn it_ends_an_hour_after_the_stop() {
        let keys = keys("a", &[]);
        let one = token(&keys, ID, When::NONE, 1_000);
        assert!(read(&keys, &one, at(4_599)).is_ok());
        assert_eq!(read(&keys, &one, at(4_600)), Err(LinkError::Expired));
    }

    #[test]
    fn keys_are_changed_without_breaking_links_on_their_way() {
        let old = token(&keys("a", &[]), ID, When::NONE, 1_000);
        assert!(read(&keys("b", &["a"]), &old, at(0)).is_ok());
        assert_eq!(read(&keys("b", &[]), &old, at(0)), Err(LinkError::Forged));
    }

    #[test]
    fn what_is_signed_for_agents_is_no_link() {
        let secret = || SecretString::from("a".repeat(32));
        let agents = Keys::new("agent", secret(), None).unwrap();
        let one = token(&agents, ID, When::NONE, 1_000);
        assert_eq!(read(&keys("a", &[]), &one, at(0)), Err(LinkError::Forged), "the same secret, another purpose");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// One changed character, or any text at all, is never believed.
        #[test]
        fn nothing_else_is_believed(place in 0_usize..900, letter in "[A-Za-z0-9_.-]", text in ".{0,80}") {
            let keys = keys("a", &[]);
            let one = token(&keys, ID, When::NONE, 1_000);
            let place = place % one.len();
            let mut changed = one.clone();
            changed.replace_range(place..=place, &letter);
            // the last character of a base64 text holds bits that mean nothing
            prop_assert!(changed == one || place + 1 == one.len() || read(&keys, &changed, at(0)).is_err());
            prop_assert!(read(&keys, &text, at(0)).is_err());
            let prefixed = format!("{}{text}", LinkClaim::PREFIX);
            prop_assert!(read(&keys, &prefixed, at(0)).is_err());
        }
    }
}
