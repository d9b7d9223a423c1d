//! Tokens: Entra's endpoint, both managed identity endpoints, and which bearer ARM accepts.

use std::collections::HashMap;

use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::super::faults::Effect;
use super::super::world::mix;
use super::answer::Answer;
use super::options::{Auth, SandboxOptions};
use super::shared::{Shared, lock};

/// Object id of the sandbox's managed identity.
pub const MANAGED_IDENTITY: &str = "0b1ec700-0000-4000-8000-00000000a11d";

/// The tokens given out so far.
#[derive(Debug)]
pub(super) struct TokenBook {
    seed: u64,
    given: u64,
    tokens: HashMap<String, (String, i64)>,
}

/// What a bearer proves.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Bearer {
    /// The principal with that object id.
    Principal(String),
    /// There is none.
    Missing,
    /// It has expired.
    Expired,
    /// Nobody gave it out.
    Unknown,
}

/// A token to be given out.
struct Wanted<'a> {
    principal: &'a str,
    audience: &'a str,
    tenant: &'a str,
    now: i64,
    life: i64,
}

impl TokenBook {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, given: 0, tokens: HashMap::new() }
    }

    /// A token in the shape of a real one, so that whatever hides tokens from logs meets the shape it looks for.
    fn give(&mut self, wanted: &Wanted<'_>) -> String {
        self.given = self.given.wrapping_add(1);
        let expires = wanted.now.saturating_add(wanted.life);
        let head = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"RS256","kid":"sandbox"}"#);
        let claims = json!({
            "aud": wanted.audience, "iss": format!("https://sts.windows.net/{}/", wanted.tenant), "iat": wanted.now, "nbf": wanted.now,
            "exp": expires, "oid": wanted.principal, "tid": wanted.tenant, "uti": self.given.to_string(),
        });
        let body = URL_SAFE_NO_PAD.encode(claims.to_string());
        let number = self.given.to_string();
        let signature: Vec<u8> =
            (0..32_u8).flat_map(|part| mix(self.seed, &[&number, &part.to_string()]).to_be_bytes()).collect();
        let token = format!("{head}.{body}.{}", URL_SAFE_NO_PAD.encode(signature));
        self.tokens.retain(|_, (_, expires)| expires.saturating_add(86_400) > wanted.now);
        self.tokens.insert(token.clone(), (wanted.principal.to_owned(), expires));
        token
    }

    fn judge(&self, token: &str, now: i64) -> Bearer {
        match self.tokens.get(token) {
            None => Bearer::Unknown,
            Some((_, expires)) if *expires <= now => Bearer::Expired,
            Some((principal, _)) => Bearer::Principal(principal.clone()),
        }
    }
}

impl Shared {
    /// Who sends this request.
    pub(super) fn bearer(&self, headers: &HeaderMap) -> Bearer {
        let given = headers.get("authorization").and_then(|value| value.to_str().ok());
        let Some(token) = given.and_then(|value| value.strip_prefix("Bearer ")) else {
            return match self.options.auth {
                Auth::Off => Bearer::Principal("anyone".into()),
                Auth::Required => Bearer::Missing,
            };
        };
        if self.options.auth == Auth::Off || self.options.static_token.as_deref() == Some(token) {
            return Bearer::Principal("static".into());
        }
        lock(&self.tokens).judge(token, self.options.token_clock.now().as_second())
    }

    /// App Service style: `X-IDENTITY-HEADER`, api-version 2019-08-01.
    pub(super) fn app_service_token(
        &self,
        headers: &HeaderMap,
        query: &HashMap<String, String>,
        effects: &[Effect],
    ) -> Answer {
        let secret = headers.get("x-identity-header").and_then(|value| value.to_str().ok());
        if secret != Some(self.options.identity_header.as_str()) {
            return Answer::json(
                401,
                &json!({ "statusCode": 401, "message": "The X-IDENTITY-HEADER does not match IDENTITY_HEADER." }),
            );
        }
        if query.get("api-version").map(String::as_str) != Some("2019-08-01") {
            return Answer::json(
                400,
                &json!({ "statusCode": 400, "message": "Unsupported api-version; use 2019-08-01." }),
            );
        }
        self.managed_token(query, effects)
    }

