//! B15: ten thousand sweeps of one process: the memory that it holds, its threads and its files do not grow. `-- --short` makes a
//! thousand.
//!
//! The sandbox runs in another process, so that its memory is its own.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints, and a broken one should stop")]

#[path = "support/elsewhere.rs"]
#[expect(dead_code, reason = "a part is used")]
mod elsewhere;
#[path = "support/measure.rs"]
#[expect(dead_code, reason = "a part is used")]
mod measure;
#[path = "support/pointed.rs"]
mod pointed;

use elsewhere::{Elsewhere, Estate};
use lightsout::metrics::{Format, Metrics, MetricsOptions};
use lightsout::ports::Observe as _;
use lightsout::settings::Settings;
use measure::resident_bytes;

/// Nothing is due while it runs: what is looked for is what stays behind a sweep, and stops stay in the journal rightly.
const POLICY: &str = r#"
name = "soak"
mode = "enforce"

[scope]
subscriptions = ["5a4d0000-0000-4000-8000-0000000005ca"]

[uptime]
max = "9000h"
"#;

/// Workspaces and instances of each.
const SIZE: (usize, usize) = (20, 10);

fn main() {
    let short = std::env::args().any(|word| word == "--short");
    let sweeps = if short { 1_000 } else { 10_000 };
    let there = Elsewhere::start(Estate::new(SIZE.0, SIZE.1));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let dir = there.dir.path();
    let azure = pointed::azure(&there.base_url, there.ca_file.as_deref(), dir);
    let engine = runtime.block_on(pointed::engine(azure, dir, &Settings::default(), POLICY));
    let metrics = Metrics::new(MetricsOptions { instance_series: true, ..MetricsOptions::default() }).unwrap();
    let sweep = || {
        let report = runtime.block_on(engine.sweep_all());
        assert_eq!((report.workspaces_read, &report.faults[..]), (SIZE.0, &[][..]));
        metrics.observe_sweep(&engine.last_view(), &engine.world().azure.api_use());
        std::hint::black_box(metrics.pieces(Format::OpenMetrics));
    };
    // what grows to its size once: caches, pools, the allocator's own
    (0..sweeps / 5).for_each(|_| sweep());
    let before = held();
    (0..sweeps).for_each(|_| sweep());
    let after = held();
    // ten-thousandths
    let drift = after.memory.saturating_sub(before.memory) * 10_000 / before.memory;
    let verdict = |is_within: bool| if is_within { "within" } else { "OVER" };
    println!(
        "B15 memory after {sweeps} sweeps, KiB: floor {}, figure {}, drift {}.{:02} %, {} the goal of 1 %",
        before.memory / 1024,
        after.memory / 1024,
        drift / 100,
        drift % 100,
        verdict(drift <= 100)
    );
    let steady = after.files <= before.files && after.threads <= before.threads;
    println!(
        "B15 files and threads: floor {} and {}, figure {} and {}, {} the goal of no more",
        before.files,
        before.threads,
        after.files,
        after.threads,
        verdict(steady)
    );
    assert!(drift <= 100 && steady, "it grows");
}

/// What the process holds.
struct Held {
    memory: u64,
    files: usize,
    threads: usize,
}

fn held() -> Held {
    let entries = |folder: &str| std::fs::read_dir(folder).unwrap().count();
    Held { memory: resident_bytes().unwrap(), files: entries("/proc/self/fd"), threads: entries("/proc/self/task") }
}
