//! What a region offers to a new instance: sizes, quota, and whether its name is free. Unknown is said, and is never enough.

use serde_json::{Value, json};

use super::allow::NameLeave;
use super::error::{Act, AzureError};
use super::fleet::{Azure, unreadable};
use super::origin::PinnedUrl;
use super::paging::{List, each_page};
use super::throttle::Urgency;
use super::transport::{Ask, Lane};
use super::usage::operation;
use super::words::clean;
use crate::facts::{NameAnswer, NewInstance, QuotaLine, SizeFacts, SizeOffer, WorkspaceFacts};
use crate::ports::{Clock, Fault};

/// Items of one list; Azure has some hundreds.
const ITEMS_MAX: usize = 20_000;

impl<C: Clock> Azure<C> {
    /// Tells where the fleet lives without asking Azure, so that prices of these regions can be asked for.
    pub fn know<'w>(&self, workspaces: impl Iterator<Item = &'w WorkspaceFacts>) {
        self.desk.settle_in(workspaces);
    }

    /// Every size of a workspace's region.
    ///
    /// # Errors
    /// Any fault of a read.
    pub async fn sizes_of_region(&self, workspace: &WorkspaceFacts) -> Result<Vec<SizeOffer>, Fault> {
        let items = self.items(operation::VM_SIZES, "vmSizes", workspace).await;
        let items =
            items.map_err(|error| error.fault(Act::Read, format!("read the VM sizes of {}", workspace.region)))?;
        Ok(items.iter().filter_map(offer).collect())
    }

    /// How much of each quota is used in a workspace's region.
    ///
    /// # Errors
    /// Any fault of a read.
    pub async fn usages(&self, workspace: &WorkspaceFacts) -> Result<Vec<QuotaLine>, Fault> {
        let items = self.items(operation::USAGES, "usages", workspace).await;
        let items = items.map_err(|error| error.fault(Act::Read, format!("read the quota of {}", workspace.region)))?;
        Ok(items.iter().filter_map(usage).collect())
    }

    /// Asks whether the name of a new instance is free. How Azure wants this asked is not public: whatever is not a clear
    /// answer is none.
    pub async fn name_is_free(&self, new: &NewInstance) -> NameAnswer {
        match self.ask_name(new).await {
            Ok(answer) => answer,
            Err(error) => NameAnswer::Unknown(clean(&error.to_string())),
        }
    }

    async fn ask_name(&self, new: &NewInstance) -> Result<NameAnswer, AzureError> {
        let workspace = new.id.workspace();
        let url = self.at(workspace, &["checkComputeNameAvailability"]);
        let lane = Lane { subscription: workspace.subscription().clone(), region: new.region.clone() };
        let body = json!({ "name": new.id.name(), "type": "Microsoft.MachineLearningServices/workspaces/computes" });
        let body = body.to_string();
        let ask = Ask::new(operation::NAME, &url, &lane, Urgency::Normal).with_body(&body);
        let answer = self.line.name(ask, NameLeave::of(new)).await?;
        let told: Value = serde_json::from_slice(answer.json()?).map_err(|error| unreadable(&error))?;
        Ok(name_answer(&told))
    }

    async fn items(
        &self,
        name: &'static str,
        last: &str,
        workspace: &WorkspaceFacts,
    ) -> Result<Vec<Value>, AzureError> {
        let lane = Self::lane(workspace);
        let mut all = Vec::new();
        let list = List {
            operation: name,
            lane: &lane,
            api_version: &self.options.api_version,
            first: self.of_region(&lane, last),
        };
        each_page(&self.line, list, |_, body| {
            let mut page: Value = serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
            let Some(Value::Array(items)) = page.get_mut("value").map(Value::take) else {
                return Err(AzureError::Unreadable("it has no `value`".to_owned()));
            };
            all.extend(items);
            if all.len() > ITEMS_MAX {
                return Err(AzureError::Endless("it has more than 20,000 items"));
            }
            Ok(page.get("nextLink").and_then(Value::as_str).filter(|link| !link.is_empty()).map(str::to_owned))
        })
        .await?;
        Ok(all)
    }

    fn of_region(&self, lane: &Lane, last: &str) -> PinnedUrl {
        let segments = [
            "subscriptions",
            lane.subscription.as_str(),
            "providers",
            "Microsoft.MachineLearningServices",
            "locations",
            lane.region.as_str(),
            last,
        ];
        self.line.origin.build(&segments, &self.options.api_version)
    }
}

