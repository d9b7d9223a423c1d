//! Which instance is meant by a name, WORKSPACE/NAME or an ARM id; a name that several have is nobody's.

use super::desk::facts_of;
use crate::facts::{Created, InstanceFacts, WorkspaceFacts};
use crate::report::{FleetView, InstanceView, WorkspaceView};
use crate::units::{InstanceId, PolicyId};

/// One instance that is meant.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) id: InstanceId,
    pub(super) workspace: WorkspaceFacts,
    /// Which policy governs its workspace.
    pub(super) policy: Option<PolicyId>,
    /// As the view has it; none for one that was made since.
    pub(super) known: Option<InstanceView>,
    /// As the person was shown it before they agreed, where they were.
    pub(super) shown: Option<Box<InstanceFacts>>,
}

impl Target {
    fn of(place: &WorkspaceView, id: InstanceId, known: Option<&InstanceView>) -> Self {
        Self { id, workspace: facts_of(place), policy: place.policy.clone(), known: known.cloned(), shown: None }
    }

    /// The life of its name that is meant: as shown, or as the view has it.
    pub(super) fn life(&self) -> Created {
        let known = || self.known.as_ref().map(|known| known.facts.created);
        self.shown.as_ref().map(|shown| shown.created).or_else(known).unwrap_or(Created::NONE)
    }

    /// Who uses it, as far as the view tells.
    pub(super) fn use_of(&self) -> Option<String> {
        let evidence = self.known.as_ref()?.evidence.as_ref()?;
        evidence.busy().next().map(|track| crate::report::words::clean(&track.words))
    }
}

/// Finds it.
///
/// # Errors
/// In words, with the candidates where there are several.
pub(super) fn find(view: &FleetView, wanted: &str) -> Result<Target, String> {
    if wanted.starts_with('/') {
        let id = InstanceId::parse(wanted).map_err(|error| error.to_string())?;
        let place = view.workspaces.get(id.workspace()).ok_or_else(|| {
            format!("workspace {} is not among those that settings name in [fleet]", id.workspace().name())
        })?;
        let known = place.instances.iter().find(|one| one.facts.id == id);
        return Ok(Target::of(place, id, known));
    }
    let (workspace, name) = wanted.split_once('/').map_or((None, wanted), |(place, name)| (Some(place), name));
    let places = view.workspaces.values();
    let places: Vec<&WorkspaceView> =
        places.filter(|place| workspace.is_none_or(|one| place.id.name().eq_ignore_ascii_case(one))).collect();
    let all = places.iter().flat_map(|place| place.instances.iter().map(move |one| (*place, one)));
    let found: Vec<_> = all.filter(|(_, one)| one.facts.id.name().eq_ignore_ascii_case(name)).collect();
    match (found.as_slice(), places.as_slice()) {
        ([(place, one)], _) => Ok(Target::of(place, one.facts.id.clone(), Some(one))),
        // made since the last look at that workspace, perhaps: Azure is asked
        ([], [place]) if workspace.is_some() || view.workspaces.len() == 1 => {
            let id = InstanceId::new(place.id.clone(), name).map_err(|error| error.to_string())?;
            Ok(Target::of(place, id, None))
        }
        ([], _) => Err(format!("no instance is called `{wanted}`; `lightsout instance list` lists them")),
        (several, _) => {
            let ids: Vec<String> = several.iter().map(|(_, one)| one.facts.id.to_string()).collect();
            let words = "several instances are called";
            Err(format!("{words} `{wanted}`; say WORKSPACE/NAME or the full id: {}", ids.join(", ")))
        }
    }
}

/// The workspace that is meant by its name or ARM id.
///
/// # Errors
/// In words, with those that there are.
pub(super) fn workspace<'v>(view: &'v FleetView, wanted: &str) -> Result<&'v WorkspaceView, String> {
    let is_it = |place: &&WorkspaceView| {
        if wanted.starts_with('/') {
            place.id.to_string().eq_ignore_ascii_case(wanted)
        } else {
            place.id.name().eq_ignore_ascii_case(wanted)
        }
    };
    let found: Vec<&WorkspaceView> = view.workspaces.values().filter(is_it).collect();
    match found.as_slice() {
        [one] => Ok(one),
        [] => {
            let names: Vec<&str> = view.workspaces.values().map(|place| place.id.name()).take(20).collect();
            Err(format!("no workspace is called `{wanted}`; settings name {}", names.join(", ")))
        }
        several => {
            let ids: Vec<String> = several.iter().map(|place| place.id.to_string()).collect();
            Err(format!("several workspaces are called `{wanted}`; say its full id: {}", ids.join(", ")))
        }
    }
}
