//! A root that shows the real `/proc` of chosen processes only, so that what else this machine does is not seen.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, Instant};

use lightsout::agent::clock;
use lightsout::agent::judge::{Found, judge};
use lightsout::agent::parse::process_stat;
use lightsout::agent::read::{Eyes, Root};
use lightsout::agent::rules::{Rules, parse};
use lightsout::heartbeat::Signal;
use tempfile::TempDir;

/// How long anything may take before a test gives up. It is never waited for where all is well.
const PATIENCE: Duration = Duration::from_secs(120);

/// The root, and eyes that look at it.
pub(crate) struct Mirror {
    dir: TempDir,
    eyes: Eyes,
    rules: Rules,
    roots: Vec<u32>,
}

/// Rules out of text; and what HTTP clients need, which the binary installs for itself.
pub(crate) fn rules(text: &str) -> Rules {
    drop(rustls::crypto::ring::default_provider().install_default());
    parse("agent.toml", text).unwrap()
}

/// Every process of the machine with its parent.
pub(crate) fn parents() -> Vec<(u32, u32)> {
    let entries = std::fs::read_dir("/proc").unwrap();
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(|pid| {
        let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        Some((pid, process_stat(&text)?.parent))
    })
    .collect()
}

/// A process and all below it.
pub(crate) fn family(root: u32) -> Vec<u32> {
    let all = parents();
    let mut found = vec![root];
    let mut at = 0;
    while let Some(parent) = found.get(at).copied() {
        found.extend(all.iter().filter(|(pid, of)| *of == parent && *pid != parent).map(|(pid, _)| *pid));
        at += 1;
    }
    found
}

impl Mirror {
    /// Shows the processes below these, and the first one.
    pub(crate) fn new(rules: Rules, roots: Vec<u32>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        for folder in ["proc/self", "proc/sys/kernel/random", "etc", "dev"] {
            std::fs::create_dir_all(path(folder)).unwrap();
        }
        for file in ["proc/stat", "proc/diskstats", "proc/self/mountinfo", "proc/sys/kernel/random/boot_id", "dev/pts"]
        {
            symlink(Path::new("/").join(file), path(file)).unwrap();
        }
        std::fs::write(path("etc/passwd"), "root:x:0:0::/root:/bin/sh\nana:x:1000:1000::/home/ana:/bin/sh\n").unwrap();
        let eyes = Eyes::open(Root::at(dir.path()), &rules).unwrap();
        Self { dir, eyes, rules, roots }
    }

    /// Below this folder.
    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    fn refresh(&self) {
        for pid in self.roots.iter().flat_map(|root| family(*root)).chain([1]) {
            // One that is shown already is shown.
            drop(symlink(format!("/proc/{pid}"), self.path(&format!("proc/{pid}"))));
        }
    }

    /// Two samples about a second apart, and what the signal says.
    pub(crate) fn look(&mut self, signal: &Signal) -> Found {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        self.refresh();
        self.eyes.blink();
        self.eyes.sample(clock::now().steady, &self.rules);
        std::thread::sleep(Duration::from_millis(1_000));
        self.refresh();
        let look = runtime.block_on(self.eyes.look(clock::now(), &self.rules));
        let judged = judge(&look, &self.rules);
        judged.found.into_iter().find(|found| found.signal == *signal).unwrap()
    }

    /// Looks until it says what is waited for.
    pub(crate) fn until(&mut self, signal: &Signal, what: &str, is: impl Fn(&Found) -> bool) -> Found {
        let began = Instant::now();
        loop {
            let found = self.look(signal);
            if is(&found) {
                return found;
            }
            assert!(began.elapsed() < PATIENCE, "waited for: {what}; seen: {found:?}");
        }
    }
}

/// Waits until something is there.
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "waited for: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A child that is killed when it goes out of scope.
pub(crate) struct Child(pub(crate) std::process::Child);

impl Drop for Child {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
