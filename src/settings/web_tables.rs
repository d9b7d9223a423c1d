//! The tables of `lightsout.toml` that set up what people are served, as written.

use toml::Spanned;
use toml::de::DeValue;

use super::fields::{Field, List, Table, Tags, Value};
use super::tables::{Kind, TableDocument, of_secret, tables};
use crate::access::Role;
use crate::document::{Findings, Read, TableReader, Word, join};
use crate::units::Span;

tables! {
    /// What people are served, and where.
    WebDocument {
        /// Whether they are. Default true.
        enabled: Value<bool>,
        /// Address and port. Default "127.0.0.1:9190".
        listen: Value<String>,
        /// Where people reach it, as an origin.
        public_url: Value<String>,
        /// PEM file with the certificate chain.
        tls_certificate_file: Value<String>,
        /// PEM file with its key.
        tls_key_file: Value<String>,
        /// Whether a proxy ends TLS before it. Default false.
        behind_tls_proxy: Value<bool>,
        /// Signing in with an OpenID provider.
        oidc: Table<OidcDocument>,
        /// Proxies that are trusted.
        proxy: Table<ProxyDocument>,
        /// API tokens.
        tokens: Table<TokensDocument>,
        /// What each may do.
        roles: Table<RolesDocument>,
        /// What the links in messages are signed with.
        links: Table<LinksDocument>,
    }

    /// What the links in messages are signed with.
    LinksDocument {
        /// File that holds the secret. Default: link.key in the store's folder, which is made.
        secret_file: Value<String>,
        /// Environment variable that holds it.
        secret_env: Value<String>,
        /// File of the one before, whose links are still believed.
        old_secret_file: Value<String>,
    }

    /// Signing in with an OpenID provider.
    OidcDocument {
        /// The provider, exactly as its tokens name it.
        issuer: Value<String>,
        /// What this service is called there.
        client_id: Value<String>,
        /// File that holds the client secret.
        secret_file: Value<String>,
        /// Environment variable that holds it.
        secret_env: Value<String>,
        /// What is asked for. Default ["openid", "profile", "email"].
        scopes: List,
        /// The claim that names groups or roles. Default "roles".
        role_claim: Value<String>,
        /// The claims that name addresses of the person.
        address_claims: List,
        /// PEM file of certificate authorities trusted beside the system's.
        ca_file: Value<String>,
        /// A session that is not used for so long is over. Default "1h".
        session_idle: Value<Span>,
        /// A session is over after so long in any case. Default "12h".
        session_max: Value<Span>,
    }

    /// Proxies that are trusted.
    ProxyDocument {
        /// Their networks.
        from: List,
        /// The header that names the user.
        user_header: Value<String>,
        /// The header of the e-mail address.
        email_header: Value<String>,
        /// The header of groups, split at commas.
        roles_header: Value<String>,
    }

    /// API tokens.
    TokensDocument {
        /// Whether any are taken. Default false.
        enabled: Value<bool>,
        /// The file of their digests. Default: tokens in the store's folder.
        file: Value<String>,
    }

    /// What each may do.
    RolesDocument {
        /// Roles by address or user name.
        people: Tags,
        /// Roles by group or role of the provider.
        groups: Tags,
        /// A file with the same two tables.
        file: Value<String>,
        /// The role of everybody else who is known. Default "none".
        default: Value<RoleWord>,
    }
}

/// The word that gives a role, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RoleWord(pub(super) Option<Role>);

impl Word for RoleWord {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("none", Self(None)),
        (Role::Viewer.label(), Self(Some(Role::Viewer))),
        (Role::Owner.label(), Self(Some(Role::Owner))),
        (Role::Operator.label(), Self(Some(Role::Operator))),
        (Role::Admin.label(), Self(Some(Role::Admin))),
    ];
}
