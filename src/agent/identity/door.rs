//! At which door of the platform tokens are asked for, and how. Pure: what the environment and the settings say in, a request out.

use reqwest::header::{HeaderName, HeaderValue};
use url::{Host, Url};

use crate::agent::hidden::Hidden;
use crate::agent::rules::{ServiceRules, is_loopback};

/// Where a virtual machine asks for tokens: an address that leaves no machine.
pub(in crate::agent) const IMDS: &str = "http://169.254.169.254";

/// What the environment says of where tokens are had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ways {
    /// Where the metadata service is; another one only in tests.
    pub imds: String,
    /// `MSI_ENDPOINT`, as Azure ML sets it.
    pub msi_endpoint: Option<String>,
    /// `MSI_SECRET`, which is shown there.
    pub msi_secret: Option<Hidden>,
}

/// Why no token can be asked for. A person has to mend it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DoorError {
    /// Nobody said for whom the token is.
    #[error(
        "service.identity is \"managed\", and service.entra_audience is empty: write what [agents] entra_audience says \
         in the service's settings"
    )]
    NoAudience,
    /// Half of what is needed.
    #[error("MSI_ENDPOINT is in the environment, and MSI_SECRET is not: set both, or neither to ask {IMDS} for tokens")]
    NoSecret,
    /// An address that is not the platform's.
    #[error(
        "{0} names {1}, which is not asked for tokens: it has to be http at this machine (127.0.0.1, [::1], localhost) \
         or at 169.254.x.x, without user and password"
    )]
    Foreign(&'static str, String),
    /// It cannot be sent.
    #[error("MSI_SECRET holds what cannot stand in a header")]
    Secret,
}

/// One door, and the question that is asked there.
#[derive(Debug, Clone)]
pub struct Door {
    name: &'static str,
    url: Url,
    header: (HeaderName, HeaderValue),
    secret: Option<Hidden>,
}

impl Door {
    /// The one that this environment has.
    ///
    /// # Errors
    /// When there is none that may be asked.
    pub fn find(ways: &Ways, rules: &ServiceRules) -> Result<Self, DoorError> {
        if rules.entra_audience.0.trim().is_empty() {
            return Err(DoorError::NoAudience);
        }
        let set = |text: &&str| !text.is_empty();
        match ways.msi_endpoint.as_deref().filter(set) {
            Some(endpoint) => {
                let secret = ways.msi_secret.as_ref().filter(|secret| !secret.secret().is_empty());
                Self::msi(endpoint, secret.ok_or(DoorError::NoSecret)?, rules)
            }
            None => Self::imds(&ways.imds, rules),
        }
    }

    fn msi(endpoint: &str, secret: &Hidden, rules: &ServiceRules) -> Result<Self, DoorError> {
        let mut value = HeaderValue::from_str(secret.secret()).map_err(|_| DoorError::Secret)?;
        // Clients that print what they send leave such a one out.
        value.set_sensitive(true);
        Ok(Self {
            name: "MSI_ENDPOINT",
            url: asked(near("MSI_ENDPOINT", endpoint)?, "2017-09-01", "clientid", rules),
            header: (HeaderName::from_static("secret"), value),
            secret: Some(secret.clone()),
        })
    }

    fn imds(base: &str, rules: &ServiceRules) -> Result<Self, DoorError> {
        let mut url = near("IMDS", base)?;
        url.set_path("/metadata/identity/oauth2/token");
        Ok(Self {
            name: "IMDS",
            url: asked(url, "2018-02-01", "client_id", rules),
            header: (HeaderName::from_static("metadata"), HeaderValue::from_static("true")),
            secret: None,
        })
    }

    /// Its name, for people.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What is asked for.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The header without which it does not answer.
    #[must_use]
    pub fn header(&self) -> (HeaderName, HeaderValue) {
        self.header.clone()
    }

    /// Words from there, without the secret that they may repeat.
    #[must_use]
    pub fn plain(&self, words: &str) -> String {
        match &self.secret {
            Some(secret) => words.replace(secret.secret(), "…"),
            None => words.to_owned(),
        }
    }
}

/// An address on this machine, or of the link that ends at its host. Whoever could name another one would be handed the
/// secret, and could hand out a token of their own.
fn near(name: &'static str, text: &str) -> Result<Url, DoorError> {
    let url = Url::parse(text).map_err(|_| DoorError::Foreign(name, "no address".to_owned()))?;
    let link_local = matches!(url.host(), Some(Host::Ipv4(address)) if address.is_link_local());
    let bare = url.username().is_empty() && url.password().is_none();
    if url.scheme() == "http" && bare && (link_local || is_loopback(&url)) {
        Ok(url)
    } else {
        Err(DoorError::Foreign(name, url.origin().ascii_serialization()))
    }
}

