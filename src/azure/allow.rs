//! The gate of G3: which requests may leave this process at all, whoever asks.

use super::error::AzureError;
use super::origin::PinnedUrl;

/// The only two kinds of request that exist here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    /// Reads.
    Get,
    /// Stops.
    Post,
}

/// Reads anything below the pinned origin; posts nothing but `…/computes/NAME/stop`.
pub(super) fn admits(verb: Verb, url: &PinnedUrl) -> Result<(), AzureError> {
    match verb {
        Verb::Get => Ok(()),
        Verb::Post if is_stop(url) => Ok(()),
        Verb::Post => Err(AzureError::NotAllowed("a POST other than the stop of a compute")),
    }
}

fn is_stop(url: &PinnedUrl) -> bool {
    let url = url.url();
    let Some(path) = url.path().strip_prefix('/') else { return false };
    let shape = ["subscriptions", "", "resourceGroups", "", "providers", "Microsoft.MachineLearningServices", "workspaces", "", "computes", "", "stop"];
    let mut parts = path.split('/');
    let fits = shape.iter().all(|wanted| parts.next().is_some_and(|part| if wanted.is_empty() { !part.is_empty() } else { part == *wanted }));
    fits && parts.next().is_none() && url.query_pairs().all(|(key, _)| key == "api-version")
}

#[cfg(test)]
mod tests {
    use super::super::origin::Origin;
    use super::*;
    use crate::units::SubscriptionId;

    #[test]
    fn only_the_stop_of_a_compute_may_be_posted() {
        let origin = Origin::new("https://management.azure.com").unwrap();
        let at = |path: &str| origin.pin(path, &SubscriptionId::new("s")).unwrap();
        let stop = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/c/stop";
        assert!(admits(Verb::Post, &at(&format!("{stop}?api-version=1"))).is_ok());
        for other in [
            stop.replace("/stop", "/start"),
            stop.replace("/stop", "/restart"),
            stop.replace("/stop", ""),
            stop.replace("/stop", "/stop/x"),
            stop.replace("/stop", "/stop/"),
            stop.replace("/c/stop", "/stop"),
            stop.replace("MachineLearningServices", "Compute"),
            format!("{stop}?api-version=1&x=y"),
            "/subscriptions/s/x/stop".to_owned(),
        ] {
            assert!(admits(Verb::Post, &at(&other)).is_err(), "G3: {other}");
            assert!(admits(Verb::Get, &at(&other)).is_ok());
        }
    }
}
