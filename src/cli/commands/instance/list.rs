//! `instance list`: the fleet's instances, those that fit what was asked.

use serde::Serialize;

use crate::azure::Me;
use crate::cli::args::{InstanceList, Rights};
use crate::cli::commands::context::{CommandError, Context};
use crate::cli::exit::Exit;
use crate::cli::render::{self, InstanceLine};
use crate::cli::wire_up::azure_apart;
use crate::facts::InstanceFacts;
use crate::report::WorkspaceView;
use crate::units::fits;

use super::desk::{Desk, Purpose};

#[derive(Serialize)]
struct Listed {
    instances: Vec<InstanceLine>,
    /// Workspaces that could not be read: what they have is not here.
    unread: Vec<String>,
}

/// Lists them.
pub(super) async fn list(asked: &InstanceList, context: &Context) -> Result<Exit, CommandError> {
    let desk = Desk::open(context, Purpose::Look, Rights { as_me: false }).await?;
    let me = match asked.mine {
        true => {
            let (settings, _) = context.usable()?;
            Some(azure_apart(&settings, &context.environment, true)?.who_am_i().await?)
        }
        false => None,
    };
    let view = &desk.view;
    let all = view.workspaces.values().flat_map(|place| place.instances.iter().map(move |one| (place, one)));
    let wanted = all.filter(|(place, one)| is_wanted(asked, me.as_ref(), place, &one.facts));
    let instances: Vec<InstanceLine> =
        wanted.map(|(place, one)| InstanceLine::of(place, one, &view.money.prices)).collect();
    let unread = view.workspaces.values().filter(|place| place.fault.is_some());
    let unread: Vec<String> = unread.map(|place| place.id.name().to_owned()).collect();
    let listed = Listed { instances, unread };
    context.print(&listed, || render::instance_list(&listed.instances, &listed.unread, &context.look(Some(view))))?;
    Ok(Exit::of_reading(view))
}

fn is_wanted(asked: &InstanceList, me: Option<&Me>, place: &WorkspaceView, facts: &InstanceFacts) -> bool {
    let any = |wanted: &Option<String>, have: &[&str]| {
        wanted.as_ref().is_none_or(|wanted| have.iter().any(|one| fits(wanted, one)))
    };
    let owner = &facts.owner;
    let owners: Vec<&str> =
        [&owner.user_name, &owner.user_id, &owner.assigned_id].into_iter().filter_map(|one| one.as_deref()).collect();
    let policy = place.policy.as_ref().map(|policy| policy.as_str()).unwrap_or_default();
    let state = facts.state.to_string();
    any(&asked.workspace, &[place.id.name()])
        && any(&asked.size, &[&facts.size])
        && any(&asked.state, &[&state, facts.state.label()])
        && any(&asked.policy, &[policy])
        && any(&asked.owner, &owners)
        && me.is_none_or(|me| is_mine(me, facts))
}

/// An instance that was made for somebody is theirs, whoever made it.
fn is_mine(me: &Me, facts: &InstanceFacts) -> bool {
    let owner = &facts.owner;
    let id = me.object_id.as_deref();
    let same = |one: &Option<Box<str>>| one.as_deref().zip(id).is_some_and(|(one, id)| one.eq_ignore_ascii_case(id));
    if owner.assigned_id.is_some() {
        return same(&owner.assigned_id);
    }
    let named = |name: &str| me.names.iter().any(|mine| mine.eq_ignore_ascii_case(name));
    same(&owner.user_id) || owner.user_name.as_deref().is_some_and(named)
}
