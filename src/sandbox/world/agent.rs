//! What an agent on each machine would see and send: the heartbeat written by hand, from what truly goes on there.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::machine::{Machine, State};
use super::person::UseKind;
use super::stream::mix;
use super::universe::World;

/// A GiB, in bytes.
const GIB: u64 = 1 << 30;

impl World {
    /// Of every machine that is up and has an agent: its ARM id, and what its agent sends now. `percent` of all machines have
    /// one; those of a smaller share are among those of a larger.
    pub fn heartbeats(&self, percent: u8) -> Vec<(String, Value)> {
        let up = self.machines.iter().filter(|machine| machine.is_up() && self.has_agent(&machine.id, percent));
        up.map(|machine| (machine.id.clone(), machine.heartbeat(self.now))).collect()
    }

    /// Whether the machine is among so many percent that have an agent.
    pub fn has_agent(&self, id: &str, percent: u8) -> bool {
        mix(self.seed, &[&id.to_lowercase(), "agent"]) % 100 < u64::from(percent)
    }
}

impl Machine {
    /// Since when it is up without a break.
    fn up_since(&self) -> Timestamp {
        let up = |state: State| matches!(state, State::Running | State::JobRunning);
        let run = self.history.iter().rev().take_while(|(_, state)| up(*state));
        run.last().map_or(Timestamp::MIN, |(since, _)| *since)
    }

    /// When it was last used for that in this run; now, while it is.
    fn last_used(&self, kind: UseKind, now: Timestamp) -> Option<Timestamp> {
        let since = self.up_since();
        let ends = self.uses.iter().filter(|used| used.kind == kind).map(|used| used.to.unwrap_or(now).min(now));
        ends.filter(|end| *end >= since).max()
    }

    /// One signal: busy while one of those uses goes on.
    fn sign(&self, signal: &str, kinds: &[UseKind], now: Timestamp) -> Value {
        let busy = kinds.iter().find(|kind| self.wants(**kind));
        let last = kinds.iter().filter_map(|kind| self.last_used(*kind, now)).max();
        let words = busy.map_or_else(|| "nothing".to_owned(), |kind| format!("{} work", kind.label()));
        let mut sign =
            json!({ "signal": signal, "kind": if busy.is_some() { "busy" } else { "quiet" }, "words": words });
        if let (Some(last), Some(sign)) = (last, sign.as_object_mut()) {
            sign.insert("last_busy".to_owned(), json!(last.to_string()));
        }
        sign
    }

    fn heartbeat(&self, now: Timestamp) -> Value {
        let up_since = self.up_since();
        // a notebook left open is a connection, and no work
        let mut jupyter = self.sign("jupyter", &[UseKind::Present], now);
        if self.kernel_open
            && !self.wants(UseKind::Present)
            && let Some(sign) = jupyter.as_object_mut()
        {
            sign.insert("kind".to_owned(), json!("connected"));
            sign.insert("words".to_owned(), json!("a notebook is open, its kernel is idle"));
        }
        let heavy = [UseKind::Tmux, UseKind::Job];
        let mut signs = vec![jupyter, self.sign("detached", &[UseKind::Tmux], now), self.sign("cpu", &heavy, now)];
        if self.spec.vm_size.to_uppercase().contains("_N") {
            signs.push(self.sign("gpu", &heavy, now));
        }
        let free = if self.disk_full { 0 } else { GIB.saturating_mul(40) };
        json!({
            "v": 1, "agent": "sandbox", "instance": self.id, "boot": up_since.to_string(),
            "seq": now.as_second().max(1), "sent_at": now.to_string(), "looked_at": now.to_string(), "signs": signs,
            "watched": [{ "from": up_since.to_string(), "to": now.to_string() }],
            "disks": [{ "mount": "/", "free_bytes": free, "size_bytes": GIB.saturating_mul(120) }],
        })
    }
}
