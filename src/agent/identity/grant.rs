//! What a door answers: the token, how long it is good, and whom it names. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::agent::hidden::Hidden;
use crate::units::InstanceId;

/// The longest token that is one, in bytes. Those of managed identities have about 1,500.
const TOKEN_MAX: usize = 16 * 1_024;
/// No token counts as good for longer than this, in seconds, whatever is said of it.
const LASTS_MAX: i64 = 24 * 60 * 60;

/// A token that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The token.
    pub token: Hidden,
    /// For how long it is good, in milliseconds.
    pub lasts: u64,
    /// Whom it names.
    pub named: Named,
}

/// What the token's claim `xms_mirid` says. The service checks who signed that; here it only says how to call ourselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// A compute instance: this is its own identity.
    Instance(InstanceId),
    /// Something else, such as a user-assigned identity.
    Other,
    /// There is none, or the token cannot be read.
    Nobody,
}

#[derive(Deserialize)]
struct Given {
    access_token: Option<String>,
    expires_on: Option<Value>,
    expires_in: Option<Value>,
}

#[derive(Deserialize)]
struct Claims {
    xms_mirid: Option<String>,
}

#[derive(Deserialize)]
struct Fault {
    error: Option<Value>,
    error_description: Option<String>,
    message: Option<String>,
}

impl Grant {
    /// Reads an answer that came at this time.
    ///
    /// # Errors
    /// With the reason, in which nothing of the answer stands.
    pub fn read(body: &[u8], now: Timestamp) -> Result<Self, &'static str> {
        let given: Given = serde_json::from_slice(body).map_err(|_| "it is no JSON object of the known shape")?;
        let fine = |token: &String| {
            (1..=TOKEN_MAX).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic())
        };
        let token = given.access_token.filter(fine).ok_or("it holds no access_token that could be one")?;
        let until = given.expires_on.as_ref().and_then(seconds).map(|end| end.saturating_sub(now.as_second()));
        let left = until.or_else(|| given.expires_in.as_ref().and_then(seconds));
        let left = left.ok_or("neither its expires_on nor its expires_in says until when the token is good")?;
        if left <= 0 {
            return Err("its token has expired already; is this machine's clock right?");
        }
        let lasts = u64::try_from(left.min(LASTS_MAX)).unwrap_or(0).saturating_mul(1_000);
        Ok(Self { named: named(&token), token: Hidden::new(token), lasts })
    }
}

/// Seconds, as a number or as one in quotes: both are seen.
fn seconds(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn named(token: &str) -> Named {
    let middle = token.split('.').nth(1).and_then(|middle| URL_SAFE_NO_PAD.decode(middle).ok());
    let claims = middle.and_then(|json| serde_json::from_slice::<Claims>(&json).ok());
    match claims.and_then(|claims| claims.xms_mirid) {
        Some(id) => InstanceId::parse(&id).map_or(Named::Other, Named::Instance),
        None => Named::Nobody,
    }
}

/// What a refusal says of its reason, on one line. Of an answer that has another shape nothing is shown: it may hold anything.
pub(super) fn reason(body: &[u8]) -> String {
    let fault = serde_json::from_slice::<Fault>(body).ok();
    let said = fault.and_then(|fault| {
        fault.error_description.or(fault.message).or_else(|| fault.error?.as_str().map(str::to_owned))
    });
    said.unwrap_or_default().chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::tests_support::{at, entra_token};
    use super::*;

    const ID: &str = "/subscriptions/s1/resourcegroups/rg-a/providers/Microsoft.MachineLearningServices/workspaces/ws-a/computes/ci-ana";

    fn read(json: &str) -> Result<Grant, &'static str> {
        Grant::read(json.as_bytes(), at("10:00:00"))
    }

    #[test]
    fn a_token_is_good_until_it_says_in_any_of_its_ways() {
        let on = at("11:00:00").as_second();
        for (says, wanted) in [
            (format!("\"expires_on\":\"{on}\""), 3_600_000),
            (format!("\"expires_on\":{on},\"expires_in\":\"7\""), 3_600_000),
            ("\"expires_in\":\"600\"".to_owned(), 600_000),
            ("\"expires_in\":600,\"expires_on\":\"11/26/2026 11:00:00 AM +00:00\"".to_owned(), 600_000),
            (format!("\"expires_on\":{}", i64::MAX), 86_400_000),
        ] {
            let grant = read(&format!("{{\"access_token\":\"abc\",{says},\"token_type\":\"Bearer\"}}")).unwrap();
            assert_eq!((grant.lasts, grant.token.secret()), (wanted, "abc"), "{says}");
            assert!(!format!("{grant:?}").contains("abc"), "{grant:?}");
        }
    }

    #[test]
    fn what_is_no_answer_is_said_to_be_none() {
        let expired = format!("{{\"access_token\":\"abc\",\"expires_on\":{}}}", at("10:00:00").as_second());
        let long = format!("{{\"access_token\":\"{}\",\"expires_in\":60}}", "a".repeat(TOKEN_MAX + 1));
        for (json, words) in [
            ("", "no JSON"),
            ("[]", "no JSON"),
            ("{\"access_token\":7}", "no JSON"),
            ("{\"expires_in\":60}", "access_token"),
            ("{\"access_token\":\"\",\"expires_in\":60}", "access_token"),
            ("{\"access_token\":\"a b\",\"expires_in\":60}", "access_token"),
            (long.as_str(), "access_token"),
            ("{\"access_token\":\"abc\"}", "until when"),
            ("{\"access_token\":\"abc\",\"expires_on\":\"soon\"}", "until when"),
            ("{\"access_token\":\"abc\",\"expires_in\":0}", "expired"),
            (expired.as_str(), "clock"),
        ] {
            let why = read(json).unwrap_err();
            assert!(why.contains(words), "{json}: {why}");
        }
    }

    #[test]
    fn the_claim_names_the_instance_or_something_else() {
        let of = |claims: &str| named(&entra_token(claims));
        assert_eq!(of(&format!("{{\"xms_mirid\":\"{ID}\"}}")), Named::Instance(InstanceId::parse(ID).unwrap()));
        let user = "/subscriptions/s1/resourcegroups/rg-a/providers/Microsoft.ManagedIdentity/userAssignedIdentities/u";
        for id in [user, &format!("{ID}/more"), "/computes/ci-ana"] {
            assert_eq!(of(&format!("{{\"xms_mirid\":\"{id}\"}}")), Named::Other, "{id}");
        }
        for token in ["opaque", "a.b", "a.!.c", &entra_token("{}"), &entra_token("{\"xms_mirid\":7}")] {
            assert_eq!(named(token), Named::Nobody, "{token}");
        }
    }

    #[test]
    fn of_a_refusal_only_its_reason_is_shown() {
        for (body, wanted) in [
            ("{\"error\":\"invalid_request\",\"error_description\":\"Identity not found\"}", "Identity not found"),
            ("{\"error\":\"invalid\\u001b[31m\"}", "invalid [31m"),
            ("{\"statusCode\":400,\"message\":\"No MSI found\"}", "No MSI found"),
            ("{\"error\":{\"code\":\"x\"}}", ""),
            ("<html>abc</html>", ""),
        ] {
            assert_eq!(reason(body.as_bytes()), wanted);
        }
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(body in "\\{(\"(access_token|expires_on|expires_in)\":(\"[ -~]{0,9}\"|-?[0-9]{0,20}|null),?){0,3}\\}?") {
            drop(read(&body));
            reason(body.as_bytes());
        }
    }
}
