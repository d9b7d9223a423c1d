//! B1, B2, B3, B5, B14 and the sweep over a slow network: what reading and holding a fleet costs, beside the least it could.
//!
//! `-- --short` takes a small fleet. The sandbox runs in another process, so its work is not counted.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints, and a broken one should stop")]

#[path = "support/elsewhere.rs"]
mod elsewhere;
#[path = "support/floor.rs"]
mod floor;
#[path = "support/measure.rs"]
#[expect(dead_code, reason = "a part is used")]
mod measure;
#[path = "support/pointed.rs"]
mod pointed;

use std::process::Command;

use elsewhere::{Elsewhere, Estate};
use futures_util::StreamExt as _;
use lightsout::azure::Azure;
use lightsout::cli::clock::SystemClock;
use lightsout::cli::outside::Outside;
use lightsout::engine::Engine;
use lightsout::facts::WorkspaceFacts;
use lightsout::ports::Observe as _;
use lightsout::settings::Settings;
use lightsout::units::Span;
use measure::{By, Measured, Once, once, peak_bytes, resident_bytes};
use pointed::CONCURRENCY;
use tokio::runtime::Runtime;

/// From one sweep of a workspace to the next, where that matters.
const INTERVAL: Span = Span::minutes(5);
/// What one instance takes as a bare name and slot, in bytes.
const SLOT: u64 = 223;
const MEBIBYTE: u64 = 1024 * 1024;

/// Allowed nearly all day, and nothing is due for a while: the state a fleet is in on most sweeps.
const POLICY: &str = r#"
name = "bench"
mode = "enforce"

[scope]
subscriptions = ["5a4d0000-0000-4000-8000-0000000005ca"]

[hours]
zone = "Europe/Madrid"
allowed = ["Mon-Sun 00:00-23:30"]

[uptime]
max = "9000h"
"#;

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let short = words.iter().any(|word| word == "--short");
    if let Some(place) = words.iter().position(|word| word == "--hold") {
        let number = |at: usize| words.get(place + at).unwrap().parse().unwrap();
        let estate = Estate { latency_ms: number(3), ..Estate::new(number(1) as usize, number(2) as usize) };
        return held(estate);
    }
    let (workspaces, rounds) = if short { (40, 9) } else { (1_000, 9) };
    reading("B1 plain, 100 a page", Estate::new(workspaces, 100), rounds, 200);
    reading("B2 TLS, 100 a page", Estate { tls: true, ..Estate::new(workspaces, 100) }, rounds, 150);
    reading("B3 plain, 1 a page", Estate::new(workspaces, 1), rounds, 200);
    let slow = Estate { latency_ms: 50, ..Estate::new(workspaces, 10) };
    for estate in [Estate::new(workspaces, 100), Estate::new(1, 100), slow] {
        apart(estate);
    }
}

