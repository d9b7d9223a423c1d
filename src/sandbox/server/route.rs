//! From method and path to what is asked; ARM compares paths without case.

use super::super::faults::FaultOperation;
use super::super::world::OperationName;
use super::costs::Scope;

/// The provider, in small letters.
const ML: &str = "microsoft.machinelearningservices";

/// The provider of bills, in small letters.
const COSTS: &str = "microsoft.costmanagement";

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// Entra's token endpoint of a tenant.
    EntraToken(String),
    /// The managed identity endpoint of App Service.
    AppServiceToken,
    /// The managed identity endpoint of a virtual machine.
    ImdsToken,
    /// The clouds this ARM knows.
    CloudMetadata,
    /// Notices to people.
    Inbox,
    /// Everybody's price list.
    RetailPrices,
    /// A subscription.
    Subscription(String),
    /// Workspaces of a subscription, or of one resource group of it.
    Workspaces { subscription: String, group: Option<String> },
    /// One workspace, by its id in small letters.
    Workspace(String),
    /// What the caller may do at a scope, by its id in small letters.
    Permissions(String),
    /// Computes of a workspace.
    Computes(String),
    /// One compute: workspace id and name in small letters.
    Compute(String, String),
    /// The VM sizes of a region: subscription and region.
    VmSizes(String, String),
    /// Start, stop or restart of a compute.
    Operate(String, String, OperationName),
    /// A compute is made: workspace id in small letters, and the name as it was written.
    Create(String, String),
    /// A compute is deleted: workspace id and name in small letters.
    Delete(String, String),
    /// Whether a name is free in the region of that workspace.
    CheckName(String),
    /// What is in use in a region: subscription and region.
    Usages(String, String),
    /// What there may be in a region: subscription and region.
    Quotas(String, String),
    /// The idle timer of a compute is set: workspace id and name in small letters.
    SetIdle(String, String),
    /// An operation by `Azure-AsyncOperation`: subscription, region, id.
    Status(String, String, String),
    /// An operation by `Location`.
    Results(String, String, String),
    /// A query of costs.
    CostQuery(Scope),
    /// Jobs of a workspace.
    Jobs(String),
    /// One of them, by its name.
    Job(String, String),
    /// Metrics of many workspaces of a subscription.
    Metrics(String),
    /// The path exists and does not take this method.
    WrongMethod,
    /// Nothing is there.
    Nothing,
}

impl Route {
    /// The route of a request.
    pub(super) fn of(method: &str, path: &str) -> Self {
        let lower = path.to_lowercase();
        let parts: Vec<&str> = lower.split('/').filter(|part| !part.is_empty()).collect();
        let plain: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        if parts.first() == Some(&"subscriptions") {
            return Self::arm(method, &parts, &plain);
        }
        match (method, parts.as_slice()) {
            ("POST", [tenant, "oauth2", "v2.0", "token"]) => Self::EntraToken((*tenant).to_owned()),
            ("GET", ["msi", "token"]) => Self::AppServiceToken,
            ("GET", ["metadata", "identity", "oauth2", "token"]) => Self::ImdsToken,
            ("GET", ["metadata", "endpoints"]) => Self::CloudMetadata,
            ("POST", ["people", "inbox"]) => Self::Inbox,
            ("GET", ["api", "retail", "prices"]) => Self::RetailPrices,
            (
                _,
                [_, "oauth2", "v2.0", "token"] | ["msi", "token"] | ["people", "inbox"] | ["api", "retail", "prices"],
            ) => Self::WrongMethod,
            _ => Self::Nothing,
        }
    }

