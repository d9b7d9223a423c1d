//! Everything that is read of the machine, in samples and looks.

use reqwest::Client;

use super::files::Root;
use super::processes::{Depth, Processes};
use super::{gpu, people, room, servers};
use crate::agent::facts::Look;
use crate::agent::record::Moment;
use crate::agent::rules::{Need, Rules};
use crate::agent::usage::Tally;

/// The boot's id.
const BOOT: &str = "/proc/sys/kernel/random/boot_id";

/// Looks at the machine, and keeps what it needs to compare one moment with the next.
#[derive(Debug)]
pub struct Eyes {
    root: Root,
    client: Client,
    processes: Processes,
    tally: Tally,
    /// Whether processes could be read at the last try.
    readable: bool,
}

impl Eyes {
    /// Opens them.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn open(root: Root, rules: &Rules) -> Result<Self, reqwest::Error> {
        let client = servers::client(&rules.jupyter)?;
        Ok(Self { root, client, processes: Processes::default(), tally: Tally::default(), readable: false })
    }

    /// The id of this boot; empty where there is none.
    #[must_use]
    pub fn boot(&self) -> String {
        self.root.text(BOOT, 64).unwrap_or_default().trim().to_owned()
    }

    /// Reads figures alone.
    pub fn sample(&mut self, steady: u64, rules: &Rules) {
        self.read(steady, Depth::Sample, rules);
    }

    fn read(&mut self, steady: u64, depth: Depth, rules: &Rules) {
        match self.processes.snapshot(&self.root, steady, depth) {
            Some(snapshot) => {
                self.tally.add(snapshot, &rules.cpu);
                self.readable = true;
            }
            None => {
                self.tally.restart();
                self.readable = false;
            }
        }
    }

    /// Forgets the last sample: after sleep, a rate over the time since would be none.
    pub fn blink(&mut self) {
        self.tally.restart();
    }

    /// Looks at everything that counts.
    pub async fn look(&mut self, now: Moment, rules: &Rules) -> Look {
        self.read(now.steady, Depth::Look, rules);
        let (window, snapshot) = self.tally.close();
        let users = people::users(&self.root);
        let logins = people::logged_in(&self.root);
        let homes: Vec<String> = users
            .iter()
            .filter(|(uid, ..)| *uid == 0 || rules.cpu.is_persons(*uid))
            .map(|(.., home)| home.clone())
            .collect();
        let servers = match rules.signals.jupyter {
            Need::Off => Vec::new(),
            Need::Required | Need::Optional => servers::ask(&self.client, &self.root, &homes, &rules.jupyter).await,
        };
        let gpu = match rules.signals.gpu {
            Need::Off => crate::agent::facts::GpuSaid::None,
            Need::Required | Need::Optional => gpu::ask(&self.root, &rules.gpu).await,
        };
        Look {
            at: now.wall,
            window,
            snapshot: snapshot.filter(|_| self.readable),
            names: users.into_iter().map(|(uid, name, _)| (uid, name)).collect(),
            terminals: people::terminals(&self.root, &logins),
            logins,
            servers,
            gpu,
            disks: room::disks(&self.root),
        }
    }
}
