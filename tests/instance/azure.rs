//! The simulated Azure of these tests: its time runs fast, so that what takes minutes takes a second, and always lies behind.
#![expect(clippy::unwrap_used, reason = "test support: what cannot be set up fails the test")]

use std::process::{Child, Stdio};
use std::sync::Arc;

use jiff::SignedDuration;
use lightsout::sandbox::{RunningClock, Sandbox, SandboxOptions, State, scale, wall_now};
use lightsout::store::Store;
use serde_json::Value;

use crate::program::{Place, Said};

/// A policy that governs all and stops nothing by itself in the life of a test.
const POLICY: &str = "name = \"office\"\nmode = \"enforce\"\nscope.workspaces = [\"*\"]\nuptime.max = \"365d\"\nwarning.proof = \"recorded\"\n";

/// An Azure, and a folder of settings for it.
pub(crate) struct Scene {
    pub(crate) sandbox: Sandbox,
    pub(crate) place: Place,
}

impl Scene {
    /// Workspaces `ws-00000`, … with so many machines each, all running.
    pub(crate) async fn new(workspaces: usize, instances: usize) -> Self {
        Self::with(workspaces, instances, |_| {}).await
    }

    pub(crate) async fn with(workspaces: usize, instances: usize, change: impl FnOnce(&mut SandboxOptions)) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let start = wall_now().checked_sub(SignedDuration::from_hours(48)).unwrap();
        let mut world = scale(1, start, workspaces, instances);
        for machine in world.workspaces.iter_mut().flat_map(|place| &mut place.instances) {
            machine.state = State::Running;
            machine.created_on = start.checked_sub(SignedDuration::from_hours(12 * 24)).unwrap();
        }
        let ids = world.workspaces.iter().map(|place| {
            format!(
                "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.MachineLearningServices/workspaces/{}",
                place.subscription, place.resource_group, place.name
            )
        });
        let ids: Vec<String> = ids.collect();
        let mut options = SandboxOptions::new(world, Arc::new(RunningClock::new(start, 300)));
        options.poll_after = 1;
        change(&mut options);
        let sandbox = Sandbox::start(options).await.unwrap();
        let place = Place::new(&sandbox.base_url(), &ids, "[prices]\nsources = [\"vm_sizes\"]\n");
        place.write("policies/office.toml", POLICY);
        Self { sandbox, place }
    }

    /// The service over this Azure, until it is dropped.
    pub(crate) async fn service(&self) -> Service {
        let mut command = self.place.command(&["run"]);
        let service = Service(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        while self.place.run(&["status"]).code != 0 {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        service
    }

    /// Runs `instance …` to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Said {
        self.place.run(&[&["instance"], words].concat())
    }

    /// The same, and it has to have gone well.
    pub(crate) fn well(&self, words: &[&str]) -> Said {
        let said = self.run(words);
        assert_eq!(said.code, 0, "{words:?}: {}{}", said.out, said.err);
        said
    }

    /// The same with an answer to what it asks.
    pub(crate) fn answered(&self, words: &[&str], answer: &str) -> Said {
        self.place.write("answer", answer);
        let file = std::fs::File::open(self.place.path("answer")).unwrap();
        Said::of(self.place.command(&[&["instance"], words].concat()).stdin(file))
    }

    /// Begins it, for those that are interrupted.
    pub(crate) fn begun(&self, words: &[&str]) -> Child {
        let mut command = self.place.command(&[&["instance"], words].concat());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// The state of an instance, as it is shown.
    pub(crate) fn state(&self, name: &str) -> String {
        let shown = json(&self.well(&["show", name, "--json"]));
        let state = shown.pointer("/facts/state").unwrap();
        state.as_str().map_or_else(|| state.to_string(), str::to_owned)
    }

    /// How many requests that change something arrived, by method.
    pub(crate) fn writes(&self, method: &str) -> usize {
        let all = self.sandbox.recorder().recent();
        let is_write = |path: &str| path.contains("/computes/");
        all.iter().filter(|asked| asked.method == method && is_write(&asked.path)).count()
    }

    /// Waits until a request with this method arrived.
    pub(crate) async fn until_sent(&self, method: &str) {
        while self.writes(method) == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// What the journal holds of operations, and that its audit log stands.
    pub(crate) async fn operations(&self) -> Vec<(String, String, Option<String>)> {
        use lightsout::ports::OperationBook as _;
        let store = Store::open(&self.place.path("store")).await.unwrap();
        store.verify_audit().await.unwrap();
        let rows = store.operations(jiff::Timestamp::MIN).await.unwrap();
        let told = rows.into_iter().map(|row| {
            let end = row.ended.map(|(_, result)| format!("{result:?}"));
            (row.intent.verb.label().to_owned(), row.intent.instance.name().to_owned(), end)
        });
        told.collect()
    }
}

/// A running service, which ends with the test however that ends.
pub(crate) struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// What was printed as JSON.
pub(crate) fn json(said: &Said) -> Value {
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}{}", said.out, said.err))
}
