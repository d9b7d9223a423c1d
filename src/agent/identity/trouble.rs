//! Why the managed identity gives no token that can be used, in words that say what to do.

use super::door::Door;
use super::grant::{Named, reason};
use crate::agent::pace::Wait;
use crate::agent::token::Here;
use crate::units::InstanceId;

/// What a door says of its reasons is shown so far.
const WORDS_MOST: usize = 300;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// Nobody answered.
    #[error("{0} cannot be reached for a token of the managed identity")]
    Unreachable(&'static str, #[source] reqwest::Error),
    /// It answered otherwise than with 200.
    #[error("{words}")]
    Refused {
        /// What it said and what to do.
        words: String,
        /// How long to wait.
        wait: Wait,
    },
    /// The answer is none.
    #[error("the answer of {0} cannot be used: {1}")]
    Unreadable(&'static str, &'static str),
    /// Nothing says which instance this is.
    #[error(
        "which instance this is, is not known: the token's xms_mirid {0}. Write the instance's whole ARM id to \
         service.instance"
    )]
    NoInstance(&'static str),
    /// It is of another instance.
    #[error("{what} is of {named}, and this is {here}: {help}")]
    Other {
        /// The token, or the settings.
        what: &'static str,
        /// The instance that it names.
        named: String,
        /// What this one is.
        here: String,
        /// What to do.
        help: &'static str,
    },
}

impl IdentityError {
    /// How long to wait before the next try.
    #[must_use]
    pub fn wait(&self) -> Wait {
        match self {
            Self::Refused { wait, .. } => *wait,
            Self::Unreachable(..) | Self::Unreadable(..) => Wait::Usual,
            Self::NoInstance(_) | Self::Other { .. } => Wait::Long,
        }
    }

    /// A refusal, with what to do about it.
    pub(super) fn refused(door: &Door, status: u16, body: &[u8], by_client: bool) -> Self {
        // The secret goes before anything is cut off, which may leave a half of it.
        let said: String = door.plain(&reason(body)).chars().take(WORDS_MOST).collect();
        let answers = format!("{} answers {status} {said}", door.name());
        let answers = answers.trim_end();
        let missing = said.to_ascii_lowercase().contains("identity not found");
        let (words, wait) = match status {
            400 if missing && by_client => (
                format!(
                    "the instance has no managed identity of the client id in service.identity_client_id: {answers}. \
                     Assign it to the instance, or mend the setting"
                ),
                Wait::Long,
            ),
            400 if missing => (
                format!(
                    "the instance has no managed identity: {answers}. Give it one in Azure ML, or use a token file \
                     (service.identity = \"token\")"
                ),
                Wait::Long,
            ),
            // What passes by itself, as Azure says of its metadata service.
            404 | 410 | 429 | 500..=599 => {
                (format!("there is no token of the managed identity yet: {answers}; it is asked again"), Wait::Usual)
            }
            300..=399 => (format!("{answers}: it sends elsewhere, which is not followed"), Wait::Long),
            401 | 403 => (format!("{answers}: if MSI_SECRET has changed, run the setup script again"), Wait::Long),
            _ => (format!("{answers}: see service.entra_audience and service.identity_client_id"), Wait::Long),
        };
        Self::Refused { words, wait }
    }
}

/// Which instance this is: by the settings or an earlier token, or by this token's claim; where both say it, they agree.
pub(super) fn settled(known: Option<&InstanceId>, named: &Named, here: &Here) -> Result<InstanceId, IdentityError> {
    match (known, named) {
        (Some(known), Named::Instance(own)) if known != own => Err(IdentityError::Other {
            what: "the managed identity's token",
            named: own.to_string(),
            here: known.to_string(),
            help: "mend service.instance",
        }),
        (Some(known), Named::Instance(_) | Named::Other | Named::Nobody) => Ok(known.clone()),
        (None, Named::Instance(own)) => {
            is_here("the managed identity's token", own, here)?;
            Ok(own.clone())
        }
        (None, Named::Other) => Err(IdentityError::NoInstance("names something else than a compute instance")),
        (None, Named::Nobody) => Err(IdentityError::NoInstance("is missing")),
    }
}

