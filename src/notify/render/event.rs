//! The message as a CloudEvent 1.0, structured as JSON: the webhook's own body inside a standard envelope.

use serde_json::{Value, json};

use crate::ports::{About, Message};

/// What the type of every event begins with; the kind of message follows.
pub const EVENT_TYPE: &str = "dev.lightsout.";

/// Who sends. An event is known by this and its id together.
const SOURCE: &str = "/lightsout";

/// The envelope around a message's body.
#[must_use]
pub fn event(message: &Message, data: Value) -> Value {
    let subject = match &message.about {
        About::Instance { instance, .. } => instance.to_string(),
        About::Budget { scope, month, .. } => format!("{scope}/{month}"),
        About::Policies { policies, revision } => format!("{policies}/{revision}"),
        About::Week { person, week } => format!("{person}/{week}"),
    };
    json!({
        "specversion": "1.0",
        "id": message.id,
        "source": SOURCE,
        "type": format!("{EVENT_TYPE}{}", message.kind.label()),
        "subject": subject,
        "time": message.at,
        "datacontenttype": "application/json",
        "data": data,
    })
}
