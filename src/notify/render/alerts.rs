//! The message as an alert in the form of Alertmanager's API, version 2.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::sheet::{Link, Sheet, Tone};
use crate::ports::{About, Message, MessageKind};

/// The body of the POST: a list with one alert.
///
/// Alertmanager knows an alert by its labels alone, so they name what it is about in full: two workspaces of one name
/// must not hide each other's alerts.
#[must_use]
pub fn alerts(message: &Message, sheet: &Sheet, links: &[Link]) -> Value {
    let mut labels = BTreeMap::from([
        ("alertname", alert_name(message.kind).to_owned()),
        ("severity", severity(sheet.tone).to_owned()),
        ("kind", message.kind.label().to_owned()),
        ("policy", message.policy.as_str().to_owned()),
    ]);
    match &message.about {
        About::Instance { instance, .. } => {
            let workspace = instance.workspace();
            labels.insert("instance", instance.name().to_owned());
            labels.insert("workspace", workspace.name().to_owned());
            labels.insert("resource_group", workspace.resource_group().to_owned());
            labels.insert("subscription", workspace.subscription().as_str().to_owned());
        }
        About::Budget { scope, month, .. } => {
            labels.insert("budget", scope.clone());
            labels.insert("month", month.clone());
        }
        About::Policies { policies, revision } => {
            labels.insert("policies", policies.clone());
            labels.insert("revision", revision.clone());
        }
        About::Week { person, week } => {
            labels.insert("person", person.clone());
            labels.insert("week", week.clone());
        }
    }
    let mut alert = json!({
        "labels": labels,
        "annotations": { "summary": sheet.headline, "description": sheet.words },
        "startsAt": message.at,
        "endsAt": message.use_by(),
    });
    // the page that explains, never the link that postpones: nobody knows to whom an alert goes
    if let (Some((_, page)), Some(alert)) = (Link::usable(links).last(), alert.as_object_mut()) {
        alert.insert("generatorURL".to_owned(), page.into());
    }
    json!([alert])
}

const fn alert_name(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Warning => "LightsoutWarning",
        MessageKind::Stopped => "LightsoutStopped",
        MessageKind::StopFailed => "LightsoutStopFailed",
        MessageKind::StartFailed => "LightsoutStartFailed",
        MessageKind::DiskFull => "LightsoutDiskFull",
        MessageKind::DiskFilling => "LightsoutDiskFilling",
        MessageKind::Budget => "LightsoutBudget",
        MessageKind::Overdue => "LightsoutOverdue",
        MessageKind::PolicyChanged => "LightsoutPolicyChanged",
        MessageKind::PolicyBroken => "LightsoutPolicyBroken",
        MessageKind::Digest => "LightsoutDigest",
        MessageKind::Proposal => "LightsoutProposal",
        MessageKind::Deleted => "LightsoutDeleted",
        MessageKind::DeleteFailed => "LightsoutDeleteFailed",
        MessageKind::Test => "LightsoutTest",
    }
}

const fn severity(tone: Tone) -> &'static str {
    match tone {
        Tone::News => "info",
        Tone::Soon => "warning",
        Tone::Trouble => "critical",
    }
}
