//! What a person can do about an operation that Azure refused or that failed, by Azure's code and words. Pure.

/// One kind of failure: pieces of codes or messages by which it is known, and what to do.
struct Known {
    /// In Azure's code, in any case.
    codes: &'static [&'static str],
    /// In Azure's message, in any case.
    messages: &'static [&'static str],
    /// What to do.
    remedy: &'static str,
}

/// The closer ones first.
const KNOWN: [Known; 14] = [
    Known {
        codes: &["StartComputeInstanceOnlyAllowedInStoppedState"],
        messages: &[],
        remedy: "Azure starts only what is stopped; `lightsout instance show NAME --wait` waits until it is",
    },
    Known {
        codes: &[],
        messages: &["disk is full"],
        remedy: "its owner frees 1 to 2 GB on it first; Azure neither stops nor restarts an instance whose disk is full",
    },
    Known {
        codes: &["quota", "CoresPerFamily", "CoreLimit"],
        messages: &["quota", "core limit"],
        remedy: "no quota is left: delete instances that nobody needs (stopping frees none), take another size, or ask for \
                 more in the Azure portal",
    },
    Known {
        codes: &["PreconditionFailed", "412"],
        messages: &[],
        remedy: "somebody made one of that name meanwhile; nothing was overwritten",
    },
    Known {
        codes: &["AlreadyExists", "NameNotAvailable", "NameAlreadyTaken", "NameConflict"],
        messages: &["already exists", "already in use", "name is not available", "is taken"],
        remedy: "names are unique in a region, over all its workspaces: choose another name",
    },
    Known {
        codes: &["AllocationFailed", "SkuNotAvailable", "OverconstrainedAllocation", "ZonalAllocationFailed"],
        messages: &[
            "not enough capacity",
            "sufficient capacity",
            "sku not available",
            "is currently not available in location",
            "allocation failed",
        ],
        remedy: "Azure has no machine of that size there now: try later, or take another size",
    },
    Known {
        codes: &["SubnetIsFull", "SubnetNotFound", "InvalidSubnet", "VnetNotFound"],
        messages: &["subnet"],
        remedy: "look at the subnet: its id, its free addresses, and that it is in the workspace's region",
    },
    Known {
        codes: &["RequestDisallowedByPolicy"],
        messages: &["disallowed by policy"],
        remedy: "an Azure Policy forbids it; its message names the policy, whoever assigned it can say what it wants",
    },
    Known {
        codes: &["SetupFailed", "SetupScript", "CreationScript", "StartupScript"],
        messages: &["setup script", "creation script", "startup script"],
        remedy: "its setup script failed or took too long: its output is in the workspace's storage, under the instance's \
                 logs; mend it, delete the instance and create it again",
    },
    Known {
        codes: &["NotSupported"],
        messages: &["is not supported for this compute type"],
        remedy: "that compute, size or region has no such operation",
    },
    Known {
        codes: &["AuthorizationFailed", "Forbidden", "LinkedAuthorizationFailed"],
        messages: &["does not have authorization"],
        remedy: "give the identity the missing action, or use your own rights with --as-me",
    },
    Known {
        codes: &["Conflict", "OperationInProgress", "409"],
        messages: &["another operation", "in progress"],
        remedy: "another operation is running on it: wait until it has ended (`lightsout instance show NAME --wait`)",
    },
    Known {
        codes: &["ResourceNotFound", "NotFound"],
        messages: &[],
        remedy: "it is not there: `lightsout instance list` shows what is",
    },
    Known {
        codes: &["CreateFailed", "Unusable"],
        messages: &[],
        remedy: "it came to nothing and may still cost: `lightsout instance show NAME` shows Azure's errors; delete it and \
                 create it again",
    },
];

/// Codes that say next to nothing by themselves: where there is a message that is known, that tells.
const GENERIC: [&str; 6] = ["conflict", "409", "badrequest", "400", "notfound", "404"];

/// The remedy for what Azure said: by its code, and then by its message; none where nobody knows one.
#[must_use]
pub fn remedy_of(code: &str, message: &str) -> Option<&'static str> {
    let (code, message) = (code.to_ascii_lowercase(), message.to_ascii_lowercase());
    let within = |text: &str, pieces: &[&str]| pieces.iter().any(|piece| text.contains(&piece.to_ascii_lowercase()));
    let by_code = || KNOWN.iter().find(|one| within(&code, one.codes));
    let by_message = || KNOWN.iter().find(|one| within(&message, one.messages));
    let bare = code.rsplit(':').next().unwrap_or_default();
    let found = if GENERIC.contains(&bare) { by_message().or_else(by_code) } else { by_code().or_else(by_message) };
    found.map(|one| one.remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_azure_is_known_to_answer_has_its_own_remedy() {
        for (code, message, words) in [
            ("StartComputeInstanceOnlyAllowedInStoppedState", "", "only what is stopped"),
            ("Conflict", "Conflict", "another operation"),
            ("409", "", "another operation"),
            ("BadRequest", "StopCompute is not allowed when ComputeInstance disk is full.", "frees 1 to 2 GB"),
            ("ClusterCoreQuotaReached", "", "no quota is left"),
            (
                "UserError",
                "The specified subscription has a standardDSv2Family vCPU quota of 24",
                "stopping frees none",
            ),
            ("UserError", "A compute with this name already exists in region westeurope", "another name"),
            ("PreconditionFailed", "", "nothing was overwritten"),
            ("NotSupported", "", "no such operation"),
            ("SetupFailed", "", "setup script failed"),
            ("UserError", "The creation script exited with code 1", "setup script failed"),
            ("AuthorizationFailed", "The client does not have authorization to perform action", "--as-me"),
            ("AllocationFailed", "", "no machine of that size"),
            (
                "SkuNotAvailable",
                "The requested size for resource '/subscriptions/s/ci-ada' is currently not available in location \
                 'westeurope' zones '' for subscription 's'. Please try another size or deploy to a different location.",
                "no machine of that size",
            ),
            (
                "AllocationFailed",
                "Allocation failed. We do not have sufficient capacity for the requested VM size in this region; one of \
                 that name already exists elsewhere.",
                "no machine of that size",
            ),
            (
                "UserError",
                "The requested VM size Standard_NC6s_v3 is currently not available in location westeurope.",
                "no machine of that size",
            ),
            ("Conflict", "A compute with this name already exists", "another name"),
            ("ComputeNameTaken", "The compute name ci-ada is already in use in the region westeurope.", "another name"),
            ("refused:NameNotAvailable", "The subnet of another quota", "another name"),
            ("UserSetupFailed", "", "setup script failed"),
            ("RequestDisallowedByPolicy", "", "Azure Policy"),
            ("ResourceNotFound", "", "instance list"),
            ("operation_failed:CreateFailed", "", "delete it"),
        ] {
            let told = remedy_of(code, message).unwrap_or_default();
            assert!(told.contains(words), "{code} {message}: {told}");
        }
        assert_eq!(remedy_of("ServiceError", "InternalServerError"), None, "no advice is made up");
    }
}
