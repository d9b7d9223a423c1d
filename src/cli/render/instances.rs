//! `lightsout instance list`: a line for each instance.

use serde::Serialize;

use super::Look;
use crate::ledger::PriceBook;
use crate::report::{InstanceView, WorkspaceView, words};

/// One instance of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InstanceLine {
    /// Its ARM id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its workspace's name.
    pub workspace: String,
    /// Its state, in Azure's word.
    pub state: String,
    /// Whose it is; none where nobody knows.
    pub owner: Option<String>,
    /// Its size.
    pub size: String,
    /// Its region.
    pub region: String,
    /// The price of an hour while it is on; none where nobody knows.
    pub price: Option<String>,
    /// Which policy governs its workspace.
    pub policy: Option<String>,
    /// When it is held until, at the latest.
    pub held_until: Option<jiff::Timestamp>,
}

impl InstanceLine {
    /// Of one instance of a workspace.
    #[must_use]
    pub fn of(place: &WorkspaceView, one: &InstanceView, prices: &PriceBook) -> Self {
        let facts = &one.facts;
        Self {
            id: facts.id.to_string(),
            name: facts.id.name().to_owned(),
            workspace: place.id.name().to_owned(),
            state: facts.state.to_string(),
            owner: facts.owner.name().map(str::to_owned),
            size: facts.size.to_string(),
            region: facts.region.as_str().to_owned(),
            price: prices.rate(&facts.size, &facts.region).map(|rate| rate.to_string()),
            policy: place.policy.as_ref().map(|policy| policy.as_str().to_owned()),
            held_until: one.holds.iter().map(|hold| hold.until).max(),
        }
    }
}

/// The list as text.
#[must_use]
pub fn instance_list(lines: &[InstanceLine], unread: &[String], look: &Look) -> String {
    let row = |line: &InstanceLine| {
        let held = line.held_until.map(|until| format!(", held {}", words::from_now(until, look.now)));
        vec![
            format!("{}/{}", line.workspace, line.name),
            format!("{}{}", line.state, held.unwrap_or_default()),
            line.owner.clone().unwrap_or_else(|| "nobody known".to_owned()),
            line.size.clone(),
            line.price.clone().unwrap_or_else(|| "?".to_owned()),
            line.policy.clone().unwrap_or_else(|| "-".to_owned()),
        ]
    };
    let mut text = String::new();
    if lines.is_empty() {
        text.push_str("no instance fits\n");
    } else {
        let rows: Vec<Vec<String>> = lines.iter().map(row).collect();
        text.push_str(&look.table(&["instance", "state", "owner", "size", "an hour on", "policy"], &rows));
    }
    if !unread.is_empty() {
        let names: Vec<String> = unread.iter().map(|name| words::clean(name)).collect();
        text.push_str(&look.paint.bad(&format!("not read, so not here: {}", names.join(", "))));
        text.push('\n');
    }
    text
}