    /// Virtual machine style: `Metadata: true`.
    pub(super) fn imds_token(
        &self,
        headers: &HeaderMap,
        query: &HashMap<String, String>,
        effects: &[Effect],
    ) -> Answer {
        if headers.get("metadata").is_none_or(|value| value != "true") || query.get("api-version").is_none() {
            return Answer::json(
                400,
                &json!({ "error": "invalid_request", "error_description": "Required metadata header not specified or api-version missing" }),
            );
        }
        self.managed_token(query, effects)
    }

    fn managed_token(&self, query: &HashMap<String, String>, effects: &[Effect]) -> Answer {
        let Some(resource) = query.get("resource") else {
            return Answer::json(
                400,
                &json!({ "error": "invalid_request", "error_description": "Required query variable 'resource' is missing" }),
            );
        };
        let user_assigned =
            ["client_id", "object_id", "principal_id", "mi_res_id"].iter().find_map(|key| query.get(*key));
        let (token, now, life) = self.mint(user_assigned.map_or(MANAGED_IDENTITY, |id| id.as_str()), resource, effects);
        // Managed identity answers carry their times as text.
        Answer::json(
            200,
            &json!({
                "access_token": token, "client_id": user_assigned.map_or(MANAGED_IDENTITY, |id| id.as_str()), "expires_in": life.to_string(),
                "expires_on": now.saturating_add(life).to_string(), "not_before": now.to_string(), "resource": resource, "token_type": "Bearer",
            }),
        )
    }

    fn mint(&self, principal: &str, audience: &str, effects: &[Effect]) -> (String, i64, i64) {
        let now = self.options.token_clock.now().as_second();
        let mut life = self.options.token_life;
        let mut wrong = false;
        for effect in effects {
            if let Effect::TokenLife(seconds) = effect {
                life = *seconds;
            }
            wrong |= *effect == Effect::TokenWrong;
        }
        if wrong {
            return ("eyJ0eXAiOiJKV1QifQ.eyJ0aWQiOiJhbm90aGVyIn0.d3Jvbmc".into(), now, life);
        }
        let tenant = &self.options.world.tenant;
        (lock(&self.tokens).give(&Wanted { principal, audience, tenant, now, life }), now, life)
    }

    /// Entra: client credentials by secret or by assertion.
    pub(super) fn entra_token(&self, tenant: &str, form: &HashMap<String, String>, effects: &[Effect]) -> Answer {
        let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        if !tenant.eq_ignore_ascii_case(&self.options.world.tenant) {
            return entra_error(
                400,
                "invalid_request",
                90_002,
                &format!(
                    "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."
                ),
            );
        }
        if field("grant_type") != "client_credentials" {
            return entra_error(400, "unsupported_grant_type", 70_003, "The app requested an unsupported grant type.");
        }
        let Some(audience) = field("scope").strip_suffix("/.default") else {
            return entra_error(
                400,
                "invalid_scope",
                1_002_012,
                "The provided value for scope is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).",
            );
        };
        if field("client_id").is_empty() {
            return entra_error(
                400,
                "invalid_request",
                900_144,
                "The request body must contain the following parameter: 'client_id'.",
            );
        }
        if let Some(refused) = refuse_proof(
            &self.options,
            field("client_secret"),
            (field("client_assertion_type"), field("client_assertion")),
        ) {
            return refused;
        }
        let (token, _, life) = self.mint(field("client_id"), audience, effects);
        Answer::json(
            200,
            &json!({ "token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": token }),
        )
    }
}

/// Why Entra does not believe the client, if it does not.
fn refuse_proof(options: &SandboxOptions, secret: &str, (kind, assertion): (&str, &str)) -> Option<Answer> {
    if kind == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" && !assertion.is_empty() {
        return None;
    }
    if secret.is_empty() {
        return Some(entra_error(
            401,
            "invalid_client",
            7_000_216,
            "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
        ));
    }
    let believed = options.client_secret.as_deref().map_or(secret != "wrong", |right| right == secret);
    (!believed).then(|| entra_error(401, "invalid_client", 7_000_215, "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID."))
}

fn entra_error(status: u16, error: &str, code: u64, text: &str) -> Answer {
    Answer::json(
        status,
        &json!({
            "error": error, "error_description": format!("AADSTS{code}: {text}"), "error_codes": [code], "timestamp": "2026-01-01 00:00:00Z",
            "trace_id": "00000000-0000-4000-8000-00000000aad0", "correlation_id": "00000000-0000-4000-8000-00000000aad1",
        }),
    )
}
