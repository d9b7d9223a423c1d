//! `agent token` and `agent revoke`: what an agent shows who it is with, given out and taken back.

use std::fs::{DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::context::{CommandError, Context};
use super::once::any_view;
use super::small::agent;
use crate::agent::args::AgentArgs;
use crate::cli::agents_desk::{keys, revoked};
use crate::cli::args::{AgentHere, AgentRevoke, AgentToken};
use crate::cli::clock::SystemClock;
use crate::cli::exit::Exit;
use crate::cli::wire_up::WireError;
use crate::intake::{Revoked, mint};
use crate::ports::{Clock as _, Declined};
use crate::seal::Keys;
use crate::units::InstanceId;

/// Is the agent, or gives out what it shows.
///
/// # Errors
/// When there is no secret, no such instance, or a file cannot be written.
pub async fn agents(asked: AgentHere, context: &Context) -> Result<Exit, CommandError> {
    match asked {
        AgentHere::OnInstance(what) => Ok(agent(&AgentArgs { what }, context)),
        AgentHere::Token(asked) => token(&asked, context).await,
        AgentHere::Revoke(asked) => revoke(&asked, context).await,
    }
}

async fn token(asked: &AgentToken, context: &Context) -> Result<Exit, CommandError> {
    let settings = context.places()?;
    let keys = keys(&settings.agents, &context.environment).map_err(WireError::Agents)?;
    let revoked = revoked(&settings);
    let with = (&keys, &revoked);
    let instances = if asked.all { everyone(context).await? } else { named(&asked.instances, context).await? };
    if instances.is_empty() {
        return Err(CommandError::Declined(Declined("say which instance, or --all".to_owned())));
    }
    let Some(dir) = &asked.dir else {
        let tokens = instances.iter().map(|id| Ok((id.to_string(), minted(with, id)?)));
        let tokens: Vec<(String, String)> = tokens.collect::<Result<_, CommandError>>()?;
        let text = || match tokens.as_slice() {
            [(_, token)] => token.clone(),
            several => several.iter().map(|(id, token)| format!("{id} {token}")).collect::<Vec<_>>().join("\n"),
        };
        context.print(
            &tokens.iter().map(|(id, token)| json!({ "instance": id, "token": token })).collect::<Vec<_>>(),
            text,
        )?;
        return Ok(Exit::Well);
    };
    let mut written = Vec::new();
    for id in &instances {
        let folder = dir.join(id.workspace().name());
        let path = folder.join(id.name());
        let failed = |error| CommandError::Io(format!("write the token {}", path.display()), error);
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed)?;
        keep(&path, &minted(with, id)?).map_err(failed)?;
        written.push(path);
    }
    context.print(&written, || written.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join("\n"))?;
    Ok(Exit::Well)
}

fn minted((keys, revoked): (&Keys, &Revoked), id: &InstanceId) -> Result<String, CommandError> {
    let token = mint(keys, id, revoked.first_after(id, SystemClock.now()));
    token.ok_or_else(|| CommandError::Declined(Declined(format!("no token could be made for {}", id.name()))))
}

/// Whole or not at all: an agent may read it at any time.
fn keep(path: &Path, token: &str) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(format!("{token}\n").as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}

async fn everyone(context: &Context) -> Result<Vec<InstanceId>, CommandError> {
    let view = any_view(context).await?;
    let instances = view.workspaces.values().flat_map(|workspace| &workspace.instances);
    Ok(instances.map(|instance| instance.facts.id.clone()).collect())
}

/// By full ARM id; or by name, or WORKSPACE/NAME, among those that are known.
async fn named(names: &[String], context: &Context) -> Result<Vec<InstanceId>, CommandError> {
    if let Ok(ids) = names.iter().map(|name| InstanceId::parse(name)).collect::<Result<Vec<_>, _>>() {
        return Ok(ids);
    }
    let known = everyone(context).await?;
    let one = |name: &String| -> Result<InstanceId, CommandError> {
        if let Ok(id) = InstanceId::parse(name) {
            return Ok(id);
        }
        let fits = |id: &&InstanceId| {
            id.name().eq_ignore_ascii_case(name)
                || format!("{}/{}", id.workspace().name(), id.name()).eq_ignore_ascii_case(name)
        };
        let declined = |words: String| CommandError::Declined(Declined(words));
        let mut found = known.iter().filter(fits);
        match (found.next(), found.next()) {
            (Some(id), None) => Ok(id.clone()),
            (Some(_), Some(_)) => {
                Err(declined(format!("several instances are called `{name}`: write WORKSPACE/NAME, or the ARM id")))
            }
            (None, _) => Err(declined(format!("there is no instance `{name}`; `lightsout status` lists them"))),
        }
    };
    names.iter().map(one).collect()
}

async fn revoke(asked: &AgentRevoke, context: &Context) -> Result<Exit, CommandError> {
    let settings = context.places()?;
    let (revoked, now) = (revoked(&settings), SystemClock.now());
    let instances = named(&asked.instances, context).await?;
    for id in &instances {
        let failed =
            |error| CommandError::Io(format!("write down that the tokens of {} are revoked", id.name()), error);
        revoked.revoke(id, now, &context.who()).map_err(failed)?;
    }
    let names: Vec<String> = instances.iter().map(ToString::to_string).collect();
    context.print(&json!({ "revoked": names }), || {
        format!("every token of {} minted up to now is refused from now on", names.join(", "))
    })?;
    Ok(Exit::Well)
}
