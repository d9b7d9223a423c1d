//! What a trusted proxy says of who asks. Whoever is not one says nothing, and what can be read in two ways is refused.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName};

use crate::access::Identity;

/// The header in which proxies list whom they speak for.
const FORWARDED_FOR: &str = "x-forwarded-for";
/// A value that is longer is no name.
const VALUE_MAX: usize = 512;
/// So many groups are looked at.
const GROUPS_MAX: usize = 200;

/// Which proxies are believed, and in which headers they speak.
#[derive(Clone)]
pub struct ProxyTrust {
    /// Whether a peer is one.
    pub trusted: Arc<dyn Fn(IpAddr) -> bool + Send + Sync>,
    /// The header of the user; none: proxies name no users.
    pub user_header: Option<HeaderName>,
    /// The header of the e-mail address.
    pub email_header: Option<HeaderName>,
    /// The header of groups, split at commas.
    pub roles_header: Option<HeaderName>,
}

impl std::fmt::Debug for ProxyTrust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProxyTrust").field("user_header", &self.user_header).finish_non_exhaustive()
    }
}

/// A header that could be read in two ways, or not at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the header {0} came twice, in another spelling, or cannot be read")]
pub(super) struct Smuggled(String);

impl ProxyTrust {
    fn trusts(&self, peer: IpAddr) -> bool {
        (self.trusted)(peer.to_canonical())
    }

    fn names(&self) -> impl Iterator<Item = &HeaderName> {
        [&self.user_header, &self.email_header, &self.roles_header].into_iter().flatten()
    }

    /// Whom a proxy names. What others say is taken out of the headers, so that nothing later can go by it.
    pub(super) fn named(&self, headers: &mut HeaderMap, peer: IpAddr) -> Result<Option<Identity>, Smuggled> {
        if !self.trusts(peer) {
            let ours: Vec<HeaderName> = headers.keys().filter(|key| self.is_like_ours(key)).cloned().collect();
            for name in ours {
                headers.remove(name);
            }
            return Ok(None);
        }
        // `X_User` is `X-User` to many a program behind a proxy, and no proxy strips both
        let other = headers.keys().find(|key| self.is_like_ours(key) && !self.names().any(|name| name == *key));
        if let Some(other) = other {
            return Err(Smuggled(other.to_string()));
        }
        let user = one(headers, self.user_header.as_ref())?;
        let email = one(headers, self.email_header.as_ref())?;
        let groups = one(headers, self.roles_header.as_ref())?;
        let Some(user) = user else { return Ok(None) };
        let groups = groups.unwrap_or_default();
        let groups = groups.split(',').map(str::trim).filter(|group| !group.is_empty()).take(GROUPS_MAX);
        Ok(Some(Identity {
            key: format!("proxy:{user}"),
            addresses: std::iter::once(user.clone()).chain(email).collect(),
            groups: groups.map(str::to_owned).collect(),
            name: user,
        }))
    }

    fn is_like_ours(&self, key: &HeaderName) -> bool {
        let dashes = |name: &HeaderName| name.as_str().replace('_', "-");
        self.names().any(|name| dashes(name) == dashes(key))
    }

    /// For whom the peer speaks, for counting requests: the last address that a trusted proxy was asked from, else the
    /// peer itself.
    pub(super) fn asker(&self, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
        if !self.trusts(peer) {
            return peer;
        }
        let lines = headers.get_all(FORWARDED_FOR).iter().filter_map(|line| line.to_str().ok());
        let hops: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
        let mut asker = peer;
        for hop in hops.iter().rev() {
            let Ok(address) = hop.parse::<IpAddr>() else { break };
            asker = address;
            if !self.trusts(address) {
                break;
            }
        }
        asker
    }
}

/// The one value of a header; none when it is not there, or empty.
fn one(headers: &HeaderMap, name: Option<&HeaderName>) -> Result<Option<String>, Smuggled> {
    let Some(name) = name else { return Ok(None) };
    let wrong = || Smuggled(name.to_string());
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(wrong());
    }
    let text = std::str::from_utf8(value.as_bytes()).map_err(|_| wrong())?.trim();
    if text.len() > VALUE_MAX || text.chars().any(char::is_control) {
        return Err(wrong());
    }
    Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
}
