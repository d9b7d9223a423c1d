//! The people's inbox: Lightsout's notices reach those whose machines they name.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::answer::Answer;
use super::errors;
use super::shared::Shared;

/// One machine of a notice; unknown members are fine.
#[derive(Debug, Deserialize)]
struct Noticed {
    #[serde(alias = "instance_id", alias = "instance")]
    id: String,
    stop_at: Option<Timestamp>,
}

/// A notice as far as people read it: several machines, or one.
#[derive(Debug, Deserialize)]
struct Notice {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    instances: Vec<Noticed>,
    #[serde(alias = "instance_id")]
    instance: Option<OneInstance>,
    stop_at: Option<Timestamp>,
    /// What can be clicked.
    #[serde(default)]
    links: Vec<Clickable>,
}

/// A link of a notice.
#[derive(Debug, Deserialize)]
struct Clickable {
    url: String,
}

/// The single machine of a notice, as text or as an object.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneInstance {
    Id(String),
    Whole(Noticed),
}

impl Shared {
    /// Takes a notice in; answers how many people it reached. Only notices that announce a stop make anyone act.
    pub(super) fn receive_notice(&self, body: &[u8]) -> Answer {
        let notice: Notice = match serde_json::from_slice(body) {
            Ok(notice) => notice,
            Err(error) => {
                return errors::arm(400, "BadRequest", &format!("the notice cannot be read: {error}"));
            }
        };
        let mut named = notice.instances;
        match notice.instance {
            Some(OneInstance::Id(id)) => named.push(Noticed { id, stop_at: None }),
            Some(OneInstance::Whole(one)) => named.push(one),
            None => {}
        }
        // the link that postpones carries its token behind a #
        let link = notice.links.into_iter().map(|link| link.url).find(|url| url.contains("/hold#"));
        let (mut world, now) = self.world_now();
        let mut reached = 0_u32;
        for one in named {
            if ["disk_full", "disk_filling"].contains(&notice.kind.as_str()) {
                reached = reached.saturating_add(u32::from(world.read_of_disk(&one.id)));
                continue;
            }
            let Some(stop_at) = one.stop_at.or(notice.stop_at).filter(|stop_at| *stop_at >= now) else {
                continue;
            };
            reached = reached.saturating_add(u32::from(world.read_notice(&one.id, stop_at, link.clone())));
        }
        Answer::json(200, &json!({ "kind": notice.kind, "reached": reached }))
    }
}
