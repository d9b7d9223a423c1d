//! What a provider says of itself (OpenID Connect Discovery).

use reqwest::Client;
use serde::Deserialize;
use url::Url;

use super::fetch::{endpoint, json};
use crate::ports::LoginFault;

#[derive(Debug, Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    code_challenge_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// How the client secret is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SecretIn {
    /// In the header `Authorization`.
    Header,
    /// In the body.
    Body,
}

/// What is gone by.
#[derive(Debug, Clone)]
pub(super) struct Metadata {
    pub(super) authorization: Url,
    pub(super) token: Url,
    pub(super) jwks: Url,
    pub(super) secret_in: SecretIn,
    /// Whether answers name the provider (RFC 9207).
    pub(super) names_itself: bool,
}

/// Asks a provider about itself.
pub(super) async fn discover(http: &Client, issuer: &str) -> Result<Metadata, LoginFault> {
    let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let document: Document = json("discovery document", http.get(endpoint(&address, issuer)?)).await?;
    judged(document, issuer)
}

fn judged(document: Document, issuer: &str) -> Result<Metadata, LoginFault> {
    let refused = |words: &str| Err(LoginFault::Refused(words.to_owned()));
    if document.issuer != issuer {
        return refused("the provider calls itself otherwise than [web.oidc] issuer; write it exactly as it does");
    }
    if document.code_challenge_methods_supported.is_some_and(|all| !all.iter().any(|method| method == "S256")) {
        return refused("the provider does not know PKCE with S256");
    }
    let methods = document.token_endpoint_auth_methods_supported;
    let header = methods.is_none_or(|all| all.iter().any(|method| method == "client_secret_basic"));
    Ok(Metadata {
        authorization: endpoint(&document.authorization_endpoint, issuer)?,
        token: endpoint(&document.token_endpoint, issuer)?,
        jwks: endpoint(&document.jwks_uri, issuer)?,
        secret_in: if header { SecretIn::Header } else { SecretIn::Body },
        names_itself: document.authorization_response_iss_parameter_supported,
    })
}
