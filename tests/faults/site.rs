//! The real program in a folder of its own, and a simulated Azure whose answers can be spoilt.
#![expect(clippy::unwrap_used, reason = "test support: what cannot be set up fails the test")]

use lightsout::sandbox::SandboxOptions;

use crate::estate::Estate;
use crate::program::{Place, Said, off_now};

/// The first machine of the first workspace.
pub(crate) const NAME: &str = "ci-00000-00000";

/// The two of them.
pub(crate) struct Site {
    pub(crate) estate: Estate,
    pub(crate) place: Place,
}

impl Site {
    /// So many workspaces with so many machines each, all of them due and none stopped yet.
    pub(crate) async fn due(workspaces: usize, instances: usize) -> Self {
        Self::with(workspaces, instances, |_| {}).await
    }

    /// The same on another Azure.
    pub(crate) async fn with(workspaces: usize, instances: usize, change: impl FnOnce(&mut SandboxOptions)) -> Self {
        let estate = Estate::start(workspaces, instances, change).await;
        let place = Place::new(&estate.sandbox.base_url(), estate.workspaces(), "");
        let policy = off_now("enforce", "0s", "").replace("lead = \"0s\"\n", "lead = \"0s\"\nproof = \"recorded\"\n");
        place.write("policies/night.toml", &policy);
        Self { estate, place }
    }

    /// The same, and a sweep that may only look has seen them running.
    pub(crate) async fn seen(workspaces: usize, instances: usize) -> Self {
        let site = Self::due(workspaces, instances).await;
        site.looks();
        site
    }

    /// A sweep that may only look, and the second that the ledger needs to tell two looks apart.
    pub(crate) fn looks(&self) {
        assert_eq!(self.place.run(&["freeze"]).code, 0);
        self.sweep();
        std::thread::sleep(std::time::Duration::from_millis(1_100));
        assert_eq!(self.place.run(&["freeze", "--lift"]).code, 0);
    }

    /// Spoils answers from now on.
    pub(crate) fn fault(&self, line: &str) {
        self.estate.sandbox.faults().push(line.parse().unwrap());
    }

    /// Answers are as they should be again.
    pub(crate) fn well(&self) {
        self.estate.sandbox.faults().clear();
    }

    /// One sweep of the real program.
    pub(crate) fn sweep(&self) -> Said {
        self.place.run(&["sweep"])
    }

    /// How many stops of the first machine were asked for, and how many of these Azure took.
    pub(crate) fn stops(&self) -> (usize, usize) {
        self.estate.stops_of(NAME)
    }

    /// How many stops of any machine were asked for.
    pub(crate) fn all_stops(&self) -> u64 {
        self.estate.sandbox.recorder().count("stop")
    }

    /// The kinds of requests about the first machine alone, in their order.
    pub(crate) fn asked_of_it(&self) -> Vec<&'static str> {
        let all = self.estate.sandbox.recorder().recent();
        let of_it = all.iter().filter(|asked| asked.path.to_ascii_lowercase().contains(NAME));
        of_it.map(|asked| asked.operation).collect()
    }

    /// What `explain` tells of the first machine, as JSON.
    pub(crate) fn explained(&self) -> String {
        let said = self.place.run(&["explain", NAME, "--json"]);
        assert_eq!(said.code, 0, "{}{}", said.out, said.err);
        said.out
    }

    /// The ledger holds; how many rows and instances are in it.
    pub(crate) fn ledger_stands(&self) -> String {
        let said = self.place.run(&["ledger", "verify", "--json"]);
        assert_eq!(said.code, 0, "{}{}", said.out, said.err);
        said.out
    }

    /// The ARM id of the first machine.
    pub(crate) fn id(&self) -> String {
        format!("{}/computes/{NAME}", self.estate.workspaces()[0])
    }
}
