//! Where people reach the page, and the addresses of what is on it.

use url::Url;

use crate::units::InstanceId;

/// The address under which people reach the page; what is linked to lies below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkBase(Url);

impl LinkBase {
    /// Of an address such as `https://lightsout.example.org`; what comes after its path is left out.
    #[must_use]
    pub fn new(mut url: Url) -> Self {
        url.set_query(None);
        url.set_fragment(None);
        Self(url)
    }

    /// Where a warning's link leads. The token stands in the fragment: no proxy and no log sees it, and whatever fetches the
    /// address, such as a mail scanner, fetches a page that knows nothing.
    #[must_use]
    pub fn hold(&self, token: &str) -> String {
        let mut url = self.below(&["hold"]);
        url.set_fragment(Some(token));
        url.into()
    }

    /// Where the link of a proposal leads: it can only keep the instance. The token stands in the fragment, as above.
    #[must_use]
    pub fn keep(&self, token: &str) -> String {
        let mut url = self.below(&["keep"]);
        url.set_fragment(Some(token));
        url.into()
    }

    /// The page of the fleet.
    #[must_use]
    pub fn fleet(&self) -> String {
        self.below(&[]).into()
    }

    /// The page of an instance.
    #[must_use]
    pub fn instance(&self, id: &InstanceId) -> String {
        self.below(&[&["instance"], &path_of(id)[..]].concat()).into()
    }

    fn below(&self, path: &[&str]) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }
}

/// How an instance is named in the paths of page and API: subscription, resource group, workspace, name.
#[must_use]
pub fn path_of(id: &InstanceId) -> [&str; 4] {
    let workspace = id.workspace();
    [workspace.subscription().as_str(), workspace.resource_group(), workspace.name(), id.name()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lie_below_the_base() {
        let id = "/subscriptions/s/resourceGroups/r g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/ci-a";
        let id = InstanceId::parse(id).unwrap();
        for (base, root) in
            [("https://a.example", "https://a.example"), ("https://a.example/lo/?x#y", "https://a.example/lo")]
        {
            let base = LinkBase::new(Url::parse(base).unwrap());
            assert_eq!(base.hold("lol1.a.b"), format!("{root}/hold#lol1.a.b"));
            assert_eq!(base.instance(&id), format!("{root}/instance/s/r%20g/w/ci-a"));
        }
    }
}
