//! What people are served, and how they show who they are: each setting with its default, and what was written of it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use url::Url;

use super::agents::tls_files;
use super::azure::secret_source;
use super::compile::each;
use super::fields::{Table, Value};
use super::findings::{Findings, Http, is_loopback, path};
use super::network::Network;
use super::secret::SecretSource;
use super::web_roles::{WebRoles, roles};
use super::web_tables::{LinksDocument, OidcDocument, ProxyDocument, WebDocument};
use crate::document::Located;
use crate::units::Span;

/// What people are served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Web {
    /// Whether they are.
    pub enabled: bool,
    /// Where.
    pub listen: SocketAddr,
    /// Where people reach it, as an origin; none: on loopback alone.
    pub public_url: Option<Url>,
    /// The certificate chain and its key, as PEM files; none: TLS ends before this program, or is not needed on loopback.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Signing in with an OpenID provider.
    pub oidc: Option<Oidc>,
    /// Proxies that are trusted.
    pub proxy: Proxy,
    /// API tokens.
    pub tokens: Tokens,
    /// What each may do.
    pub roles: WebRoles,
    /// What the links in messages are signed with.
    pub links: Links,
}

impl Default for Web {
    fn default() -> Self {
        Self {
            enabled: true,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9190)),
            public_url: None,
            tls: None,
            oidc: None,
            proxy: Proxy::default(),
            tokens: Tokens::default(),
            roles: WebRoles::default(),
            links: Links::default(),
        }
    }
}

impl Web {
    /// Whether people have any way to show who they are.
    #[must_use]
    pub fn has_login(&self) -> bool {
        self.oidc.is_some() || self.proxy.user_header.is_some() || self.tokens.enabled
    }
}

/// Signing in with an OpenID provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oidc {
    /// The provider, exactly as its tokens name it.
    pub issuer: String,
    /// What this service is called there.
    pub client_id: String,
    /// Where the client secret is; none: a public client, by PKCE alone.
    pub secret: Option<SecretSource>,
    /// What is asked for.
    pub scopes: Vec<String>,
    /// The claim that names groups or roles.
    pub role_claim: String,
    /// The claims that name addresses of the person; none: those that the provider is known to vouch for.
    pub address_claims: Option<Vec<String>>,
    /// Certificate authorities trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// A session that is not used for so long is over.
    pub session_idle: Span,
    /// A session is over after so long in any case.
    pub session_max: Span,
}

/// What the links in messages are signed with: several replicas believe each other's links where they have the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// Where the secret is; none: `link.key` in the store's folder.
    pub secret: Option<SecretSource>,
    /// Where the one before is, whose links are still believed.
    pub old_secret: Option<PathBuf>,
}

/// Proxies that are trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxy {
    /// Their networks.
    pub from: Vec<Network>,
    /// The header that names the user; none: they name nobody.
    pub user_header: Option<String>,
    /// The header of the e-mail address.
    pub email_header: Option<String>,
    /// The header of groups.
    pub roles_header: Option<String>,
}

/// API tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Whether any are taken.
    pub enabled: bool,
    /// The file of their digests; none: `tokens` in the store's folder. Always set once loaded.
    pub file: Option<PathBuf>,
}

/// Reads `[web]`.
pub(super) fn web(table: &Table<WebDocument>, found: &mut Findings) -> Web {
    let document = table.or_empty();
    let tls = tls_files(&document.tls_certificate_file, &document.tls_key_file, "web", found);
    let tokens = document.tokens.or_empty();
    let proxy = proxy(&document.proxy.or_empty(), found);
    let public_url = document.public_url.0.as_ref().and_then(|written| {
        let origin = found.origin(written, "web.public_url", Http::OnLoopback)?;
        Url::parse(&origin).ok()
    });
    let web = Web {
        enabled: document.enabled.or(true),
        listen: address(&document.listen, found),
        public_url,
        tls,
        oidc: oidc(&document.oidc, found),
        proxy,
        tokens: Tokens { enabled: tokens.enabled.or(false), file: path(&tokens.file) },
        roles: roles(&document.roles.or_empty(), found),
        links: links(&document.links.or_empty(), found),
    };
    agree(&web, (table, &document), found);
    web
}