    /// Below `/subscriptions`; `plain` is the path as it was written, for ids that are compared as they are.
    fn arm(method: &str, parts: &[&str], plain: &[&str]) -> Self {
        let get = method == "GET";
        match parts {
            [_, s, "metrics:getbatch"] if method == "POST" => Self::Metrics((*s).to_owned()),
            [_, s] if get => Self::Subscription((*s).to_owned()),
            [.., "providers", "microsoft.authorization", "permissions"] if get => Self::Permissions(scope_of(parts, 3)),
            [_, s, "providers", COSTS, "query"] => Self::of_costs(method, s, None),
            [_, s, "resourcegroups", g, "providers", COSTS, "query"] => Self::of_costs(method, s, Some(g)),
            [_, s, "providers", ML, rest @ ..] if get => {
                Self::of_subscription(s, rest, plain.last().copied().unwrap_or_default())
            }
            [_, s, "resourcegroups", g, "providers", ML, "workspaces"] if get => {
                Self::Workspaces { subscription: (*s).to_owned(), group: Some((*g).to_owned()) }
            }
            [_, _, "resourcegroups", _, "providers", ML, "workspaces", _, "computes", _] if method == "PUT" => {
                Self::Create(scope_of(parts, 2), plain.last().copied().unwrap_or_default().to_owned())
            }
            [_, _, "resourcegroups", _, "providers", ML, "workspaces", _, rest @ ..] => {
                let workspace = scope_of(parts, rest.len());
                Self::of_workspace(method, workspace, rest)
            }
            _ if get => Self::Nothing,
            _ => Self::WrongMethod,
        }
    }

    /// Cost Management at a scope; a workspace is none.
    fn of_costs(method: &str, subscription: &str, group: Option<&str>) -> Self {
        let scope = Scope { subscription: subscription.to_owned(), group: group.map(str::to_owned) };
        if method == "POST" { Self::CostQuery(scope) } else { Self::WrongMethod }
    }

    /// What the provider answers at the subscription itself.
    fn of_subscription(subscription: &str, rest: &[&str], id: &str) -> Self {
        let own = str::to_owned;
        match rest {
            ["workspaces"] => Self::Workspaces { subscription: own(subscription), group: None },
            ["locations", region, "vmsizes"] => Self::VmSizes(own(subscription), own(region)),
            ["locations", region, "usages"] => Self::Usages(own(subscription), own(region)),
            ["locations", region, "quotas"] => Self::Quotas(own(subscription), own(region)),
            ["locations", region, "computeoperationsstatus", _] => {
                Self::Status(own(subscription), own(region), own(id))
            }
            ["locations", region, "computeoperationsresults", _] => {
                Self::Results(own(subscription), own(region), own(id))
            }
            _ => Self::Nothing,
        }
    }

    /// A workspace and what is below it.
    fn of_workspace(method: &str, workspace: String, rest: &[&str]) -> Self {
        let route = match rest {
            [] => Self::Workspace(workspace),
            ["computes"] => Self::Computes(workspace),
            ["checkcomputenameavailability"] => Self::CheckName(workspace),
            ["jobs"] => Self::Jobs(workspace),
            ["jobs", name] => Self::Job(workspace, (*name).to_owned()),
            ["computes", compute] if method == "DELETE" => return Self::Delete(workspace, (*compute).to_owned()),
            ["computes", compute] => Self::Compute(workspace, (*compute).to_owned()),
            ["computes", compute, verb] => {
                let name = match *verb {
                    "start" => OperationName::Start,
                    "stop" => OperationName::Stop,
                    "restart" => OperationName::Restart,
                    "updateidleshutdownsetting" if method == "POST" => {
                        return Self::SetIdle(workspace, (*compute).to_owned());
                    }
                    "updateidleshutdownsetting" => return Self::WrongMethod,
                    _ => return Self::Nothing,
                };
                Self::Operate(workspace, (*compute).to_owned(), name)
            }
            _ => return Self::Nothing,
        };
        let wanted = if matches!(route, Self::Operate(..) | Self::CheckName(_)) { "POST" } else { "GET" };
        if method == wanted { route } else { Self::WrongMethod }
    }

