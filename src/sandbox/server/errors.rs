//! ARM's refusals, in the words that were seen in real answers.

use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::json;

use super::answer::Answer;
use super::render::seven_digits;

/// An answer with ARM's plain error body.
pub(super) fn arm(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(status, &json!({ "error": { "code": code, "message": message } }))
}

/// An answer with the long error body of the Machine Learning provider; the telling code hides in an entry without a type.
pub(super) fn provider(
    status: u16,
    (code, message, inner): (&str, &str, Option<&str>),
    region: &str,
    now: Timestamp,
) -> Answer {
    let mut info = vec![
        json!({ "type": "ComponentName", "info": { "value": "managementfrontend" } }),
        json!({ "type": "Correlation", "info": { "value": { "operation": "9034cc167b7dc34a815e4acfaf4cf7c7", "request": "c16f254b86b1b525" } } }),
        json!({ "type": "Environment", "info": { "value": region } }),
        json!({ "type": "Location", "info": { "value": region } }),
        json!({ "type": "Time", "info": { "value": seven_digits(now) } }),
    ];
    if let Some(inner) = inner {
        info.push(json!({ "info": { "value": { "code": inner, "innerError": null } } }));
    }
    Answer::json(
        status,
        &json!({ "error": { "code": code, "message": message, "target": null, "details": [], "additionalInfo": info } }),
    )
}

pub(super) fn disk_full(region: &str, now: Timestamp) -> Answer {
    provider(
        400,
        ("UserError", "StopCompute is not allowed when ComputeInstance disk is full.", Some("BadRequest")),
        region,
        now,
    )
}

/// A PUT that is only for what is not there yet.
pub(super) fn exists(name: &str) -> Answer {
    let message = format!("The condition 'If-None-Match: *' is not met: the compute {name} exists.");
    arm(412, "PreconditionFailed", &message)
}

pub(super) fn conflict(region: &str, now: Timestamp) -> Answer {
    provider(409, ("Conflict", "Conflict", Some("Conflict")), region, now)
}

/// A resource that is not there, under an existing parent or not.
pub(super) fn not_found(kind: &str, name: &str, group: &str) -> Answer {
    arm(
        404,
        "ResourceNotFound",
        &format!(
            "The Resource '{kind}/{name}' under resource group '{group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
        ),
    )
}

pub(super) fn no_subscription(id: &str) -> Answer {
    arm(404, "SubscriptionNotFound", &format!("The subscription '{id}' could not be found."))
}

pub(super) fn forbidden(principal: &str, action: &str, scope: &str) -> Answer {
    arm(
        403,
        "AuthorizationFailed",
        &format!(
            "The client '{principal}' with object id '{principal}' does not have authorization to perform action '{action}' over scope '{scope}' \
             or the scope is invalid. If access was recently granted, please refresh your credentials."
        ),
    )
}

pub(super) fn no_token(tenant: &str) -> Answer {
    arm(401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.").with(
        "www-authenticate",
        &format!("Bearer authorization_uri=\"https://login.microsoftonline.com/{tenant}\", error=\"invalid_token\", error_description=\"The authentication failed because of missing 'Authorization' header.\""),
    )
}

pub(super) fn bad_token(tenant: &str, expired: bool) -> Answer {
    let (code, message) = if expired {
        ("ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than current UTC time.")
    } else {
        ("InvalidAuthenticationToken", "The access token is invalid.")
    };
    arm(401, code, message).with(
        "www-authenticate",
        &format!("Bearer authorization_uri=\"https://login.microsoftonline.com/{tenant}\", error=\"invalid_token\", error_description=\"{message}\""),
    )
}

/// Continuous access evaluation: the token is fine, and more is wanted.
pub(super) fn claims_challenge(tenant: &str) -> Answer {
    arm(401, "TokenIssuedBeforeRevocationTimestamp", "The access token was issued before the revocation timestamp.").with(
        "www-authenticate",
        &format!(
            "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/{tenant}/oauth2/authorize\", error=\"insufficient_claims\", \
             claims=\"eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiIxNzYwMDAwMDAwIn19fQ==\""
        ),
    )
}

pub(super) fn throttled(retry_after: Option<&str>) -> Answer {
    let wait = retry_after.unwrap_or("a few");
    let answer = arm(
        429,
        "SubscriptionRequestsThrottled",
        &format!(
            "Number of requests for subscription has exceeded the limit. Please try again after '{wait}' seconds after additional tokens are available. Refer to https://aka.ms/arm-throttling for additional information."
        ),
    );
    match retry_after {
        Some(text) => answer.with("retry-after", text),
        None => answer,
    }
}

pub(super) fn no_api_version(path: &str) -> Answer {
    arm(
        400,
        "MissingApiVersionParameter",
        &format!("The api-version query parameter (?api-version=) is required for all requests. Path: {path}"),
    )
}

pub(super) fn wrong_method(method: &str) -> Answer {
    arm(
        405,
        "MethodNotAllowed",
        &format!("The HTTP method '{method}' is not supported at scope; this sandbox does not know such a change."),
    )
}

/// A status with ARM's words for it.
pub(super) fn plain(status: u16, code: Option<&str>) -> Answer {
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Unknown");
    let word: String = reason.split_whitespace().collect();
    arm(status, code.unwrap_or(&word), &format!("{reason}."))
}
