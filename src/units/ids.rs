//! ARM identities, compared without regard to case as Azure does.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Why a text is not an ARM id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct IdError {
    text: String,
    expected: &'static str,
}

impl IdError {
    fn new(text: &str, expected: &'static str) -> Self {
        Self { text: text.chars().take(200).collect(), expected }
    }
}

/// Text kept as written, compared and hashed with ASCII case folded.
#[derive(Debug, Clone)]
struct Folded(Arc<str>);

impl Folded {
    fn new(text: &str) -> Self {
        Self(Arc::from(text))
    }
}

impl PartialEq for Folded {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.eq_ignore_ascii_case(&other.0)
    }
}
impl Eq for Folded {}
impl PartialOrd for Folded {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Folded {
    fn cmp(&self, other: &Self) -> Ordering {
        // most are written alike, and that is seen at once
        if Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0 {
            return Ordering::Equal;
        }
        let ours = self.0.bytes().map(|b| b.to_ascii_lowercase());
        ours.cmp(other.0.bytes().map(|b| b.to_ascii_lowercase()))
    }
}
impl Hash for Folded {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in self.0.bytes() {
            state.write_u8(byte.to_ascii_lowercase());
        }
        state.write_u8(0xff);
    }
}
impl fmt::Display for Folded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! word {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Folded);

        impl $name {
            /// Takes the text as it stands; comparison ignores ASCII case.
            #[must_use]
            pub fn new(text: &str) -> Self {
                Self(Folded::new(text))
            }
            /// The text as it was written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(self.as_str())
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d).map(|text| Self::new(&text))
            }
        }
    };
}

word!(
    /// An Azure subscription id (a GUID as text).
    SubscriptionId
);
word!(
    /// An Azure region such as `westeurope`.
    Region
);
word!(
    /// A policy's name, unique in the fleet's set.
    PolicyId
);

/// An Azure Machine Learning workspace: subscription, resource group and name. One pointer: thousands of instances
/// share what it points to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkspaceId(Shared<WorkspaceParts>);

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct WorkspaceParts {
    subscription: SubscriptionId,
    resource_group: Folded,
    name: Folded,
}

/// A shared value that is equal to itself without being looked at.
#[derive(Debug)]
struct Shared<T>(Arc<T>);

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}
impl<T: PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}
impl<T: Eq> Eq for Shared<T> {}
impl<T: Hash> Hash for Shared<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<T: Ord> PartialOrd for Shared<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<T: Ord> Ord for Shared<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        if Arc::ptr_eq(&self.0, &other.0) { Ordering::Equal } else { self.0.cmp(&other.0) }
    }
}

const WORKSPACE: &str = "the ARM id of a workspace \
    (/subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.MachineLearningServices/workspaces/NAME)";
const INSTANCE: &str = "the ARM id of a compute (a workspace's id followed by /computes/NAME)";

impl WorkspaceId {
    /// From its three parts.
    ///
    /// # Errors
    /// When a part is empty or holds a `/`, which no ARM name can.
    pub fn new(subscription: &str, resource_group: &str, name: &str) -> Result<Self, IdError> {
        for part in [subscription, resource_group, name] {
            if !is_segment(part) {
                return Err(IdError::new(part, "one segment of an ARM id"));
            }
        }
        Ok(Self(Shared(Arc::new(WorkspaceParts {
            subscription: SubscriptionId::new(subscription),
            resource_group: Folded::new(resource_group),
            name: Folded::new(name),
        }))))
    }

