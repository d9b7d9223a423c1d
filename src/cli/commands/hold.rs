//! `hold`: of one instance, or of everything that is somebody's. The running service answers; without one, the journal does.

use serde_json::{Value, json};

use super::context::{CommandError, Context, complain};
use super::once::{any_view, on_the_journal};
use crate::cli::args;
use crate::cli::clock::SystemClock;
use crate::cli::exit::Exit;
use crate::cli::outside::Outside;
use crate::engine::Engine;
use crate::facts::{Hold, Owner};
use crate::ports::{Control, Declined, HoldRequest};
use crate::report::words;
use crate::web::ControlClient;

/// Makes, lists or ends holds.
///
/// # Errors
/// When the policy's caps forbid it, or there is no such instance, owner or hold.
pub async fn hold(asked: &args::Hold, context: &Context) -> Result<Exit, CommandError> {
    if asked.list {
        return list(context).await;
    }
    let theirs = match &asked.owner {
        Some(owner) => Some(owned_by(owner, context).await?),
        None => None,
    };
    let (settings, loaded) = context.usable()?;
    let keeper = match context.service(&settings)? {
        Some(service) => Keeper::Service(service),
        None => Keeper::Journal(Box::new(on_the_journal(context, &settings, &loaded).await?)),
    };
    if let Some(hold) = &asked.lift {
        keeper.lift(hold, context.who()).await?;
        context.print(&json!({ "lifted": hold }), || format!("the hold on {hold} is lifted"))?;
        return Ok(Exit::Well);
    }
    match (&asked.instance, theirs) {
        (Some(instance), _) => {
            let hold = keeper.hold(asked, instance, context.who()).await?;
            context.print(&hold, || made(&hold))?;
            Ok(Exit::Well)
        }
        (None, Some(theirs)) => keeper.hold_all(asked, &theirs, context).await,
        (None, None) => Err(Declined("say which instance, or whose instances".to_owned()).into()),
    }
}

/// Who makes and ends holds: the service where it runs, else the journal, which is opened once for all of them.
enum Keeper {
    Service(ControlClient),
    Journal(Box<Engine<Outside<SystemClock>>>),
}

impl Keeper {
    async fn hold(&self, asked: &args::Hold, instance: &str, by: String) -> Result<Hold, CommandError> {
        let length = asked.length.ok_or_else(|| Declined("say for how long".to_owned()))?;
        let request = HoldRequest {
            instance: instance.to_owned(),
            seconds: length.as_secs(),
            reason: asked.reason.clone().unwrap_or_default(),
            by,
            life: None,
            link: None,
            off: asked.off,
        };
        Ok(match self {
            Self::Service(service) => service.hold(&request).await?,
            Self::Journal(engine) => engine.hold(request).await?,
        })
    }

    /// One that is declined keeps no other from being held. To stay off, those that no policy starts need no hold, and are
    /// only named. What was held is told, whatever comes after it.
    async fn hold_all(&self, asked: &args::Hold, theirs: &Theirs, context: &Context) -> Result<Exit, CommandError> {
        let (mut told, mut lines, mut declined): (Vec<Value>, Vec<String>, usize) = (Vec::new(), Vec::new(), 0);
        let mut broke = None;
        for instance in &theirs.instances {
            match self.hold(asked, instance, context.who()).await {
                Ok(hold) => {
                    lines.push(made(&hold));
                    told.push(json!({ "instance": instance, "hold": hold }));
                }
                Err(CommandError::Declined(why)) => {
                    declined = declined.saturating_add(1);
                    lines.push(format!("not held: {instance}: {why}"));
                    told.push(json!({ "instance": instance, "declined": why.to_string() }));
                }
                Err(other) => {
                    broke = Some(other);
                    break;
                }
            }
        }
        context.print(&told, || lines.join("\n"))?;
        if let Some(error) = broke {
            return Err(error);
        }
        for place in &theirs.unread {
            complain(&format!("{place} was not read, so that what is theirs in it may not be known"));
        }
        let is_well = declined == 0 || (asked.off && declined < told.len());
        Ok(match (is_well, theirs.unread.is_empty()) {
            (false, _) => Exit::Unexpected,
            (true, false) => Exit::Unreadable,
            (true, true) => Exit::Well,
        })
    }

    async fn lift(&self, hold: &str, by: String) -> Result<(), CommandError> {
        match self {
            Self::Service(service) => service.lift(hold, &by).await?,
            Self::Journal(engine) => engine.lift(hold.to_owned(), by).await?,
        }
        Ok(())
    }
}

/// What is somebody's, as far as it was read.
struct Theirs {
    instances: Vec<String>,
    unread: Vec<String>,
}

async fn owned_by(owner: &str, context: &Context) -> Result<Theirs, CommandError> {
    let view = any_view(context).await?;
    let all = view.workspaces.values().flat_map(|place| &place.instances);
    let instances: Vec<String> =
        all.filter(|one| is_of(&one.facts.owner, owner)).map(|one| one.facts.id.to_string()).collect();
    let unread =
        view.workspaces.iter().filter(|(_, place)| place.fault.is_some()).map(|(id, _)| id.to_string()).collect();
    if instances.is_empty() {
        let words = format!("nothing is owned by {owner}; `lightsout instance list` names the owners there are");
        return Err(Declined(words).into());
    }
    Ok(Theirs { instances, unread })
}

/// By the name that every face shows, or by either id.
fn is_of(owner: &Owner, asked: &str) -> bool {
    let ids = if owner.assigned_id.is_some() { &owner.assigned_id } else { &owner.user_id };
    owner.name().into_iter().chain(ids.as_deref()).any(|one| one.eq_ignore_ascii_case(asked))
}

fn made(hold: &Hold) -> String {
    if hold.off {
        return format!("nothing starts {} until {} (hold {})", hold.instance.name(), hold.until, hold.id);
    }
    let price =
        hold.price.map_or_else(|| "at a price that nobody knows".to_owned(), |price| format!("for {price} at most"));
    format!("{} is held until {}, {price} (hold {})", hold.instance.name(), hold.until, hold.id)
}

async fn list(context: &Context) -> Result<Exit, CommandError> {
    let view = any_view(context).await?;
    let holds: Vec<_> =
        view.workspaces.values().flat_map(|place| &place.instances).flat_map(|i| i.holds.clone()).collect();
    context.print(&holds, || {
        let line = |hold: &Hold| {
            format!(
                "{}{} until {} by {}: {} (hold {})",
                hold.instance.name(),
                if hold.off { " stays off" } else { "" },
                hold.until,
                words::clean(&hold.by),
                words::clean(&hold.reason),
                hold.id
            )
        };
        if holds.is_empty() {
            "nothing is held".to_owned()
        } else {
            holds.iter().map(line).collect::<Vec<_>>().join("\n")
        }
    })?;
    Ok(Exit::Well)
}