    /// The word of faults and recorder for it.
    pub(super) const fn operation(&self) -> FaultOperation {
        match self {
            Self::EntraToken(_) | Self::AppServiceToken | Self::ImdsToken => FaultOperation::Token,
            Self::Inbox => FaultOperation::Inbox,
            Self::RetailPrices => FaultOperation::RetailPrices,
            Self::Workspaces { .. } => FaultOperation::ListWorkspaces,
            Self::Workspace(_) => FaultOperation::GetWorkspace,
            Self::Computes(_) => FaultOperation::ListComputes,
            Self::Compute(..) => FaultOperation::Get,
            Self::VmSizes(..) => FaultOperation::VmSizes,
            Self::CostQuery(_) => FaultOperation::CostQuery,
            Self::Jobs(_) | Self::Job(..) => FaultOperation::ListJobs,
            Self::Metrics(_) => FaultOperation::Metrics,
            Self::Operate(_, _, OperationName::Start) => FaultOperation::Start,
            Self::Operate(_, _, OperationName::Stop) => FaultOperation::Stop,
            Self::Operate(_, _, OperationName::Restart | OperationName::Create | OperationName::Delete) => {
                FaultOperation::Restart
            }
            Self::Create(..) => FaultOperation::Create,
            Self::Delete(..) => FaultOperation::Delete,
            Self::CheckName(_) => FaultOperation::CheckName,
            Self::Usages(..) => FaultOperation::Usages,
            Self::Quotas(..) => FaultOperation::Quotas,
            Self::SetIdle(..) => FaultOperation::SetIdleTimer,
            Self::Status(..) | Self::Results(..) => FaultOperation::Status,
            Self::CloudMetadata | Self::Subscription(_) | Self::Permissions(_) | Self::WrongMethod | Self::Nothing => {
                FaultOperation::Other
            }
        }
    }

    /// Whether ARM answers it, so that it needs a token and an api-version.
    pub(super) const fn is_arm(&self) -> bool {
        !matches!(
            self,
            Self::EntraToken(_)
                | Self::AppServiceToken
                | Self::ImdsToken
                | Self::CloudMetadata
                | Self::Inbox
                | Self::RetailPrices
        )
    }

    /// The action that a role has to allow for it.
    pub(super) const fn action(&self) -> &'static str {
        match self {
            Self::Workspaces { .. } | Self::Workspace(_) => "Microsoft.MachineLearningServices/workspaces/read",
            Self::Computes(_) | Self::Compute(..) => "Microsoft.MachineLearningServices/workspaces/computes/read",
            Self::Operate(_, _, OperationName::Start) => {
                "Microsoft.MachineLearningServices/workspaces/computes/start/action"
            }
            Self::Operate(_, _, OperationName::Stop) => {
                "Microsoft.MachineLearningServices/workspaces/computes/stop/action"
            }
            Self::Operate(..) => "Microsoft.MachineLearningServices/workspaces/computes/restart/action",
            Self::Create(..) => "Microsoft.MachineLearningServices/workspaces/computes/write",
            Self::Delete(..) => "Microsoft.MachineLearningServices/workspaces/computes/delete",
            Self::CheckName(_) => "Microsoft.MachineLearningServices/workspaces/checkComputeNameAvailability/action",
            Self::Usages(..) => "Microsoft.MachineLearningServices/locations/usages/read",
            Self::Quotas(..) => "Microsoft.MachineLearningServices/locations/quotas/read",
            Self::SetIdle(..) => {
                "Microsoft.MachineLearningServices/workspaces/computes/updateIdleShutdownSetting/action"
            }
            Self::Status(..) | Self::Results(..) => {
                "Microsoft.MachineLearningServices/locations/computeoperationsstatus/read"
            }
            Self::VmSizes(..) => "Microsoft.MachineLearningServices/locations/vmsizes/read",
            Self::CostQuery(_) => "Microsoft.CostManagement/query/read",
            Self::Jobs(_) | Self::Job(..) => "Microsoft.MachineLearningServices/workspaces/jobs/read",
            Self::Metrics(_) => "Microsoft.Insights/metrics/read",
            Self::Permissions(_) => "Microsoft.Authorization/permissions/read",
            Self::Subscription(_) => "Microsoft.Resources/subscriptions/read",
            Self::EntraToken(_)
            | Self::AppServiceToken
            | Self::ImdsToken
            | Self::CloudMetadata
            | Self::Inbox
            | Self::RetailPrices
            | Self::WrongMethod
            | Self::Nothing => "",
        }
    }
}

/// The id made of all parts but the last `without`.
fn scope_of(parts: &[&str], without: usize) -> String {
    let kept = parts.len().saturating_sub(without);
    parts.iter().take(kept).fold(String::new(), |id, part| id + "/" + part)
}
