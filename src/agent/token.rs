//! The token that names the instance: `lo1.` and base64url of JSON and `.` and a mac, which only the service can check.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::units::InstanceId;

/// The longest token that is one, in bytes.
const TOKEN_MAX: usize = 4_096;

/// A token, and the instance that it names. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    text: String,
    instance: InstanceId,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token").field("instance", &self.instance).finish_non_exhaustive()
    }
}

/// Why a token cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is none.
    #[error("this is no token of an instance: {0}; ask whoever runs the service for one")]
    Shape(&'static str),
    /// It names another instance.
    #[error(
        "the token is of {named}, and this is {what} `{here}`: a token is of one instance; ask whoever runs the service \
         for one of this"
    )]
    Other {
        /// The instance of the token.
        named: String,
        /// What differs.
        what: &'static str,
        /// What this one has.
        here: String,
    },
}

/// What Azure ML says of the instance to its setup script. Each may be absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Here {
    /// `CI_NAME`.
    pub name: Option<String>,
    /// `CI_WORKSPACE`.
    pub workspace: Option<String>,
    /// `CI_RESOURCE_GROUP`.
    pub resource_group: Option<String>,
}

impl Here {
    /// What differs from this instance in more than case, and what it is here.
    pub(super) fn differs(&self, instance: &InstanceId) -> Option<(&'static str, &str)> {
        let workspace = instance.workspace();
        let pairs = [
            (&self.name, instance.name(), "instance"),
            (&self.workspace, workspace.name(), "workspace"),
            (&self.resource_group, workspace.resource_group(), "resource group"),
        ];
        let other = |here: &&str, named: &str| !here.is_empty() && !here.eq_ignore_ascii_case(named);
        pairs.into_iter().find_map(|(here, named, what)| Some((what, here.as_deref().filter(|one| other(one, named))?)))
    }
}

#[derive(Deserialize)]
struct Payload {
    instance: String,
}

impl Token {
    /// Reads a token, as it stands in its file.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(text: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        let fine = text.len() <= TOKEN_MAX && text.bytes().all(|byte| byte.is_ascii_graphic());
        let parts = text.strip_prefix("lo1.").and_then(|rest| rest.split_once('.')).filter(|_| fine);
        let (payload, mac) = parts.ok_or(TokenError::Shape("it does not begin with lo1., or is cut off"))?;
        if mac.is_empty() || mac.contains('.') {
            return Err(TokenError::Shape("its end is wrong"));
        }
        let json = URL_SAFE_NO_PAD.decode(payload).map_err(|_| TokenError::Shape("its middle is not base64url"))?;
        let payload: Payload = serde_json::from_slice(&json).map_err(|_| TokenError::Shape("it names no instance"))?;
        let instance = InstanceId::parse(&payload.instance);
        let instance = instance.map_err(|_| TokenError::Shape("what it names is no ARM id of an instance"))?;
        Ok(Self { text: text.to_owned(), instance })
    }

    /// The instance.
    #[must_use]
    pub fn instance(&self) -> &InstanceId {
        &self.instance
    }

    /// The token itself, for the one header that it goes into.
    #[must_use]
    pub(super) fn secret(&self) -> &str {
        &self.text
    }

    /// Refuses a token of another instance.
    ///
    /// # Errors
    /// When something that is known here differs, in more than case.
    pub fn is_of(&self, here: &Here) -> Result<(), TokenError> {
        here.differs(&self.instance).map_or(Ok(()), |(what, here)| {
            Err(TokenError::Other { named: self.instance.to_string(), what, here: here.to_owned() })
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "/subscriptions/s1/resourceGroups/rg-a/providers/Microsoft.MachineLearningServices/workspaces/ws-a/computes/ci-ana";

    fn token(json: &str) -> String {
        format!("lo1.{}.bWFj", URL_SAFE_NO_PAD.encode(json))
    }

    #[test]
    fn it_names_the_instance_and_is_never_shown() {
        let text = token(&format!("{{\"instance\": \"{ID}\", \"epoch\": 3}}"));
        let read = Token::read(&format!("{text}\n")).unwrap();
        assert_eq!(read.instance().to_string(), ID);
        assert_eq!(read.secret(), text);
        assert!(!format!("{read:?}").contains(&text));
    }

    #[test]
    fn a_token_of_another_instance_is_refused_with_words() {
        let read = Token::read(&token(&format!("{{\"instance\": \"{ID}\"}}"))).unwrap();
        let here = |name: &str, workspace: &str, group: &str| Here {
            name: Some(name.to_owned()),
            workspace: Some(workspace.to_owned()),
            resource_group: Some(group.to_owned()),
        };
        assert_eq!(read.is_of(&here("CI-Ana", "WS-A", "RG-A")), Ok(()));
        assert_eq!(read.is_of(&Here::default()), Ok(()));
        assert_eq!(read.is_of(&here("", "", "")), Ok(()));
        for (other, what) in [
            (here("ci-bob", "ws-a", "rg-a"), "instance `ci-bob`"),
            (here("ci-ana", "ws-b", "rg-a"), "workspace `ws-b`"),
            (here("ci-ana", "ws-a", "rg-b"), "resource group `rg-b`"),
        ] {
            let words = read.is_of(&other).unwrap_err().to_string();
            assert!(words.contains(what) && words.contains(ID), "{words}");
        }
    }

    #[test]
    fn what_is_no_token_is_said_to_be_none() {
        let good = token(&format!("{{\"instance\": \"{ID}\"}}"));
        for (text, why) in [
            (String::new(), "cut off"),
            (good.replace("lo1.", "lo2."), "begin"),
            (good.replace(".bWFj", ""), "cut off"),
            (good.replace("bWFj", ""), "end"),
            (good.clone() + ".x", "end"),
            ("lo1.!!.x".to_owned(), "base64url"),
            (token("{}"), "names no instance"),
            (token("{\"instance\": \"ci-ana\"}"), "ARM id"),
            (good.clone() + &"x".repeat(5_000), "cut off"),
            (good.replace("lo1.", "lo1.\u{e9}"), "cut off"),
        ] {
            let error = Token::read(&text).unwrap_err();
            assert!(error.to_string().contains(why), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(lo1\\.)?[ -~]{0,40}(\\.[ -~]{0,9})?") {
            drop(Token::read(&text));
        }
    }
}
