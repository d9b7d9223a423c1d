//! What can go wrong between here and Azure, and which fault each is, in one match.

use jiff::SignedDuration;
use serde_json::Value;

use super::origin::Foreign;
use super::words::clean;
use crate::guard::Refusal;
use crate::ports::{Fault, FaultKind};

/// Whether the request could have changed something: then no answer is not the same as nothing done (L5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// A GET.
    Read,
    /// The POST of a stop.
    Stop,
}

/// Something that went wrong between here and Azure. Its words never hold a token, a signature or a body.
#[derive(Debug, thiserror::Error)]
pub enum AzureError {
    /// No token.
    #[error("no token could be had: {0}")]
    NoToken(String),
    /// 401 with a token that was renewed just before.
    #[error("Azure does not accept the token (401): {0}")]
    NotAccepted(String),
    /// An answer that says no.
    #[error("Azure answered {status} {code}: {message}{}", missing(.action.as_deref()))]
    Answered {
        /// HTTP status.
        status: u16,
        /// Azure's code, the inner one when the outer is generic.
        code: String,
        /// Azure's message, cleaned.
        message: String,
        /// The action that the identity lacks, when Azure names it.
        action: Option<String>,
    },
    /// Azure asks to wait.
    #[error("Azure asks to wait {} s", .0.as_secs())]
    Throttled(SignedDuration),
    /// No connection: DNS, refused, TLS, proxy.
    #[error("no connection: {0}")]
    NoConnection(String),
    /// Sent, and no whole answer came.
    #[error("no whole answer: {0}")]
    Broken(String),
    /// A proxy wants to be paid.
    #[error("a proxy asks for credentials (407); give them in HTTPS_PROXY")]
    Proxy,
    /// A redirect: never followed.
    #[error(
        "the answer is a redirect ({0}), which Azure never sends here: a captive portal or proxy answers in its place"
    )]
    Redirected(u16),
    /// Another content type.
    #[error("the answer is not JSON in UTF-8 but `{0}`")]
    NotJson(String),
    /// More bytes than the cap, after inflation.
    #[error("the answer is longer than {0} MiB")]
    TooBig(usize),
    /// JSON of another shape.
    #[error("the answer cannot be understood: {0}")]
    Unreadable(String),
    /// A link to elsewhere.
    #[error(transparent)]
    Foreign(#[from] Foreign),
    /// Pages without end.
    #[error("the list does not end: {0}")]
    Endless(&'static str),
    /// Our own gate (G3).
    #[error("{0} is not on the list of requests that may be sent")]
    NotAllowed(&'static str),
    /// The permit is too old (G10).
    #[error("its second look is {} s old and more than 10 s are not allowed; nothing was sent", .0.as_secs())]
    StalePermit(SignedDuration),
    /// The last word was no (G12).
    #[error("{1}; nothing was sent")]
    Withheld(Refusal, String),
    /// Not an instance that this answer is about.
    #[error("it is not a compute instance but `{0}`")]
    OtherType(String),
}

fn missing(action: Option<&str>) -> String {
    action.map(|name| format!(" (missing action: {name})")).unwrap_or_default()
}

const DISK_FULL: &str = "disk is full";

impl AzureError {
    /// Which fault this is: the one place that decides.
    pub(super) fn kind(&self, act: Act) -> FaultKind {
        match (self, act) {
            (Self::NoToken(_) | Self::NotAccepted(_), _) => FaultKind::Unauthenticated,
            (Self::Answered { status, message, .. }, _) => of_status(*status, message, act),
            (Self::Throttled(wait), _) => FaultKind::Throttled(Some(*wait)),
            (Self::Broken(_), Act::Stop) => FaultKind::Unclear,
            (Self::NoConnection(_) | Self::Broken(_) | Self::Proxy, _) => FaultKind::Unreachable,
            (
                Self::Redirected(_) | Self::NotJson(_) | Self::TooBig(_) | Self::Unreadable(_) | Self::OtherType(_),
                _,
            ) => FaultKind::Garbled,
            (Self::Foreign(_) | Self::Endless(_), _) => FaultKind::Garbled,
            (Self::NotAllowed(_), _) => FaultKind::Refused,
            (Self::StalePermit(_), _) => FaultKind::Withheld(Refusal::NoSecondLook),
            (Self::Withheld(refusal, _), _) => FaultKind::Withheld(*refusal),
        }
    }

    /// True when a read may be tried again at once, after a pause.
    pub(super) const fn is_passing(&self) -> bool {
        match self {
            Self::NoConnection(_) | Self::Broken(_) | Self::Throttled(_) => true,
            Self::Answered { status, .. } => matches!(*status, 408 | 500..=599),
            Self::NoToken(_)
            | Self::NotAccepted(_)
            | Self::Proxy
            | Self::Redirected(_)
            | Self::NotJson(_)
            | Self::TooBig(_) => false,
            Self::Unreadable(_)
            | Self::Foreign(_)
            | Self::Endless(_)
            | Self::NotAllowed(_)
            | Self::StalePermit(_)
            | Self::Withheld(..)
            | Self::OtherType(_) => false,
        }
    }

    /// As a fault; `doing` completes "could not …".
    pub(super) fn fault(self, act: Act, doing: impl Into<String>) -> Fault {
        Fault::new(self.kind(act), doing).because(self)
    }
}

fn of_status(status: u16, message: &str, act: Act) -> FaultKind {
    match (status, act) {
        (401, _) => FaultKind::Unauthenticated,
        (403, _) => FaultKind::Denied,
        (404 | 410, _) => FaultKind::Gone,
        (409, Act::Stop) => FaultKind::Conflict,
        (400, Act::Stop) if message.to_ascii_lowercase().contains(DISK_FULL) => FaultKind::DiskFull,
        // A gateway may answer for a service that has taken the stop already.
        (408 | 500..=599, Act::Stop) => FaultKind::Unclear,
        (408 | 500..=599, Act::Read) => FaultKind::Unreachable,
        _ => FaultKind::Refused,
    }
}

/// Reads an error body: ARM's usual one, or whatever else came.
pub(super) fn answered(status: u16, body: &[u8]) -> AzureError {
    let parsed: Option<Value> = serde_json::from_slice(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)).ok();
    let error = parsed.as_ref().map(|v| v.get("error").unwrap_or(v));
    let text = |key: &str| error.and_then(|e| e.get(key)).and_then(Value::as_str).unwrap_or_default();
    let code = error.and_then(inner_code).unwrap_or_else(|| text("code"));
    let message = text("message");
    let message = if message.is_empty() && parsed.is_none() { plain(body) } else { clean(message) };
    let action = if status == 403 { quoted_action(&message) } else { None };
    AzureError::Answered { status, code: clean(code), message, action }
}

/// Azure Machine Learning hides the useful code in an `additionalInfo` entry without a type.
fn inner_code(error: &Value) -> Option<&str> {
    let entries = error.get("additionalInfo")?.as_array()?;
    entries
        .iter()
        .filter(|entry| entry.get("type").is_none_or(Value::is_null))
        .find_map(|entry| entry.get("info")?.get("value")?.get("code")?.as_str())
}

fn plain(body: &[u8]) -> String {
    if body.is_empty() {
        return "(no body)".to_owned();
    }
    let text = String::from_utf8_lossy(body.get(..200).unwrap_or(body)).into_owned();
    if text.trim_start().starts_with('<') { "(a web page)".to_owned() } else { clean(&text) }
}

/// "… does not have authorization to perform action 'X/y/action' over scope …"
fn quoted_action(message: &str) -> Option<String> {
    let after = message.split("perform action '").nth(1)?;
    let action = after.split('\'').next()?;
    (action.len() <= 200 && action.contains('/')).then(|| action.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(status: u16, body: &str) -> (String, FaultKind) {
        let error = answered(status, body.as_bytes());
        (error.to_string(), error.kind(Act::Stop))
    }

    #[test]
    fn a_refused_stop_is_classified() {
        let arm = |code: &str, message: &str| format!(r#"{{"error":{{"code":"{code}","message":"{message}"}}}}"#);
        let cases = [
            (
                400,
                arm("BadRequest", "StopCompute is not allowed when ComputeInstance disk is full."),
                FaultKind::DiskFull,
            ),
            (400, arm("BadRequest", "no"), FaultKind::Refused),
            (401, String::new(), FaultKind::Unauthenticated),
            (403, arm("AuthorizationFailed", "no"), FaultKind::Denied),
            (404, arm("ResourceNotFound", "no"), FaultKind::Gone),
            (405, String::new(), FaultKind::Refused),
            (409, arm("Conflict", "Conflict"), FaultKind::Conflict),
            (412, String::new(), FaultKind::Refused),
            (415, String::new(), FaultKind::Refused),
            (500, arm("ServiceError", "InternalServerError"), FaultKind::Unclear),
            (504, "<html>".into(), FaultKind::Unclear),
        ];
        for (status, body, kind) in cases {
            assert_eq!(words(status, &body).1, kind, "{status} {body}");
        }
        assert_eq!(answered(500, b"").kind(Act::Read), FaultKind::Unreachable);
    }

    #[test]
    fn the_missing_action_is_named() {
        let body = r#"{"error":{"code":"AuthorizationFailed","message":"The client 'x' with object id 'y' does not have authorization to perform action 'Microsoft.MachineLearningServices/workspaces/computes/stop/action' over scope '/subscriptions/s' or the scope is invalid."}}"#;
        assert!(
            words(403, body)
                .0
                .ends_with("(missing action: Microsoft.MachineLearningServices/workspaces/computes/stop/action)")
        );
    }

    #[test]
    fn the_inner_code_wins_over_the_generic_one() {
        let body = r#"{"error":{"code":"UserError","message":"m","additionalInfo":[{"type":"ComponentName","info":{"value":"x"}},{"info":{"value":{"code":"NotSupported","innerError":null}}}]}}"#;
        assert_eq!(words(400, body).0, "Azure answered 400 NotSupported: m");
        assert_eq!(words(502, "<!doctype html>").0, "Azure answered 502 : (a web page)");
        assert_eq!(words(400, "[1]").0, "Azure answered 400 : ");
    }
}
