//! From what was written to the instance that is to be made: keys and scripts are read here, and the agent is woven in.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::agent_script::{At, woven};
use super::desk::{Desk, facts_of};
use super::target::workspace;
use crate::cli::args::{InstanceCreate, OnOff, SharingWord};
use crate::facts::{NewInstance, NewOwner, NewScript, NewSsh, ScriptPlace, Sharing};
use crate::settings::{
    AgentWritten, CreationWritten, Identity, ScriptSource, ScriptWish, identities, new_schedules, script_wishes,
    tag_pairs,
};
use crate::units::InstanceId;

/// Azure's own bound of a script in the request is not public; a whole request of ARM has 4 MiB.
const INLINE_MAX: u64 = 64 * 1024;
/// A public key is a line.
const KEY_MAX: u64 = 16 * 1024;

/// As typed.
pub(super) fn written_of(asked: &InstanceCreate) -> CreationWritten {
    let wish = asked.wish.clone();
    let agent = wish.agent;
    CreationWritten {
        name: asked.name.clone().unwrap_or_default(),
        workspace: asked.workspace.clone().unwrap_or_default(),
        size: asked.size.clone().unwrap_or_default(),
        description: wish.description,
        ssh: wish.ssh.map(|word| match word {
            OnOff::On => "on".to_owned(),
            OnOff::Off => "off".to_owned(),
        }),
        ssh_key: wish.ssh_key,
        subnet: wish.subnet,
        no_public_ip: wish.no_public_ip,
        idle_shutdown: wish.idle_shutdown,
        schedule: wish.schedule,
        cron: wish.cron,
        zone: wish.zone,
        tag: wish.tag,
        identity: wish.identity,
        on_behalf_of: wish.on_behalf_of,
        tenant: wish.tenant,
        application_sharing: wish.application_sharing.map(|word| match word {
            SharingWord::Personal => "personal".to_owned(),
            SharingWord::Shared => "shared".to_owned(),
        }),
        setup_script: wish.setup_script,
        setup_args: wish.setup_args,
        setup_timeout: wish.setup_timeout,
        agent: AgentWritten {
            wanted: agent.with_agent,
            url: agent.agent_url,
            binary: agent.agent_binary,
            sha256: agent.agent_sha256,
            token_file: agent.agent_token_file,
            config: agent.agent_config,
        },
    }
}

/// The instance that is meant.
///
/// # Errors
/// Everything that is wrong with it, in words.
pub(super) fn compose(desk: &Desk, written: &CreationWritten) -> Result<NewInstance, Vec<String>> {
    let mut wrong: Vec<String> =
        written.faults().into_iter().map(|fault| format!("{}: {}, {}", fault.key, fault.problem, fault.help)).collect();
    let place =
        workspace(&desk.view, &written.workspace).map_err(|words| wrong.push(format!("workspace: {words}"))).ok();
    let key = key_of(written).map_err(|words| wrong.push(format!("ssh_key: {words}"))).ok();
    let scripts = scripts_of(written).map_err(|words| wrong.push(format!("setup_script: {words}"))).ok();
    let owner = owner_of(desk, written).map_err(|words| wrong.push(format!("tenant: {words}"))).ok();
    let (Some(place), Some(ssh), Some(scripts), Some(owner), true) = (place, key, scripts, owner, wrong.is_empty())
    else {
        return Err(wrong);
    };
    let facts = facts_of(place);
    let id = InstanceId::new(facts.id, &written.name).map_err(|error| vec![format!("name: {error}")])?;
    let [creation, startup] = scripts;
    let again = |_| vec!["it cannot be read".to_owned()];
    Ok(NewInstance {
        description: written.description.clone(),
        sharing: match written.application_sharing.as_deref() {
            Some("personal") => Sharing::Personal,
            Some(_) | None => Sharing::Shared,
        },
        ssh,
        subnet: written.subnet.clone(),
        public_ip: !written.no_public_ip,
        idle_shutdown: written.idle_shutdown,
        schedules: new_schedules(written).map_err(|_| vec!["its schedules cannot be read".to_owned()])?,
        tags: tag_pairs(&written.tag).map_err(|_| vec!["its tags cannot be read".to_owned()])?,
        identity: identities(&written.identity).map_err(again)?,
        owner,
        creation,
        startup,
        ..NewInstance::plain(id, facts.region, &written.size)
    })
}