fn offer(item: &Value) -> Option<SizeOffer> {
    let text = |name: &str| item.get(name).and_then(Value::as_str).map(clean);
    let count = |name: &str| item.get(name).and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok());
    let kinds = item.get("supportedComputeTypes").and_then(Value::as_array);
    let is_instance = |kind: &Value| kind.as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("ComputeInstance"));
    let facts = SizeFacts {
        name: text("name").filter(|name| !name.is_empty())?.into(),
        family: text("family").unwrap_or_default().into(),
        vcpus: count("vCPUs"),
        gpus: count("gpus"),
    };
    Some(SizeOffer { facts, for_instances: kinds.map(|kinds| kinds.iter().any(is_instance)) })
}

fn usage(item: &Value) -> Option<QuotaLine> {
    let named = item.get("name")?;
    let name = named.get("value").and_then(Value::as_str).map(clean).filter(|name| !name.is_empty())?;
    let words = named.get("localizedValue").and_then(Value::as_str).map_or_else(|| name.clone(), clean);
    let kind = item.get("type").and_then(Value::as_str).unwrap_or_default();
    let kind = clean(kind.split('/').rev().nth(1).unwrap_or_default());
    // a limit of -1 is none that anybody knows of
    let (used, limit) = (item.get("currentValue")?.as_u64()?, item.get("limit")?.as_u64()?);
    Some(QuotaLine { name, words, kind, used, limit })
}

/// The words of ARM's other questions of this kind; anything else is no answer.
fn name_answer(told: &Value) -> NameAnswer {
    let text = |name: &str| told.get(name).and_then(Value::as_str).map(clean).unwrap_or_default();
    let free = ["nameAvailable", "isNameAvailable", "available"].into_iter().find_map(|name| told.get(name)?.as_bool());
    match free {
        Some(true) => NameAnswer::Free,
        Some(false) => NameAnswer::Taken(format!("{} {}", text("reason"), text("message")).trim().to_owned()),
        None => NameAnswer::Unknown("Azure's answer says neither".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_quotas_and_names_are_read_and_gaps_stay_gaps() {
        let size = json!({"name": "Standard_DS3_v2", "family": "standardDSv2Family", "vCPUs": 4, "gpus": 0,
            "supportedComputeTypes": ["AmlCompute", "ComputeInstance"]});
        let read = offer(&size).unwrap();
        assert_eq!((read.facts.vcpus, read.for_instances), (Some(4), Some(true)));
        assert_eq!(
            offer(&json!({"name": "S", "supportedComputeTypes": ["AmlCompute"]})).unwrap().for_instances,
            Some(false)
        );
        let bare = offer(&json!({"name": "S", "vCPUs": null})).unwrap();
        assert_eq!((bare.facts.vcpus, bare.for_instances), (None, None), "unknown, and not zero");
        assert_eq!(offer(&json!({"family": "x"})), None);
        let line = json!({"currentValue": 14, "limit": 24, "unit": "Count", "name": {"value": "f", "localizedValue": "F Cores"},
            "type": "Microsoft.MachineLearningServices/vmFamily/usages"});
        let read = usage(&line).unwrap();
        assert_eq!((read.left(), read.words.as_str(), read.kind.as_str()), (10, "F Cores", "vmFamily"));
        assert_eq!(usage(&json!({"currentValue": 1, "limit": -1, "name": {"value": "f"}})), None);
        assert_eq!(usage(&json!({"limit": 1, "name": {"value": "f"}})), None);
        assert_eq!(name_answer(&json!({"nameAvailable": true})), NameAnswer::Free);
        let taken = json!({"nameAvailable": false, "reason": "AlreadyExists", "message": "it is"});
        assert_eq!(name_answer(&taken), NameAnswer::Taken("AlreadyExists it is".to_owned()));
        assert!(matches!(name_answer(&json!({"nameAvailable": "yes"})), NameAnswer::Unknown(_)));
    }
}
