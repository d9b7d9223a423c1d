//! `hold`: of one instance, or of everything that is somebody's. The running service answers; without one, the journal does.

use serde_json::{Value, json};

use super::context::{CommandError, Context};
use super::once::{any_view, on_the_journal};
use crate::cli::args;
use crate::cli::exit::Exit;
use crate::facts::{Hold, Owner};
use crate::ports::{Control, Declined, HoldRequest};
use crate::report::words;
use crate::settings::Loaded;
use crate::settings::Settings;
use crate::web::ControlClient;

/// Makes, lists or ends holds.
///
/// # Errors
/// When the policy's caps forbid it, or there is no such instance, owner or hold.
pub async fn hold(asked: &args::Hold, context: &Context) -> Result<Exit, CommandError> {
    if asked.list {
        return list(context).await;
    }
    let (settings, loaded) = context.usable()?;
    let keeper = Keeper { service: context.service(&settings)?, context, settings: &settings, loaded: &loaded };
    if let Some(hold) = &asked.lift {
        keeper.lift(hold).await?;
        context.print(&json!({ "lifted": hold }), || format!("the hold on {hold} is lifted"))?;
        return Ok(Exit::Well);
    }
    match (&asked.instance, &asked.owner) {
        (Some(instance), _) => {
            let hold = keeper.hold(asked, instance).await?;
            context.print(&hold, || made(&hold))?;
            Ok(Exit::Well)
        }
        (None, Some(owner)) => keeper.hold_all(asked, owner).await,
        (None, None) => Err(Declined("say which instance, or whose instances".to_owned()).into()),
    }
}

/// Who makes and ends holds: the service where it runs, else the journal.
struct Keeper<'a> {
    service: Option<ControlClient>,
    context: &'a Context,
    settings: &'a Settings,
    loaded: &'a Loaded,
}

impl Keeper<'_> {
    async fn hold(&self, asked: &args::Hold, instance: &str) -> Result<Hold, CommandError> {
        let length = asked.length.ok_or_else(|| Declined("say for how long".to_owned()))?;
        let request = HoldRequest {
            instance: instance.to_owned(),
            seconds: length.as_secs(),
            reason: asked.reason.clone().unwrap_or_default(),
            by: self.context.who(),
            life: None,
            link: None,
            off: asked.off,
        };
        Ok(match &self.service {
            Some(service) => service.hold(&request).await?,
            None => on_the_journal(self.context, self.settings, self.loaded).await?.hold(request).await?,
        })
    }

    /// One that is declined keeps no other from being held. To stay off, those that no policy starts need no hold, and are
    /// only named.
    async fn hold_all(&self, asked: &args::Hold, owner: &str) -> Result<Exit, CommandError> {
        let view = any_view(self.context).await?;
        let all = view.workspaces.values().flat_map(|place| &place.instances);
        let theirs: Vec<String> =
            all.filter(|one| is_of(&one.facts.owner, owner)).map(|one| one.facts.id.to_string()).collect();
        if theirs.is_empty() {
            let words = format!("nothing is owned by {owner}; `lightsout instance list` names the owners there are");
            return Err(Declined(words).into());
        }
        let (mut told, mut lines, mut declined): (Vec<Value>, Vec<String>, usize) = (Vec::new(), Vec::new(), 0);
        for instance in theirs {
            match self.hold(asked, &instance).await {
                Ok(hold) => {
                    lines.push(made(&hold));
                    told.push(json!({ "instance": instance, "hold": hold }));
                }
                Err(CommandError::Declined(why)) => {
                    declined = declined.saturating_add(1);
                    lines.push(format!("not held: {instance}: {why}"));
                    told.push(json!({ "instance": instance, "declined": why.to_string() }));
                }
                Err(other) => return Err(other),
            }
        }
        self.context.print(&told, || lines.join("\n"))?;
        let is_well = declined == 0 || (asked.off && declined < told.len());
        Ok(if is_well { Exit::Well } else { Exit::Unexpected })
    }

    async fn lift(&self, hold: &str) -> Result<(), CommandError> {
        let by = self.context.who();
        match &self.service {
            Some(service) => service.lift(hold, &by).await?,
            None => {
                on_the_journal(self.context, self.settings, self.loaded).await?.lift(hold.to_owned(), by).await?;
            }
        }
        Ok(())
    }
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