fn links(document: &LinksDocument, found: &mut Findings) -> Links {
    let secret = secret_source(&document.secret_file, &document.secret_env, "web.links", found);
    if let Some(written) = document.old_secret_file.0.as_ref().filter(|_| secret.is_none()) {
        let problem = "an old secret without a new one would sign nothing";
        let help = "name secret_file, or put the old one as a second line into link.key in the store's folder";
        found.error(&written.at, "web.links.old_secret_file", problem, help);
    }
    Links { secret, old_secret: path(&document.old_secret_file) }
}

fn address(listen: &Value<String>, found: &mut Findings) -> SocketAddr {
    let default = Web::default().listen;
    let Some(written) = &listen.0 else { return default };
    written.value.parse().unwrap_or_else(|_| {
        let help = "write it as \"0.0.0.0:9190\" or \"[::]:9190\"";
        found.error(&written.at, "web.listen", format!("\"{}\" is no address and port", written.value), help);
        default
    })
}

/// What belongs together: whoever is not on this machine shows who they are, over TLS, by a name that is known.
fn agree(web: &Web, (table, document): (&Table<WebDocument>, &WebDocument), found: &mut Findings) {
    const WAYS: &str = "set up [web.oidc], user_header in [web.proxy], or enabled = true in [web.tokens]";
    let behind = document.behind_tls_proxy.0.as_ref().filter(|written| written.value);
    let no_login = !web.has_login() && !found.has_error_at("web.oidc") && !found.has_error_at("web.proxy");
    if let Some(written) = document.listen.0.as_ref().filter(|_| !web.listen.ip().is_loopback()) {
        if no_login {
            let problem = format!(
                "{} can be reached from other machines, and nobody would have to show who they are",
                web.listen
            );
            found.error(&written.at, "web.listen", problem, WAYS);
        }
        if web.tls.is_none() && behind.is_none() && !found.has_error_about("web", "tls") {
            let problem = format!("{} would take logins and tokens in the clear from other machines", web.listen);
            let help = "name tls_certificate_file and tls_key_file, or write behind_tls_proxy = true where a proxy ends TLS before it";
            found.error(&written.at, "web.listen", problem, help);
        }
        if document.public_url.0.is_none() {
            let help = "write public_url = \"https://HOST\", the name by which people reach it";
            found.error(&written.at, "web.listen", "nothing says by which name people reach it", help);
        }
    } else if let Some(written) = document.public_url.0.as_ref()
        && no_login
        && web.public_url.as_ref().is_some_and(|url| !is_loopback(url))
    {
        let problem = "others would come in by this name, and nobody would have to show who they are";
        found.error(&written.at, "web.public_url", problem, WAYS);
    } else if let Some(written) = behind.filter(|_| no_login) {
        let problem = "whoever the proxy lets in would be taken for somebody on this machine";
        found.error(&written.at, "web.behind_tls_proxy", problem, WAYS);
    }
    if web.oidc.is_some() && document.public_url.0.is_none() {
        let help = "write public_url in [web]; the provider has to know PUBLIC_URL/login/back as a redirect URI";
        found.error(
            &found.place(&document.oidc),
            "web.oidc",
            "the provider would not know where to send people back to",
            help,
        );
    }
    if (web.oidc.is_some() || web.proxy.user_header.is_some())
        && web.roles.is_empty()
        && !found.has_error_at("web.roles")
    {
        let help = "name people or groups in [web.roles], or write default = \"owner\" there if everybody who can sign in may act on \
                    their own instances";
        found.error(&found.place(table), "web.roles", "nobody who signs in could do anything", help);
    }
}

