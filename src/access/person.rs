//! Who asks, and how that is known.

use super::role::Role;
use super::scope::Scopes;

/// How it is known who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Asked from this machine, where nothing is set up by which people could show who they are.
    Loopback,
    /// Signed in with an OpenID provider.
    Session,
    /// Named by a proxy that is trusted.
    Proxy,
    /// An API token, which narrows what its role may.
    Token(Scopes),
}

impl Way {
    /// The word, in the audit log and as a metric label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Loopback => "loopback",
            Self::Session => "session",
            Self::Proxy => "proxy",
            Self::Token(_) => "token",
        }
    }

    /// What it may be used for.
    #[must_use]
    pub const fn scopes(self) -> Scopes {
        match self {
            Self::Loopback | Self::Session | Self::Proxy => Scopes::ALL,
            Self::Token(scopes) => scopes,
        }
    }
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// By which the person is known for good: issuer and subject, the proxy's user, `token:NAME`, or `loopback`.
    pub key: String,
    /// For people to read.
    pub name: String,
    /// E-mail addresses, user names and object ids that are the person's: what instances name as their owner.
    pub addresses: Vec<String>,
    /// What the person may do at most.
    pub role: Role,
    /// How it is known.
    pub way: Way,
}

impl Person {
    /// What the record calls them: never a name that they may choose themselves. An address that somebody vouches for, where
    /// there is one, since people know each other by it.
    #[must_use]
    pub fn known_as(&self) -> &str {
        match self.way {
            Way::Loopback => &self.name,
            Way::Token(_) => &self.key,
            Way::Session | Way::Proxy => self.addresses.first().unwrap_or(&self.key),
        }
    }

    /// Whoever asks from this machine where no login is set up.
    #[must_use]
    pub fn of_this_machine(name: &str) -> Self {
        Self {
            key: "loopback".to_owned(),
            name: name.to_owned(),
            addresses: Vec::new(),
            role: Role::Admin,
            way: Way::Loopback,
        }
    }
}
