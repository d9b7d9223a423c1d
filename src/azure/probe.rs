//! Trying the way to Azure step by step, for `doctor`.

use jiff::Timestamp;

use super::error::{Act, AzureError};
use super::fleet::{Azure, unreadable};
use super::paging::{List, each_page};
use super::permissions::PermissionSet;
use super::usage::operation;
use super::wire::{Page, Permission};
use crate::facts::WorkspaceFacts;
use crate::ports::{Clock, Fault, Observe as _};

/// The api-version of the authorization provider; it moves apart from Azure Machine Learning's.
const AUTHORIZATION_VERSION: &str = "2022-04-01";

/// A token was had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenProbe {
    /// For whom, in words.
    pub identity: &'static str,
    /// When it ends; for a token from a file, when it is given up.
    pub expires: Option<Timestamp>,
}

impl<C: Clock> Azure<C> {
    /// Asks for a token.
    ///
    /// # Errors
    /// `Unauthenticated`, with the identity's own words.
    pub async fn probe_token(&self) -> Result<TokenProbe, Fault> {
        let identity = self.line.tokens.identity().words();
        let had = self.line.tokens.bearer().await;
        had.map_err(|error| error.fault(Act::Read, format!("get a token from {identity}")))?;
        Ok(TokenProbe { identity, expires: self.line.tokens.expires() })
    }

    /// Lists the computes of a workspace and gives their number, other types included.
    ///
    /// # Errors
    /// As [`Observe::inventory`](crate::ports::Observe::inventory).
    pub async fn probe_read(&self, workspace: &WorkspaceFacts) -> Result<usize, Fault> {
        let seen = self.inventory(workspace).await?;
        Ok(seen.instances.len().saturating_add(usize::try_from(seen.skipped).unwrap_or(0)))
    }

    /// Reads what the identity may do at a workspace. The identity may lack the right to ask: then the fault is
    /// `Denied`, and what is missing shows only when it is tried.
    ///
    /// # Errors
    /// Any fault of a read.
    pub async fn permissions(&self, workspace: &WorkspaceFacts) -> Result<PermissionSet, Fault> {
        let doing = || format!("read the permissions at workspace {}", workspace.id.name());
        self.read_permissions(workspace).await.map_err(|error| error.fault(Act::Read, doing()))
    }

    async fn read_permissions(&self, workspace: &WorkspaceFacts) -> Result<PermissionSet, AzureError> {
        let id = &workspace.id;
        let segments = [
            "subscriptions", id.subscription().as_str(), "resourceGroups", id.resource_group(), "providers",
            "Microsoft.MachineLearningServices", "workspaces", id.name(), "providers", "Microsoft.Authorization", "permissions",
        ];
        let first = self.line.origin.build(&segments, AUTHORIZATION_VERSION);
        let lane = Self::lane(workspace);
        let mut set = PermissionSet::default();
        let list = List { operation: operation::PERMISSIONS, lane: &lane, api_version: AUTHORIZATION_VERSION, first };
        each_page(&self.line, list, |_, body| {
            let page: Page<'_, Permission> = serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
            for permission in page.value {
                set.add(permission);
            }
            Ok(page.next_link.map(|link| link.0.into_owned()).filter(|link| !link.is_empty()))
        })
        .await?;
        Ok(set)
    }
}
