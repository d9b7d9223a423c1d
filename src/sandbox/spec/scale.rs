//! An estate of any size in which nothing happens by itself, for measuring.

use jiff::{SignedDuration, Timestamp};

use super::super::world::{InstanceSpec, Limits, Owner, Scripts, State, WorkspaceSpec, WorldSpec};

/// The subscription of every workspace of the scale world.
pub const SCALE_SUBSCRIPTION: &str = "5a4d0000-0000-4000-8000-0000000005ca";

/// `workspaces` × `instances` machines without people, beginning at `start`.
pub fn scale(seed: u64, start: Timestamp, workspaces: usize, instances: usize) -> WorldSpec {
    WorldSpec {
        seed,
        start,
        warm_up: SignedDuration::ZERO,
        tenant: super::DEMO_TENANT.into(),
        prices: super::list_prices(),
        limits: Limits::generous(),
        workspaces: (0..workspaces).map(|number| workspace(number, instances, start)).collect(),
    }
}

fn workspace(number: usize, instances: usize, start: Timestamp) -> WorkspaceSpec {
    WorkspaceSpec {
        subscription: SCALE_SUBSCRIPTION.into(),
        resource_group: format!("rg-{:03}", number / 50),
        name: format!("ws-{number:05}"),
        region: "westeurope".into(),
        location: "westeurope".into(),
        tags: vec![("team".into(), format!("team-{}", number % 20))],
        instances: (0..instances).map(|position| machine(number, position, start)).collect(),
        others: Vec::new(),
    }
}

fn machine(workspace: usize, position: usize, start: Timestamp) -> InstanceSpec {
    let mixed = workspace.wrapping_mul(7).wrapping_add(position);
    let vm_size = match mixed % 4 {
        0 | 1 => "Standard_DS3_v2",
        2 => "Standard_E8s_v3",
        _ => "Standard_NC6s_v3",
    };
    let state = match mixed % 20 {
        0 => State::JobRunning,
        1..=8 => State::Running,
        _ => State::Stopped,
    };
    let age = SignedDuration::from_hours(i64::try_from(mixed % 9_000).unwrap_or(0))
        .saturating_add(SignedDuration::from_hours(1));
    InstanceSpec {
        name: format!("ci-{workspace:05}-{position:05}"),
        vm_size: vm_size.into(),
        tags: Vec::new(),
        owner: Some(Owner {
            user_name: Some(format!("user{mixed}@contoso.example")),
            object_id: format!("0b1ec700-0000-4000-8000-{mixed:012}"),
            assigned_to: None,
        }),
        habits: None,
        idle_minutes: None,
        identity: false,
        custom_services: Vec::new(),
        schedules: Vec::new(),
        disk_fills_at: None,
        state,
        created_on: start.checked_sub(age).unwrap_or(start),
        scripts: Scripts::default(),
        asked: None,
    }
}
