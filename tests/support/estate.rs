//! A simulated Azure within the test: a few machines that nobody uses, and a clock that can be set ahead.
#![expect(clippy::unwrap_used, reason = "test support: what cannot be set up fails the test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use lightsout::sandbox::{Sandbox, SandboxClock, SandboxOptions, State, scale, wall_now};

use crate::allowed::strays;

/// This machine's clock and a stretch that the test adds: operations of Azure take minutes, and no test should.
#[derive(Debug)]
struct Ahead(AtomicI64);

impl SandboxClock for Ahead {
    fn now(&self) -> Timestamp {
        wall_now().checked_add(SignedDuration::from_secs(self.0.load(Ordering::Relaxed))).unwrap()
    }
}

/// The Azure. When it goes, nothing may have arrived but what may be sent (I1).
pub(crate) struct Estate {
    pub(crate) sandbox: Sandbox,
    clock: Arc<Ahead>,
    workspaces: Vec<String>,
    /// Whether idle timers may be set, too.
    pub(crate) sets_timers: bool,
    /// Whether machines may be started, too.
    pub(crate) starts: bool,
}

impl Estate {
    /// Workspaces `ws-00000`, `ws-00001`, … with so many running machines each, on since twelve days.
    pub(crate) async fn start(workspaces: usize, instances: usize, change: impl FnOnce(&mut SandboxOptions)) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        // it runs behind, so that set ahead it is no further from this machine's clock than clocks may be apart
        let clock = Arc::new(Ahead(AtomicI64::new(-100)));
        let start = clock.now();
        let mut world = scale(1, start, workspaces, instances);
        for machine in world.workspaces.iter_mut().flat_map(|place| &mut place.instances) {
            machine.state = State::Running;
            machine.created_on = start.checked_sub(SignedDuration::from_hours(12 * 24)).unwrap();
        }
        let id = |place: &lightsout::sandbox::WorkspaceSpec| {
            format!(
                "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.MachineLearningServices/workspaces/{}",
                place.subscription, place.resource_group, place.name
            )
        };
        let workspaces = world.workspaces.iter().map(id).collect();
        let mut options = SandboxOptions::new(world, clock.clone());
        options.poll_after = 1;
        change(&mut options);
        Self { sandbox: Sandbox::start(options).await.unwrap(), clock, workspaces, sets_timers: false, starts: false }
    }

    /// The ARM ids of its workspaces.
    pub(crate) fn workspaces(&self) -> &[String] {
        &self.workspaces
    }

    /// Sets its clock ahead by as long as any stop takes.
    pub(crate) fn let_operations_end(&self) {
        self.clock.0.fetch_add(200, Ordering::Relaxed);
    }

    /// How many stops of that machine were asked for, and how many of these Azure took.
    pub(crate) fn stops_of(&self, name: &str) -> (usize, usize) {
        self.posts_of(name, "stop")
    }

    /// How many POSTs of that kind were sent for that machine, and how many of these Azure took.
    pub(crate) fn posts_of(&self, name: &str, kind: &str) -> (usize, usize) {
        let ending = format!("/computes/{name}/{kind}");
        let all = self.sandbox.recorder().recent();
        let asked: Vec<_> =
            all.iter().filter(|asked| asked.method == "POST" && asked.path.ends_with(&ending)).collect();
        (asked.len(), asked.iter().filter(|asked| (200..300).contains(&asked.status)).count())
    }
}

impl Drop for Estate {
    fn drop(&mut self) {
        let mut counts = self.sandbox.recorder().counts();
        counts.retain(|(method, kind), _| !(self.sets_timers && method == "POST" && *kind == "set-idle-timer"));
        counts.retain(|(method, kind), _| !(self.starts && method == "POST" && *kind == "start"));
        let strays = strays(&counts);
        // A test that has failed already is not to be hidden by a second panic.
        assert!(std::thread::panicking() || strays.is_empty(), "I1: {strays:?}");
    }
}
