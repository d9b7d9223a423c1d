//! An instance that is to be made, as written by flags or in a file, and everything that is wrong with it.

use super::creation_parts::{identities, new_schedules, script_wishes, tag_pairs};
use crate::facts::{SCHEDULES_MAX, broken_name_rules};
use crate::units::Span;

/// The agent of this service on it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgentWritten {
    /// Whether it is wanted.
    pub wanted: bool,
    /// Where the service is.
    pub url: Option<String>,
    /// The agent's binary.
    pub binary: Option<String>,
    /// Its checksum.
    pub sha256: Option<String>,
    /// A file with the instance's token.
    pub token_file: Option<String>,
    /// A file with settings for it.
    pub config: Option<String>,
}

/// An instance that is to be made, as written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CreationWritten {
    /// Its name.
    pub name: String,
    /// The workspace, by name or ARM id.
    pub workspace: String,
    /// Its size.
    pub size: String,
    /// Words about it.
    pub description: Option<String>,
    /// `on` or `off`.
    pub ssh: Option<String>,
    /// The file of the public key.
    pub ssh_key: Option<String>,
    /// A subnet's ARM id.
    pub subnet: Option<String>,
    /// Without an address on the internet.
    pub no_public_ip: bool,
    /// Azure's idle timer.
    pub idle_shutdown: Option<Span>,
    /// Schedules in words.
    pub schedule: Vec<String>,
    /// Schedules by five fields.
    pub cron: Vec<String>,
    /// The zone of the latter.
    pub zone: Option<String>,
    /// `NAME=VALUE` each.
    pub tag: Vec<String>,
    /// `system`, `none`, or ARM ids.
    pub identity: Vec<String>,
    /// For whom.
    pub on_behalf_of: Option<String>,
    /// Of which tenant.
    pub tenant: Option<String>,
    /// `personal` or `shared`.
    pub application_sharing: Option<String>,
    /// `WHEN=SCRIPT` each.
    pub setup_script: Vec<String>,
    /// `WHEN=ARGS` each.
    pub setup_args: Vec<String>,
    /// `WHEN=LENGTH` each.
    pub setup_timeout: Vec<String>,
    /// The agent.
    pub agent: AgentWritten,
}

/// One thing that is wrong: the key in a file, which is the flag with `_` for `-`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreationFault {
    /// Which key.
    pub key: &'static str,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub help: String,
}

impl CreationFault {
    pub(super) fn new(key: &'static str, problem: impl Into<String>, help: impl Into<String>) -> Self {
        Self { key, problem: problem.into(), help: help.into() }
    }
}

/// Azure's bounds of its idle timer.
const IDLE: (Span, Span) = (Span::minutes(15), Span::hours(72));

impl CreationWritten {
    /// Everything that is wrong with it, as far as that can be known without asking anybody.
    #[must_use]
    pub fn faults(&self) -> Vec<CreationFault> {
        let mut all = Vec::new();
        let rules = broken_name_rules(&self.name);
        if !rules.is_empty() {
            let problem = format!("\"{}\" is no name for an instance", self.name);
            all.push(CreationFault::new(
                "name",
                problem,
                format!("Azure takes one only where {}", rules.join("; and ")),
            ));
        }
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        if self.size.is_empty() || !self.size.bytes().all(plain) {
            all.push(CreationFault::new("size", "this is no VM size", "write one such as Standard_DS3_v2"));
        }
        self.network(&mut all);
        self.access(&mut all);
        all.extend(new_schedules(self).err().into_iter().flatten());
        let schedules = self.schedule.len().saturating_add(self.cron.len());
        if schedules > SCHEDULES_MAX {
            let problem = format!("these are {schedules} schedules");
            all.push(CreationFault::new("schedule", problem, format!("Azure takes {SCHEDULES_MAX} on one instance")));
        }
        all.extend(tag_pairs(&self.tag).err().into_iter().flatten());
        all.extend(identities(&self.identity).err());
        all.extend(script_wishes(self).err().into_iter().flatten());
        self.agent.faults(&mut all);
        all
    }

    fn network(&self, all: &mut Vec<CreationFault>) {
        if let Some(subnet) = &self.subnet
            && !is_subnet(subnet)
        {
            let help = "write its ARM id, whole: /subscriptions/ID/resourceGroups/NAME/providers/Microsoft.Network/\
                        virtualNetworks/NAME/subnets/NAME";
            all.push(CreationFault::new("subnet", "this is no id of a subnet", help));
        }
        let (least, most) = IDLE;
        if let Some(after) = self.idle_shutdown
            && !(least.as_secs()..=most.as_secs()).contains(&after.as_secs())
        {
            let problem = format!("Azure has no idle timer of {after}");
            all.push(CreationFault::new("idle_shutdown", problem, format!("write {least} to {most}")));
        }
    }

