//! Finding workspaces: one by one, by resource group or by subscription, by tags.

use serde_json::value::RawValue;

use super::error::{Act, AzureError};
use super::fleet::{Azure, unreadable};
use super::options::TagFilter;
use super::paging::{List, each_page};
use super::throttle::Urgency;
use super::translate::{region, tags};
use super::transport::{Ask, Lane};
use super::usage::operation;
use super::wire::{Page, Workspace, said};
use super::words::clean;
use crate::facts::{Reading, Tags, WorkspaceFacts};
use crate::ports::{Clock, Discovery, Fault, FaultKind, Scope};
use crate::units::{Region, SubscriptionId, WorkspaceId};

/// Workspaces of one scope; Azure allows 800 a resource group.
const WORKSPACES_MAX: usize = 20_000;

/// Whose limits a look into a scope counts against.
fn subscription_of(scope: &Scope) -> Option<&SubscriptionId> {
    match scope {
        Scope::Workspace(id) => Some(id.subscription()),
        Scope::ResourceGroup(subscription, _) | Scope::Subscription(subscription) => Some(subscription),
        Scope::Everything => None,
    }
}

impl<C: Clock> Azure<C> {
    pub(super) fn scopes(&self) -> Vec<Scope> {
        let watch = &self.options.watch;
        let ones = watch.workspaces.iter().cloned().map(Scope::Workspace);
        let groups = watch
            .resource_groups
            .iter()
            .cloned()
            .map(|(subscription, group)| Scope::ResourceGroup(subscription, group));
        let subscriptions = watch.subscriptions.iter().cloned().map(Scope::Subscription);
        ones.chain(groups).chain(subscriptions).collect()
    }

    pub(super) async fn look_into(&self, scope: &Scope) -> Result<Discovery, AzureError> {
        // Before a workspace is read its region is not known; Azure's own name for requests without one.
        let Some(subscription) = subscription_of(scope) else { return Ok(Discovery::default()) };
        let lane = Lane { subscription: subscription.clone(), region: Region::new("global") };
        if let Scope::Workspace(id) = scope {
            return self.named(id, &lane).await;
        }
        let version = &self.options.api_version;
        let subscription = subscription.as_str();
        let tail = ["providers", "Microsoft.MachineLearningServices", "workspaces"];
        let first = match scope {
            Scope::ResourceGroup(_, group) => self
                .line
                .origin
                .build(&[&["subscriptions", subscription, "resourceGroups", group], &tail[..]].concat(), version),
            Scope::Workspace(_) | Scope::Subscription(_) | Scope::Everything => {
                self.line.origin.build(&[&["subscriptions", subscription], &tail[..]].concat(), version)
            }
        };
        let mut found = Discovery::default();
        let list = List { operation: operation::WORKSPACES, lane: &lane, api_version: version, first };
        each_page(&self.line, list, |_, body| {
            let page = serde_json::from_slice::<Page<'_, &RawValue>>(body).map_err(|error| unreadable(&error))?;
            for raw in &page.value {
                self.add(&mut found, raw, scope);
            }
            if found.workspaces.len() > WORKSPACES_MAX {
                return Err(AzureError::Endless("it has more than 20,000 workspaces"));
            }
            Ok(page.next_link.map(|link| link.0.into_owned()).filter(|link| !link.is_empty()))
        })
        .await?;
        Ok(found)
    }

    async fn named(&self, id: &WorkspaceId, lane: &Lane) -> Result<Discovery, AzureError> {
        let url = self.at(id, &[]);
        let answer = self.line.get(Ask::new(operation::WORKSPACE, &url, lane, Urgency::Normal)).await?;
        let raw: &RawValue = serde_json::from_slice(answer.json()?).map_err(|error| unreadable(&error))?;
        let workspace = self.workspace(raw).map_err(AzureError::Unreadable)?;
        if workspace.id != *id {
            return Err(AzureError::Unreadable(format!("it is about `{}`", workspace.id)));
        }
        Ok(Discovery { workspaces: vec![workspace], faults: Vec::new() })
    }

    /// One of a list; one that cannot be read is reported and never taken for untagged.
    fn add(&self, found: &mut Discovery, raw: &RawValue, scope: &Scope) {
        match self.workspace(raw) {
            Ok(workspace) if Some(workspace.id.subscription()) != subscription_of(scope) => {
                let fault = Fault::new(
                    FaultKind::Garbled,
                    format!("take workspace {}: it was listed for another subscription", workspace.id),
                );
                found.faults.push((scope.clone(), fault));
            }
            Ok(workspace) if fits(&workspace.tags, &self.options.watch.tags) => found.workspaces.push(workspace),
            Ok(_) => {}
            Err(why) => {
                let fault = AzureError::Unreadable(why).fault(Act::Read, format!("read a workspace of {scope}"));
                found.faults.push((scope.clone(), fault));
            }
        }
    }

    fn workspace(&self, raw: &RawValue) -> Result<WorkspaceFacts, String> {
        let wire: Workspace<'_> = serde_json::from_str(raw.get()).map_err(|error| clean(&error.to_string()))?;
        let id = said(&wire.id).ok_or("it has no id")?;
        let id = WorkspaceId::parse(id).map_err(|error| clean(&error.to_string()))?;
        let place = said(&wire.location).ok_or_else(|| format!("workspace {} has no location", id.name()))?;
        match tags(wire.tags, self.line.clock.now(), &mut thin_vec::ThinVec::new()) {
            Reading::Known { value, .. } => Ok(WorkspaceFacts { region: region(place), tags: value, id }),
            Reading::Unknown(why) => Err(format!("workspace {}: {}", id.name(), why.words())),
        }
    }
}

fn fits(tags: &Tags, filters: &[TagFilter]) -> bool {
    filters.iter().all(|filter| {
        tags.get(&filter.name).is_some_and(|found| filter.value.as_deref().is_none_or(|wanted| wanted == found))
    })
}