    /// Reads the full ARM id of a workspace.
    ///
    /// # Errors
    /// When the text has another shape.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let mut parts = text.strip_prefix('/').unwrap_or_default().split('/');
        let id = Self::take(&mut parts).ok_or_else(|| IdError::new(text, WORKSPACE))?;
        match parts.next() {
            None => Ok(id),
            Some(_) => Err(IdError::new(text, WORKSPACE)),
        }
    }

    fn take<'a>(parts: &mut impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut keyword = |wanted: &str| parts.next().filter(|p| p.eq_ignore_ascii_case(wanted)).map(|_| ());
        keyword("subscriptions")?;
        let subscription = parts.next()?;
        let mut keyword = |wanted: &str| parts.next().filter(|p| p.eq_ignore_ascii_case(wanted)).map(|_| ());
        keyword("resourceGroups")?;
        let group = parts.next()?;
        let mut keyword = |wanted: &str| parts.next().filter(|p| p.eq_ignore_ascii_case(wanted)).map(|_| ());
        keyword("providers")?;
        keyword("Microsoft.MachineLearningServices")?;
        keyword("workspaces")?;
        let name = parts.next()?;
        Self::new(subscription, group, name).ok()
    }

    /// The subscription it is in.
    #[must_use]
    pub fn subscription(&self) -> &SubscriptionId {
        &self.0.0.subscription
    }
    /// The resource group's name as written.
    #[must_use]
    pub fn resource_group(&self) -> &str {
        &self.0.0.resource_group.0
    }
    /// The workspace's name as written.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.0.name.0
    }
}

fn is_segment(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 260
        && !text.contains(['/', '?', '#', '\\'])
        && !text.chars().any(char::is_control)
        && text != "."
        && text != ".."
}

impl fmt::Display for WorkspaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.MachineLearningServices/workspaces/{}",
            self.subscription(),
            self.resource_group(),
            self.name()
        )
    }
}

/// One compute instance: its workspace and its name. One pointer: facts, verdicts and books of an instance share it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(Shared<InstanceParts>);

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct InstanceParts {
    workspace: WorkspaceId,
    name: Folded,
}

impl InstanceId {
    /// From a workspace and the compute's name.
    ///
    /// # Errors
    /// When the name is empty or could not be one segment of a URL path.
    pub fn new(workspace: WorkspaceId, name: &str) -> Result<Self, IdError> {
        if !is_segment(name) {
            return Err(IdError::new(name, "the name of a compute"));
        }
        Ok(Self(Shared(Arc::new(InstanceParts { workspace, name: Folded::new(name) }))))
    }

    /// Reads the full ARM id of a compute.
    ///
    /// # Errors
    /// When the text has another shape.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let wrong = || IdError::new(text, INSTANCE);
        let mut parts = text.strip_prefix('/').unwrap_or_default().split('/');
        let workspace = WorkspaceId::take(&mut parts).ok_or_else(wrong)?;
        let computes = parts.next().is_some_and(|p| p.eq_ignore_ascii_case("computes"));
        match (computes, parts.next(), parts.next()) {
            (true, Some(name), None) => Self::new(workspace, name).map_err(|_| wrong()),
            (true | false, _, _) => Err(wrong()),
        }
    }

    /// The workspace it belongs to.
    #[must_use]
    pub fn workspace(&self) -> &WorkspaceId {
        &self.0.0.workspace
    }
    /// The compute's name as written.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.0.name.0
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/computes/{}", self.workspace(), self.name())
    }
}

macro_rules! serde_by_text {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = String::deserialize(d)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}
serde_by_text!(WorkspaceId);
serde_by_text!(InstanceId);

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "/subscriptions/0000-1/resourceGroups/Rg/providers/Microsoft.MachineLearningServices/workspaces/Ws/computes/Ci-One";

    #[test]
    fn ids_compare_without_case_and_print_as_written() {
        let id = InstanceId::parse(ID).unwrap();
        let other = InstanceId::parse(&ID.to_uppercase()).unwrap();
        assert_eq!(id, other);
        assert_eq!(id.cmp(&other), Ordering::Equal);
        assert_eq!(id.to_string(), ID);
        assert_eq!(std::collections::HashSet::from([id, other]).len(), 1);
    }

    #[test]
    fn other_shapes_are_refused_with_the_text() {
        for bad in [
            "",
            "/",
            "/subscriptions/x",
            &ID[1..],
            &format!("{ID}/x"),
            &ID.replace("/Ci-One", "/"),
            &ID.replace("computes", "jobs"),
        ] {
            let error = InstanceId::parse(bad).unwrap_err().to_string();
            assert!(error.contains("is not the ARM id of a compute"), "{error}");
        }
        assert!(InstanceId::new(InstanceId::parse(ID).unwrap().workspace().clone(), "..").is_err());
    }
}
