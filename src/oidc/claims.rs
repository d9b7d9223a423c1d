//! Who a token is of: its key, name, addresses and groups. An address counts only when the provider vouches for it.

use serde_json::{Map, Value};
use url::Url;

use super::options::OidcOptions;
use super::token::Claims;
use crate::access::Identity;

/// Where Entra is, in its clouds.
const ENTRA: [&str; 4] =
    ["login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn", "sts.windows.net"];
/// What Entra vouches for within one tenant. Its `email` is whatever somebody once wrote there.
const OF_ENTRA: [&str; 2] = ["oid", "upn"];
/// So many groups of a token are looked at.
const GROUPS_MAX: usize = 1_000;
/// Texts of a token that are longer are cut, or no address.
const TEXT_MAX: usize = 200;

/// True when the issuer is a tenant of Entra.
fn is_entra(issuer: &str) -> bool {
    Url::parse(issuer)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .is_some_and(|host| ENTRA.contains(&&*host))
}

/// Who it is, and whether groups were left out of the token because there are too many.
pub(super) fn identity(claims: &Claims, options: &OidcOptions) -> (Identity, bool) {
    let others = &claims.others;
    let entra = is_entra(&options.issuer);
    // Entra's subject differs from application to application; its object id does not
    let subject = text(others, "oid").filter(|_| entra).unwrap_or(&claims.sub);
    let named = ["name", "preferred_username", "email"].into_iter().find_map(|claim| text(others, claim));
    let name = named.unwrap_or(subject).chars().filter(|letter| !letter.is_control()).take(TEXT_MAX).collect();
    let groups = groups(others, &options.role_claim);
    let left_out = groups.is_empty() && is_left_out(others, &options.role_claim);
    let key = format!("{}|{subject}", options.issuer);
    (Identity { key, name, addresses: addresses(others, options, entra), groups }, left_out)
}

fn text<'a>(claims: &'a Map<String, Value>, claim: &str) -> Option<&'a str> {
    claims.get(claim)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

fn addresses(claims: &Map<String, Value>, options: &OidcOptions, entra: bool) -> Vec<String> {
    let usual: &[&str] = if entra { &OF_ENTRA } else { &["email"] };
    let named: Vec<&str> = match &options.address_claims {
        Some(named) => named.iter().map(String::as_str).collect(),
        None => usual.to_vec(),
    };
    let counts = |claim: &&str| *claim != "email" || is_verified(claims, options.address_claims.is_some());
    let found = named.into_iter().filter(counts).filter_map(|claim| text(claims, claim));
    found.filter(|text| text.len() <= TEXT_MAX).map(str::to_owned).collect()
}

/// Whether the e-mail address is known to be the person's. Where the settings name it, silence will do; a no never does.
fn is_verified(claims: &Map<String, Value>, is_named: bool) -> bool {
    let said = claims.get("email_verified").or_else(|| claims.get("xms_edov"));
    match said {
        None => is_named,
        Some(Value::Bool(said)) => *said,
        Some(Value::String(said)) => matches!(said.as_str(), "true" | "1"),
        Some(Value::Number(said)) => said.as_i64() == Some(1),
        Some(Value::Null | Value::Array(_) | Value::Object(_)) => false,
    }
}

/// A claim by its name, or by a path with dots, as Keycloak's `realm_access.roles`.
fn claim<'a>(claims: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    claims.get(path).or_else(|| {
        let (first, rest) = path.split_once('.')?;
        claim(claims.get(first)?.as_object()?, rest)
    })
}

fn groups(claims: &Map<String, Value>, path: &str) -> Vec<String> {
    let texts = |value: &Value| match value {
        Value::String(one) => vec![one.clone()],
        Value::Array(several) => several.iter().filter_map(Value::as_str).take(GROUPS_MAX).map(str::to_owned).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    };
    claim(claims, path).map(texts).unwrap_or_default()
}