/// The engine's part has a process of its own: memory that this one holds is not its memory.
fn apart(estate: Estate) {
    let numbers = [estate.workspaces.to_string(), estate.instances.to_string(), estate.latency_ms.to_string()];
    let status = Command::new(std::env::current_exe().unwrap()).arg("--hold").args(numbers).status().unwrap();
    assert!(status.success(), "{status}");
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// One thread asks, parses and translates; CPU time of the process, for one instance.
fn reading(name: &str, estate: Estate, rounds: usize, goal: u128) {
    let there = Elsewhere::start(estate);
    let azure = azure(&there);
    let runtime = runtime();
    let workspaces = runtime.block_on(azure.discover()).workspaces;
    assert_eq!(workspaces.len(), estate.workspaces);
    let plain = floor::client(there.ca_file.as_deref(), CONCURRENCY);
    let list = |one: &WorkspaceFacts| format!("{}{}/computes?api-version=2025-12-01", there.base_url, one.id);
    let urls: Vec<String> = workspaces.iter().map(list).collect();
    let count = estate.count() as usize;
    let measured = Measured::alternating(
        By::Process,
        rounds,
        || assert_eq!(runtime.block_on(floor::sweep(&plain, &urls, CONCURRENCY)), count),
        || assert_eq!(runtime.block_on(read_all(&azure, &workspaces)), count),
    );
    println!("{}", measured.line(name, estate.count(), goal));
}

async fn read_all(azure: &Azure<SystemClock>, workspaces: &[WorkspaceFacts]) -> usize {
    let reads = workspaces.iter().map(|workspace| azure.inventory(workspace));
    let all: Vec<_> = futures_util::stream::iter(reads).buffer_unordered(CONCURRENCY).collect().await;
    all.into_iter().map(|read| read.unwrap().instances.len()).sum()
}

fn azure(there: &Elsewhere) -> Azure<SystemClock> {
    pointed::azure(&there.base_url, there.ca_file.as_deref(), there.dir.path())
}

/// Whole sweeps of a real engine with its journal: the first, that writes everything down, and those after it.
fn held(estate: Estate) {
    let there = Elsewhere::start(estate);
    // As the service runs.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let mut settings = Settings::default();
    settings.sweep.interval = INTERVAL;
    let engine = runtime.block_on(pointed::engine(azure(&there), there.dir.path(), &settings, POLICY));
    let before = resident_bytes().unwrap();
    let sweep = || {
        let report = runtime.block_on(engine.sweep_all());
        assert_eq!((report.workspaces_read, &report.faults[..]), (estate.workspaces, &[][..]));
        assert_eq!(report.verdicts.len(), estate.count() as usize);
    };
    let first = once(sweep);
    let first_peak = peak_bytes().unwrap();
    let later: Vec<_> = (0..4).map(|_| once(sweep)).collect();
    let steady = later.last().unwrap();
    if estate.count() >= 10_000 && estate.latency_ms == 0 {
        standing(&runtime, &engine, (estate, *steady));
    }
    let name = format!("{} x {} + {} ms", estate.workspaces, estate.instances, estate.latency_ms);
    let each = |time: std::time::Duration| time.as_nanos() / u128::from(estate.count());
    println!(
        "engine {name}: first sweep {:?} elapsed, {} ns CPU an instance; later {:?}, {} ns",
        first.elapsed,
        each(first.cpu),
        steady.elapsed,
        each(steady.cpu)
    );
    let (resident, peak) = (resident_bytes().unwrap(), peak_bytes().unwrap());
    let each = resident.saturating_sub(before) / u64::from(estate.count());
    let whole = |bytes: u64| format!("{}.{} MiB", bytes / MEBIBYTE, bytes % MEBIBYTE * 10 / MEBIBYTE);
    println!(
        "B5 {name}: process {} before, {} after 5 sweeps, peak {} (first sweep {})",
        whole(before),
        whole(resident),
        whole(peak),
        whole(first_peak)
    );
    if estate.latency_ms > 0 {
        judge("sweep over a slow network, elapsed in ms", first.elapsed.as_millis(), 5_000);
        judge("sweep over a slow network, peak in KiB", u128::from(peak / 1024), 100 * 1024);
    } else if estate.count() > 1_000 {
        judge(&format!("B5 bytes an instance, of a floor of {SLOT}"), u128::from(each), u128::from(3 * SLOT));
        judge("B5 whole process in KiB", u128::from(resident / 1024), 150 * 1024);
    } else {
        judge("B5 whole process of a small fleet in KiB", u128::from(resident / 1024), 25 * 1024);
    }
}

/// B14: what a sweep in an interval takes, and a look a second at whether anything is due; of a core, beside reading and parsing
/// alone.
fn standing(runtime: &Runtime, engine: &Engine<Outside<SystemClock>>, (estate, sweep): (Estate, Once)) {
    let looks = once(|| {
        for _ in 0..100 {
            assert!(runtime.block_on(engine.tick()).is_none(), "nothing is due");
        }
    });
    let seconds = u128::from(INTERVAL.as_secs());
    // in hundred-thousandths of a core, of as many instances as the goal is for
    let scaled = 100_000 / u128::from(estate.count()).max(1);
    let spent = (sweep.cpu.as_micros() + looks.cpu.as_micros() * seconds / 100) * scaled;
    let floor = 3_500 * 100 / seconds;
    let figure = spent / 10 / seconds;
    let verdict = if figure <= 300 { "within" } else { "OVER" };
    println!("B14 steady, 1/100000 of a core: floor {floor}, figure {figure}, {verdict} the goal of 300");
}

fn judge(name: &str, figure: u128, goal: u128) {
    let verdict = if figure <= goal { "within" } else { "OVER" };
    println!("{name}: figure {figure}, {verdict} the goal of {goal}");
}