fn asked(mut url: Url, version: &str, client: &str, rules: &ServiceRules) -> Url {
    let mut query = url.query_pairs_mut();
    query.append_pair("api-version", version).append_pair("resource", &rules.entra_audience.0);
    if !rules.identity_client_id.0.is_empty() {
        query.append_pair(client, &rules.identity_client_id.0);
    }
    drop(query);
    url
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::rules::Wording;

    fn ways(endpoint: &str, secret: &str) -> Ways {
        let set = |text: &str| Some(text.to_owned());
        Ways { imds: IMDS.to_owned(), msi_endpoint: set(endpoint), msi_secret: set(secret).map(Hidden::new) }
    }

    fn rules(client: &str) -> ServiceRules {
        let word = |text: &str| Wording(text.to_owned());
        ServiceRules {
            entra_audience: word("api://lightsout"),
            identity_client_id: word(client),
            ..ServiceRules::default()
        }
    }

    #[test]
    fn the_environment_says_which_door() {
        let door = Door::find(&ways("", ""), &rules("")).unwrap();
        assert_eq!(
            (door.name(), door.url().as_str()),
            (
                "IMDS",
                "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=api%3A%2F%2Flightsout"
            )
        );
        let (name, value) = door.header();
        assert_eq!((name.as_str(), value.as_bytes()), ("metadata", b"true".as_slice()));
        let door = Door::find(&ways("http://127.0.0.1:46808/MSI/auth", "hush"), &rules("c 1")).unwrap();
        assert_eq!(
            (door.name(), door.url().as_str()),
            (
                "MSI_ENDPOINT",
                "http://127.0.0.1:46808/MSI/auth?api-version=2017-09-01&resource=api%3A%2F%2Flightsout&clientid=c+1"
            )
        );
        let (name, value) = door.header();
        assert_eq!((name.as_str(), value.as_bytes()), ("secret", b"hush".as_slice()));
        assert!(!format!("{door:?}").contains("hush"), "{door:?}");
        assert_eq!(door.plain("the secret hush is wrong"), "the secret … is wrong");
        let imds = Door::find(&ways("", "hush"), &rules("c1")).unwrap();
        assert!(imds.url().as_str().ends_with("&client_id=c1"), "{}", imds.url());
    }

    #[test]
    fn only_this_machine_and_its_link_are_asked() {
        for (endpoint, fine) in [
            ("http://127.0.0.1:46808/MSI/auth", true),
            ("http://localhost:1/token", true),
            ("http://[::1]:1/token", true),
            ("http://169.254.169.254/token", true),
            ("http://169.254.7.8:80/token", true),
            ("http://169.253.1.1/token", false),
            ("http://10.0.0.4:46808/MSI/auth", false),
            ("http://127.0.0.1.example/token", false),
            ("http://169.254.169.254.example/token", false),
            ("http://localhost.example/token", false),
            ("http://user:pass@127.0.0.1/token", false),
            ("http://127.0.0.1@evil.example/token", false),
            ("http://[::ffff:10.0.0.4]/token", false),
            ("http://[fe80::1]/token", false),
            ("https://127.0.0.1/token", false),
            ("file:///token", false),
            ("127.0.0.1:46808", false),
        ] {
            let found = Door::find(&ways(endpoint, "hush"), &rules(""));
            assert_eq!(found.is_ok(), fine, "{endpoint}: {found:?}");
            let imds = Ways { imds: endpoint.to_owned(), msi_endpoint: None, msi_secret: None };
            assert_eq!(Door::find(&imds, &rules("")).is_ok(), fine, "{endpoint} instead of IMDS");
            let words = found.err().map(|error| error.to_string()).unwrap_or_default();
            assert!(!words.contains("hush") && !words.contains("pass@"), "{words}");
        }
    }

    #[test]
    fn what_is_missing_is_said() {
        let said = |ways: &Ways, rules: &ServiceRules| Door::find(ways, rules).unwrap_err().to_string();
        assert!(said(&ways("", ""), &ServiceRules::default()).contains("entra_audience"));
        let half = said(&ways("http://127.0.0.1:1/token", ""), &rules(""));
        assert!(half.contains("MSI_SECRET is not"), "{half}");
        let line = said(&ways("http://127.0.0.1:1/token", "a\nb"), &rules(""));
        assert!(line.contains("header") && !line.contains("a\n"), "{line}");
    }
}
