//! Everything else that Azure tells of one instance: a tolerant translation of one answer. Pure but for the asking at its end.

use jiff::Timestamp;
use serde_json::Value;
use serde_json::value::RawValue;

use super::error::{Act, AzureError};
use super::fleet::{Azure, unreadable};
use super::throttle::Urgency;
use super::translate::{Frame, Item};
use super::transport::Ask;
use super::usage::operation;
use super::words::clean;
use crate::facts::{
    Application, DataDisk, IdentityDetails, ImageDetails, InstanceDetails, InstanceFacts, ScriptDetails, SshDetails,
    Trouble, WorkspaceFacts,
};
use crate::ports::{Clock, Fault};
use crate::units::InstanceId;

/// More items of one list are not shown.
const LISTED_MAX: usize = 100;

/// Whether the texts and arguments of setup scripts are wanted: they may hold what is nobody's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scripts {
    /// Only that there are any.
    Named,
    /// Whole.
    Whole,
}

/// What lies at a path; null is nothing.
fn at<'v>(value: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(value, |inner, name| inner.get(name)).filter(|found| !found.is_null())
}

/// Text at a path, cleaned; an empty one is nothing.
fn text(value: &Value, path: &[&str]) -> Option<String> {
    at(value, path)?.as_str().filter(|text| !text.is_empty()).map(clean)
}

fn list<'v>(value: &'v Value, path: &[&str]) -> impl Iterator<Item = &'v Value> {
    at(value, path).and_then(Value::as_array).into_iter().flatten().take(LISTED_MAX)
}

/// Reads them. What is absent, null or of another type is none: it is shown to people, and decides nothing.
pub(super) fn details(whole: &Value, scripts: Scripts) -> InstanceDetails {
    let outer = at(whole, &["properties"]).unwrap_or(&Value::Null);
    let inner = at(outer, &["properties"]).unwrap_or(&Value::Null);
    let script = |name: &str| at(inner, &["setupScripts", "scripts", name]).map(|one| script(one, scripts));
    InstanceDetails {
        description: text(outer, &["description"]),
        provisioning: text(outer, &["provisioningState"]),
        modified: text(outer, &["modifiedOn"]).and_then(|at| at.parse::<Timestamp>().ok()),
        sharing: text(inner, &["applicationSharingPolicy"]),
        assigned_tenant: text(inner, &["personalComputeInstanceSettings", "assignedUser", "tenantId"]),
        ssh: SshDetails {
            enabled: text(inner, &["sshSettings", "sshPublicAccess"]).map(|word| word.eq_ignore_ascii_case("Enabled")),
            user: text(inner, &["sshSettings", "adminUserName"]),
            port: at(inner, &["sshSettings", "sshPort"])
                .and_then(Value::as_u64)
                .and_then(|port| u16::try_from(port).ok()),
        },
        public_address: text(inner, &["connectivityEndpoints", "publicIpAddress"]),
        private_address: text(inner, &["connectivityEndpoints", "privateIpAddress"]),
        has_public_address: at(inner, &["enableNodePublicIp"]).and_then(Value::as_bool),
        subnet: text(inner, &["subnet", "id"]),
        applications: list(inner, &["applications"]).map(application).collect(),
        disks: list(inner, &["dataDisks"]).map(disk).collect(),
        creation: script("creationScript"),
        startup: script("startupScript"),
        identity: identity(whole),
        image: ImageDetails {
            current: text(inner, &["osImageMetadata", "currentImageVersion"]),
            latest: text(inner, &["osImageMetadata", "latestImageVersion"]),
            is_latest: at(inner, &["osImageMetadata", "isLatestOsImageVersion"]).and_then(Value::as_bool),
        },
        errors: list(outer, &["provisioningErrors"]).chain(list(inner, &["errors"])).map(trouble).collect(),
    }
}

fn application(one: &Value) -> Application {
    let name = text(one, &["displayName"]).unwrap_or_else(|| "(unnamed)".to_owned());
    Application { name, url: text(one, &["endpointUri"]) }
}

fn disk(one: &Value) -> DataDisk {
    let gigabytes = at(one, &["diskSizeGB"]).and_then(Value::as_u64);
    DataDisk { gigabytes, kind: text(one, &["storageAccountType"]) }
}

/// A path is shown always; what is in the request itself, and arguments, only on request.
fn script(one: &Value, scripts: Scripts) -> ScriptDetails {
    let source = text(one, &["scriptSource"]);
    let is_inline = source.as_deref().is_some_and(|word| word.eq_ignore_ascii_case("inline"));
    let is_whole = scripts == Scripts::Whole;
    let raw = |path: &[&str]| at(one, path).and_then(Value::as_str).map(str::to_owned);
    ScriptDetails {
        text: if is_inline { raw(&["scriptData"]).filter(|_| is_whole) } else { text(one, &["scriptData"]) },
        arguments: raw(&["scriptArguments"]).filter(|_| is_whole),
        timeout: text(one, &["timeout"]),
        source,
    }
}

fn identity(whole: &Value) -> IdentityDetails {
    let assigned = at(whole, &["identity", "userAssignedIdentities"]).and_then(Value::as_object);
    IdentityDetails {
        kind: text(whole, &["identity", "type"]),
        principal_id: text(whole, &["identity", "principalId"]),
        assigned: assigned.into_iter().flat_map(|map| map.keys()).take(LISTED_MAX).map(|id| clean(id)).collect(),
    }
}

/// An error of ARM's shape, around it or as it is.
fn trouble(one: &Value) -> Trouble {
    let error = at(one, &["error"]).unwrap_or(one);
    let code = text(error, &["code"]).unwrap_or_else(|| "(no code)".to_owned());
    Trouble { code, message: text(error, &["message"]).unwrap_or_default() }
}

impl<C: Clock> Azure<C> {
    /// Reads one instance with everything that Azure tells of it.
    ///
    /// # Errors
    /// As [`Observe::instance`](crate::ports::Observe::instance): `Gone` where there is none.
    pub async fn describe(
        &self,
        workspace: &WorkspaceFacts,
        id: &InstanceId,
        scripts: Scripts,
    ) -> Result<(InstanceFacts, InstanceDetails), Fault> {
        let doing = || format!("read instance {} of workspace {}", id.name(), workspace.id.name());
        self.read_whole(workspace, id, scripts).await.map_err(|error| error.fault(Act::Read, doing()))
    }

    async fn read_whole(
        &self,
        workspace: &WorkspaceFacts,
        id: &InstanceId,
        scripts: Scripts,
    ) -> Result<(InstanceFacts, InstanceDetails), AzureError> {
        let asked_at = self.line.clock.now();
        let lane = Self::lane(workspace);
        let url = self.at(&workspace.id, &["computes", id.name()]);
        let answer = self.line.get(Ask::new(operation::GET, &url, &lane, Urgency::Urgent)).await?;
        let body = answer.json()?;
        let raw: &RawValue = serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
        let whole: Value = serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
        match Frame::new(workspace, asked_at).raw(raw) {
            Item::Instance(facts) if facts.id == *id => {
                Ok((std::sync::Arc::unwrap_or_clone(facts), details(&whole, scripts)))
            }
            Item::Instance(facts) => Err(AzureError::Unreadable(format!("it is about `{}`", facts.id.name()))),
            Item::Other => Err(AzureError::OtherType("another type of compute".to_owned())),
            Item::Quarantined(why) => Err(AzureError::Unreadable(why)),
        }
    }
}

#[cfg(test)]
#[path = "details_tests.rs"]
mod tests;