fn key_of(written: &CreationWritten) -> Result<NewSsh, String> {
    let Some(path) = &written.ssh_key else {
        return Ok(if written.ssh.is_some() { NewSsh::Off } else { NewSsh::Unsaid });
    };
    let bytes =
        if path == "-" { read(std::io::stdin().lock(), "standard input", KEY_MAX)? } else { read_file(path, KEY_MAX)? };
    let text = String::from_utf8(bytes).map_err(|_| format!("{path} is no text"))?;
    let key = text.trim();
    let kind = key.split_whitespace().next().unwrap_or_default();
    if key.contains("PRIVATE KEY") {
        return Err(format!("{path} is a private key, which never leaves this machine; name the public one (.pub)"));
    }
    if key.lines().count() != 1 || !(kind.starts_with("ssh-") || kind.starts_with("ecdsa-") || kind.starts_with("sk-"))
    {
        return Err(format!("{path} is no public key: one line such as \"ssh-rsa AAAA... ada@laptop\""));
    }
    Ok(NewSsh::On(key.to_owned()))
}

fn read_file(path: &str, most: u64) -> Result<Vec<u8>, String> {
    let file = std::fs::File::open(path).map_err(|error| format!("could not read {path}: {error}"))?;
    read(file, path, most)
}

fn read(from: impl std::io::Read, name: &str, most: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let limit = most.saturating_add(1);
    from.take(limit).read_to_end(&mut bytes).map_err(|error| format!("could not read {name}: {error}"))?;
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if length > most { Err(format!("{name} has more than {most} bytes")) } else { Ok(bytes) }
}

/// Creation and startup script.
fn scripts_of(written: &CreationWritten) -> Result<[Option<NewScript>; 2], String> {
    // what is wrong with them in words was said
    let wishes = script_wishes(written).unwrap_or_default();
    let both = [(At::Creation, wishes.creation), (At::Startup, wishes.startup)];
    let [creation, startup] = both.map(|(at, wish)| script(&written.agent, at, wish));
    Ok([creation?, startup?])
}

fn script(agent: &AgentWritten, at: At, wish: Option<ScriptWish>) -> Result<Option<NewScript>, String> {
    let own = match &wish {
        None => None,
        Some(ScriptWish { source: ScriptSource::Share(path), .. }) => Some(ScriptPlace::Share(path.clone())),
        Some(ScriptWish { source: ScriptSource::File(path), .. }) => {
            Some(ScriptPlace::Inline(STANDARD.encode(read_file(path, INLINE_MAX)?)))
        }
    };
    let place = if agent.wanted {
        let text =
            woven(agent, at, own.as_ref()).map_err(|error| format!("could not pack the agent's setup: {error}"))?;
        Some(ScriptPlace::Inline(STANDARD.encode(text)))
    } else {
        own
    };
    let (arguments, timeout) = wish.map(|wish| (wish.arguments, wish.timeout)).unwrap_or_default();
    Ok(place.map(|place| NewScript { place, arguments, timeout }))
}

fn owner_of(desk: &Desk, written: &CreationWritten) -> Result<Option<NewOwner>, String> {
    let Some(object_id) = written.on_behalf_of.clone() else { return Ok(None) };
    let known = || match &desk.loaded.settings.as_ref()?.azure.identity {
        Identity::Workload { tenant_id, .. }
        | Identity::ClientSecret { tenant_id, .. }
        | Identity::ClientCertificate { tenant_id, .. } => Some(tenant_id.clone()),
        Identity::AzureCli { tenant_id } => tenant_id.clone(),
        Identity::Managed(_) | Identity::TokenFile { .. } => None,
    };
    let tenant_id = written.tenant.clone().or_else(known);
    let tenant_id = tenant_id.ok_or("settings do not say which tenant that person is of: say it with --tenant")?;
    Ok(Some(NewOwner { object_id, tenant_id }))
}