/// Entra's way of saying that there are too many groups for the token.
fn is_left_out(claims: &Map<String, Value>, path: &str) -> bool {
    let elsewhere = claims.get("_claim_names").and_then(Value::as_object).is_some_and(|names| names.contains_key(path));
    elsewhere || claims.get("hasgroups").and_then(Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(issuer: &str, address_claims: Option<&[&str]>, role_claim: &str, claims: Value) -> (Identity, bool) {
        let mut all = json!({ "iss": issuer, "sub": "sub-1", "aud": "c", "exp": 0, "iat": 0 });
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        let options = OidcOptions {
            issuer: issuer.to_owned(),
            client_id: "c".to_owned(),
            secret: None,
            redirect_uri: String::new(),
            scopes: Vec::new(),
            role_claim: role_claim.to_owned(),
            address_claims: address_claims.map(|all| all.iter().map(|one| (*one).to_owned()).collect()),
        };
        identity(&serde_json::from_value(all).unwrap(), &options)
    }

    const OTHER: &str = "https://issuer.example.org";
    const TENANT: &str = "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0";

    #[test]
    fn an_address_counts_when_the_provider_vouches_for_it() {
        let mail = |named: Option<&[&str]>, verified: Value| {
            let mut claims = json!({ "email": "ada@example.org", "preferred_username": "root@example.org" });
            if !verified.is_null() {
                claims["email_verified"] = verified;
            }
            of(OTHER, named, "roles", claims).0.addresses
        };
        assert_eq!(mail(None, json!(true)), ["ada@example.org"]);
        assert_eq!(mail(None, json!("true")), ["ada@example.org"]);
        for no in [json!(false), json!("false"), json!(0), json!([true]), Value::Null] {
            assert!(mail(None, no.clone()).is_empty(), "{no}");
        }
        assert_eq!(mail(Some(&["email"]), Value::Null), ["ada@example.org"], "the settings name it");
        assert!(mail(Some(&["email"]), json!(false)).is_empty(), "a no is a no");
        assert_eq!(mail(Some(&["preferred_username"]), Value::Null), ["root@example.org"]);
    }

    #[test]
    fn of_entra_the_object_id_is_the_key_and_email_is_nobodys() {
        let claims = json!({ "oid": "0-1", "preferred_username": "ada@example.org", "email": "root@example.org", "name": "Ada" });
        let (who, _) = of(TENANT, None, "roles", claims.clone());
        assert_eq!((who.key, who.name), (format!("{TENANT}|0-1"), "Ada".to_owned()));
        assert_eq!(who.addresses, ["0-1"]);
        let (who, _) = of(OTHER, None, "roles", claims);
        assert_eq!(who.key, format!("{OTHER}|sub-1"), "others' oid is anything");
        assert!(is_entra(TENANT) && !is_entra("https://login.microsoftonline.com.evil.example/x/v2.0"));
    }

    #[test]
    fn groups_stand_in_the_claim_that_is_named_and_what_is_left_out_is_known() {
        let groups = |path: &str, claims| of(OTHER, None, path, claims).0.groups;
        assert_eq!(groups("roles", json!({ "roles": ["a", 7, "b"] })), ["a", "b"]);
        assert_eq!(groups("roles", json!({ "roles": "a" })), ["a"]);
        assert_eq!(groups("realm_access.roles", json!({ "realm_access": { "roles": ["a"] } })), ["a"]);
        assert_eq!(groups("https://x.example/roles", json!({ "https://x.example/roles": ["a"] })), ["a"]);
        assert!(groups("roles", json!({ "roles": { "a": true } })).is_empty());
        let overage = json!({ "_claim_names": { "groups": "src1" }, "_claim_sources": {} });
        assert!(of(TENANT, None, "groups", overage.clone()).1);
        assert!(of(TENANT, None, "groups", json!({ "hasgroups": true })).1);
        assert!(!of(TENANT, None, "roles", overage).1 && !of(TENANT, None, "groups", json!({ "groups": ["g"] })).1);
    }
}
