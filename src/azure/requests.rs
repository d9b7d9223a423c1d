//! The requests of operations as they would leave, for whoever wants to see one before it does.

use serde_json::Value;

use super::create;
use super::fleet::Azure;
use super::origin::PinnedUrl;
use crate::facts::{NewInstance, Verb};
use crate::ports::Clock;
use crate::units::InstanceId;

/// Whoever was faster is not overwritten, where Azure honours this.
pub(super) const NOTHING_THERE: (&str, &str) = ("If-None-Match", "*");

/// A request that is not sent.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ShownRequest {
    /// PUT, POST or DELETE.
    pub method: &'static str,
    /// Where to.
    pub url: String,
    /// Headers that matter beside the bearer, which is never shown.
    pub headers: Vec<(&'static str, &'static str)>,
    /// The body; none where it is empty.
    pub body: Option<Value>,
}

impl<C: Clock> Azure<C> {
    /// Where an operation is asked for: one URL each.
    pub(super) fn operation_url(&self, verb: Verb, id: &InstanceId) -> PinnedUrl {
        let at = |below: &[&str]| self.at(id.workspace(), below);
        match verb {
            Verb::Create => at(&["computes", id.name()]),
            Verb::Start => at(&["computes", id.name(), "start"]),
            Verb::Restart => at(&["computes", id.name(), "restart"]),
            Verb::Delete => at(&["computes", id.name()]).with("underlyingResourceAction", "Delete"),
        }
    }

    /// The request of a start, restart or deletion.
    #[must_use]
    pub fn show_request(&self, verb: Verb, id: &InstanceId) -> ShownRequest {
        let method = match verb {
            Verb::Create => "PUT",
            Verb::Start | Verb::Restart => "POST",
            Verb::Delete => "DELETE",
        };
        let url = self.operation_url(verb, id).url().to_string();
        ShownRequest { method, url, headers: Vec::new(), body: None }
    }

    /// The request of a stop.
    #[must_use]
    pub fn show_stop(&self, id: &InstanceId) -> ShownRequest {
        let url = self.at(id.workspace(), &["computes", id.name(), "stop"]).url().to_string();
        ShownRequest { method: "POST", url, headers: Vec::new(), body: None }
    }

    /// The request by which an instance is made.
    #[must_use]
    pub fn show_creation(&self, new: &NewInstance) -> ShownRequest {
        let headers = vec![("Content-Type", "application/json"), NOTHING_THERE];
        ShownRequest { headers, body: Some(create::body(new)), ..self.show_request(Verb::Create, &new.id) }
    }
}
