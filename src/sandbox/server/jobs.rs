//! A workspace's list of jobs: what its people submitted, ended, running and waiting, in no order that helps.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::world::{Machine, UseKind, Workspace, World, mix, uuid_of};
use super::answer::Answer;
use super::arm::{bad_skip, find, next_link, no_workspace, offset, page};
use super::errors;
use super::handle::Ask;
use super::render::seven_digits;
use super::shared::Shared;

/// A job is submitted so long before it begins, and waits.
const WAITS: SignedDuration = SignedDuration::from_mins(10);

impl Shared {
    /// A page of the jobs of a workspace.
    pub(super) fn list_jobs(&self, ask: &Ask<'_>, id: &str) -> Answer {
        let Some(from) = offset(ask, id) else {
            return bad_skip();
        };
        let (world, now) = self.world_now();
        let Some((_, workspace)) = find(&world, id) else {
            return no_workspace(id);
        };
        let all = jobs(&world, workspace, now);
        let size = self.options.page_size.max(1);
        let next = from.saturating_add(size);
        // the link carries nothing of the question but its place, as Azure's does
        let link = (next < all.len()).then(|| next_link(ask, &workspace.id.to_lowercase(), next));
        page(all.into_iter().skip(from).take(size).collect(), link)
    }
}

impl Shared {
    /// One job of a workspace.
    pub(super) fn get_job(&self, id: &str, name: &str) -> Answer {
        let (world, now) = self.world_now();
        let Some((_, workspace)) = find(&world, id) else {
            return no_workspace(id);
        };
        let is_it = |job: &Value| job["name"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(name));
        match jobs(&world, workspace, now).into_iter().find(is_it) {
            Some(job) => Answer::json(200, &job),
            None => errors::arm(404, "NotFound", &format!("No job is called {name}")),
        }
    }
}

fn jobs(world: &World, workspace: &Workspace, now: Timestamp) -> Vec<Value> {
    let machines = workspace.members.iter().filter_map(|position| world.machines.get(*position));
    let mut all: Vec<(u64, Value)> = machines.flat_map(|machine| of_machine(machine, workspace, now)).collect();
    all.sort_by_key(|(order, _)| *order);
    all.into_iter().map(|(_, job)| job).collect()
}

fn of_machine(machine: &Machine, workspace: &Workspace, now: Timestamp) -> Vec<(u64, Value)> {
    let mut found = Vec::new();
    let ran =
        machine.used_for(UseKind::Job).map(|used| (used.from, if used.to.is_some() { "Completed" } else { "Running" }));
    let waiting = machine.next_use(UseKind::Job).filter(|at| at.duration_since(now) <= WAITS).map(|at| (at, "Queued"));
    for (at, status) in ran.chain(waiting) {
        let order = mix(5, &[&machine.id, &at.to_string()]);
        let name = uuid_of(order, mix(6, &[&machine.id]));
        let job = json!({
            "id": format!("{}/jobs/{name}", workspace.id),
            "name": name,
            "type": "Microsoft.MachineLearningServices/workspaces/jobs",
            "properties": {
                "description": null,
                "tags": {},
                "displayName": "train",
                "status": status,
                "experimentName": "nightly",
                "services": {},
                "computeId": machine.id,
                "isArchived": false,
                "jobType": "Command",
                "command": "python train.py",
            },
            "systemData": { "createdAt": seven_digits(at), "createdByType": "User" },
        });
        found.push((order, job));
    }
    found
}