fn oidc(table: &Table<OidcDocument>, found: &mut Findings) -> Option<Oidc> {
    let document = table.or_empty();
    let secret = secret_source(&document.secret_file, &document.secret_env, "web.oidc", found);
    let idle = (Span::minutes(5), Span::hours(24));
    let session_idle = found.within(&document.session_idle, "web.oidc.session_idle", Span::hours(1), idle);
    let most = (Span::minutes(15), Span::hours(7 * 24));
    let session_max = found.within(&document.session_max, "web.oidc.session_max", Span::hours(12), most);
    let (issuer, client_id) = match (&document.issuer.0, &document.client_id.0) {
        (Some(issuer), Some(client)) => (issuer, client.value.clone()),
        (Some(one), None) => {
            let help = "write client_id: what the provider calls this service";
            found.error(
                &one.at,
                "web.oidc.issuer",
                "a provider without a client_id takes tokens meant for others",
                help,
            );
            return None;
        }
        (None, Some(one)) => {
            let help = "write issuer: the provider, exactly as its tokens name it";
            found.error(&one.at, "web.oidc.client_id", "a client without an issuer has nobody to ask", help);
            return None;
        }
        (None, None) => {
            if secret.is_some() {
                let help = "write issuer and client_id, or leave the whole table out";
                found.error(&found.place(table), "web.oidc.issuer", "a secret without an issuer is nobody's", help);
            }
            return None;
        }
    };
    let scopes: Vec<String> = document.scopes.iter().map(|written| written.value.clone()).collect();
    let scopes =
        if document.scopes.0.is_none() { ["openid", "profile", "email"].map(str::to_owned).to_vec() } else { scopes };
    if !scopes.iter().any(|scope| scope == "openid") || scopes.iter().any(|scope| scope.contains(char::is_whitespace)) {
        let help = "write \"openid\" among them, each a word of its own";
        found.error(
            &found.place(table),
            "web.oidc.scopes",
            "without \"openid\" the provider says nothing of who it is",
            help,
        );
    }
    let claims = document.address_claims.iter().map(|written| written.value.clone()).collect();
    Some(Oidc {
        issuer: provider(issuer, found)?,
        client_id,
        secret,
        scopes,
        role_claim: document.role_claim.or("roles".to_owned()),
        address_claims: document.address_claims.0.as_ref().map(|_| claims),
        ca_file: path(&document.ca_file),
        session_idle,
        session_max,
    })
}

fn provider(issuer: &Located<String>, found: &mut Findings) -> Option<String> {
    let url = found.url(issuer, "web.oidc.issuer", Http::OnLoopback)?;
    if url.query().is_some() || url.fragment().is_some() {
        let help = "write it as its tokens name it, such as \"https://login.microsoftonline.com/TENANT/v2.0\"";
        found.error(&issuer.at, "web.oidc.issuer", "an issuer has no query and no fragment", help);
        return None;
    }
    let shared = ["/common/", "/organizations/", "/consumers/"];
    if url.host_str() == Some("login.microsoftonline.com") && shared.iter().any(|word| url.path().starts_with(word)) {
        let help = "write the id of your own tenant in its place";
        found.error(&issuer.at, "web.oidc.issuer", "this would let in people of every tenant", help);
        return None;
    }
    Some(issuer.value.clone())
}

fn proxy(document: &ProxyDocument, found: &mut Findings) -> Proxy {
    let from = each(&document.from, "web.proxy.from", found, |text| {
        let help = "write it as \"10.0.0.7/32\" or \"fd00::/8\"";
        let network = text.parse::<Network>().map_err(|error| (error.to_string(), help))?;
        if network.prefix() == 0 {
            return Err((
                format!("{network} is everybody, who could name themselves as they like"),
                "name the proxy alone",
            ));
        }
        Ok(network)
    });
    let user_header = header(&document.user_header, "web.proxy.user_header", found);
    let others = [&document.email_header, &document.roles_header];
    if let Some(written) = document.user_header.0.as_ref().filter(|_| from.is_empty())
        && !found.has_error_at("web.proxy.from")
    {
        let help = "name the proxy's address in from = [\"10.0.0.7/32\"]; nobody else may name users";
        found.error(&written.at, "web.proxy.user_header", "no proxy is trusted to send it", help);
    }
    if let Some(written) = others.iter().find_map(|value| value.0.as_ref()).filter(|_| document.user_header.0.is_none())
    {
        let help = "write user_header: the header that says who it is";
        found.error(&written.at, "web.proxy.user_header", "a proxy that names no user says nothing of one", help);
    }
    Proxy {
        from,
        user_header,
        email_header: header(&document.email_header, "web.proxy.email_header", found),
        roles_header: header(&document.roles_header, "web.proxy.roles_header", found),
    }
}

/// Headers that mean something of their own.
const TAKEN: [&str; 8] =
    ["host", "cookie", "authorization", "origin", "content-type", "content-length", "connection", "x-forwarded-for"];

/// The name of a header, in lower case. One with `_` is another one to some programs and the same to others.
fn header(value: &Value<String>, key: &str, found: &mut Findings) -> Option<String> {
    let written = value.0.as_ref()?;
    let name = written.value.to_ascii_lowercase();
    let is_plain =
        name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !is_plain || TAKEN.contains(&name.as_str()) {
        let help = "write the name of a header that the proxy sets itself, such as \"X-Forwarded-User\"";
        found.error(&written.at, key, format!("\"{}\" cannot be such a header", written.value), help);
        return None;
    }
    Some(name)
}