/// Refuses an instance that is another one than Azure ML says of this machine.
pub(in crate::agent) fn is_here(what: &'static str, id: &InstanceId, here: &Here) -> Result<(), IdentityError> {
    here.differs(id).map_or(Ok(()), |(part, here)| {
        let help = "mend service.instance, the identity, or CI_NAME, CI_WORKSPACE and CI_RESOURCE_GROUP";
        Err(IdentityError::Other { what, named: id.to_string(), here: format!("{part} `{here}`"), help })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::hidden::Hidden;
    use crate::agent::identity::Ways;
    use crate::agent::rules::{ServiceRules, Wording};

    const ID: &str = "/subscriptions/s1/resourceGroups/rg-a/providers/Microsoft.MachineLearningServices/workspaces/ws-a/computes/ci-ana";

    fn door() -> Door {
        let ways = Ways {
            imds: "http://127.0.0.1".to_owned(),
            msi_endpoint: Some("http://127.0.0.1/token".to_owned()),
            msi_secret: Some(Hidden::new("hush".to_owned())),
        };
        let rules = ServiceRules { entra_audience: Wording("api://x".to_owned()), ..ServiceRules::default() };
        Door::find(&ways, &rules).unwrap()
    }

    fn refused(status: u16, said: &str, by_client: bool) -> (String, Wait) {
        let body = serde_json::json!({ "error": "invalid_request", "error_description": said });
        let error = IdentityError::refused(&door(), status, body.to_string().as_bytes(), by_client);
        (error.to_string(), error.wait())
    }

    #[test]
    fn what_passes_by_itself_is_asked_again_soon_and_what_a_person_mends_is_not() {
        for status in [404, 410, 429, 500, 503, 599] {
            let (words, wait) = refused(status, "later", false);
            assert_eq!(wait, Wait::Usual, "{status}");
            assert!(words.contains(&format!("{status} later")), "{words}");
        }
        for (status, by_client, wanted) in [
            (400, false, "the instance has no managed identity: MSI_ENDPOINT answers 400 Identity not found"),
            (400, true, "service.identity_client_id"),
            (401, false, "run the setup script again"),
            (302, false, "not followed"),
            (405, false, "see service.entra_audience"),
        ] {
            let (words, wait) = refused(status, "Identity not found", by_client);
            assert!(words.contains(wanted), "{words}");
            assert_eq!(wait, Wait::Long, "{status}");
        }
        let (words, _) = refused(400, "AADSTS500011: no such resource", false);
        assert!(words.contains("AADSTS500011") && words.contains("service.entra_audience"), "{words}");
    }

    #[test]
    fn the_secret_is_not_repeated_even_where_words_are_cut_off() {
        let (words, _) = refused(401, &format!("{}hush was shown", "e".repeat(WORDS_MOST - 2)), false);
        assert!(!words.contains("hu"), "{words}");
        assert!(words.len() < WORDS_MOST + 100, "{words}");
    }

    #[test]
    fn the_instance_is_what_settings_and_claim_agree_on() {
        let own = InstanceId::parse(ID).unwrap();
        let bob = InstanceId::parse(&ID.replace("ci-ana", "ci-bob")).unwrap();
        let (here, named) = (Here { name: Some("CI-Ana".to_owned()), ..Here::default() }, Named::Instance(own.clone()));
        for (known, named) in
            [(Some(&own), &named), (Some(&own), &Named::Other), (Some(&own), &Named::Nobody), (None, &named)]
        {
            assert_eq!(settled(known, named, &here).unwrap(), own, "{known:?} {named:?}");
        }
        for (known, named, words) in [
            (None, Named::Other, "something else than a compute instance. Write"),
            (None, Named::Nobody, "xms_mirid is missing. Write"),
            (Some(&own), Named::Instance(bob.clone()), "computes/ci-bob, and this is /subscriptions"),
            (None, Named::Instance(bob.clone()), "this is instance `CI-Ana`"),
        ] {
            let error = settled(known, &named, &here).unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
            assert_eq!(error.wait(), Wait::Long);
        }
    }
}