    fn access(&self, all: &mut Vec<CreationFault>) {
        match (self.ssh.as_deref(), &self.ssh_key) {
            (Some("on"), None) => {
                let help = "name the file of a public key with ssh_key, since Azure lets nobody in without";
                all.push(CreationFault::new("ssh", "SSH is on, and there is no key", help));
            }
            (Some("off") | None, Some(_)) => {
                all.push(CreationFault::new("ssh_key", "there is a key, and SSH is not on", "say ssh = \"on\""));
            }
            (Some("on"), Some(_)) | (Some("off") | None, None) => {}
            (Some(other), _) => {
                all.push(CreationFault::new(
                    "ssh",
                    format!("\"{other}\" is not known here"),
                    "write \"on\" or \"off\"",
                ));
            }
        }
        if let Some(word) = self.application_sharing.as_deref()
            && !["personal", "shared"].contains(&word)
        {
            let help = "write \"personal\" or \"shared\"";
            all.push(CreationFault::new("application_sharing", format!("\"{word}\" is not known here"), help));
        }
        for (key, id) in [("on_behalf_of", &self.on_behalf_of), ("tenant", &self.tenant)] {
            if let Some(id) = id
                && !is_guid(id)
            {
                let help = "write an id such as 00000000-0000-0000-0000-000000000001; Entra shows it with the person";
                all.push(CreationFault::new(key, format!("\"{id}\" is no object id"), help));
            }
        }
        if self.tenant.is_some() && self.on_behalf_of.is_none() {
            let help = "say for whom with on_behalf_of, or leave the tenant out";
            all.push(CreationFault::new("tenant", "there is a tenant, and nobody of it", help));
        }
    }
}

impl AgentWritten {
    fn faults(&self, all: &mut Vec<CreationFault>) {
        let needed = [("agent_url", &self.url), ("agent_binary", &self.binary), ("agent_sha256", &self.sha256)];
        if !self.wanted {
            let more = [("agent_token_file", &self.token_file), ("agent_config", &self.config)];
            let idle = needed.into_iter().chain(more).find(|(_, value)| value.is_some());
            all.extend(idle.map(|(key, _)| CreationFault::new(key, "no agent is wanted", "say with_agent = true")));
            return;
        }
        let missing = needed.into_iter().filter(|(_, value)| value.is_none());
        all.extend(
            missing.map(|(key, _)| CreationFault::new(key, "the agent needs it", "deploy/README.md says what it is")),
        );
        if self.token_file.is_none() && self.config.is_none() {
            let problem = "the agent needs it, or agent_config: without either it cannot show who it is";
            let help =
                "name its token's file on the instance (`lightsout agent token` makes one), or that of its settings";
            all.push(CreationFault::new("agent_token_file", problem, help));
        }
        let is_address = |url: &String| {
            ["https://", "http://"].iter().any(|scheme| url.len() > scheme.len() && url.starts_with(scheme))
        };
        if self.url.as_ref().is_some_and(|url| !is_address(url)) {
            all.push(CreationFault::new(
                "agent_url",
                "this is no address",
                "write one such as https://lightsout.example",
            ));
        }
        let is_sum = |sum: &String| sum.len() == 64 && sum.bytes().all(|b| b.is_ascii_hexdigit());
        if self.sha256.as_ref().is_some_and(|sum| !is_sum(sum)) {
            all.push(CreationFault::new("agent_sha256", "this is no checksum", "write 64 hexadecimal digits"));
        }
    }
}

/// The whole ARM id of a subnet.
fn is_subnet(text: &str) -> bool {
    let words = [
        "subscriptions",
        "",
        "resourceGroups",
        "",
        "providers",
        "Microsoft.Network",
        "virtualNetworks",
        "",
        "subnets",
        "",
    ];
    let name = |part: &str| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'(' | b')');
        !part.is_empty() && part.bytes().all(plain) && !part.bytes().all(|b| b == b'.')
    };
    let parts: Vec<&str> = text.strip_prefix('/').unwrap_or_default().split('/').collect();
    parts.len() == words.len()
        && parts.iter().zip(words).all(
            |(part, word)| {
                if word.is_empty() { name(part) } else { part.eq_ignore_ascii_case(word) }
            },
        )
}

/// The shape of an object id.
fn is_guid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    lengths == [8, 4, 4, 4, 12] && parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
#[path = "creation_tests.rs"]
mod tests;
