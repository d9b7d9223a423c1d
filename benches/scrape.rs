//! B9: a scrape of 100,000 series costs a copy of the page, whatever the fleet's size, and does not wait for a sweep.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints, and a broken one should stop")]

#[path = "../tests/support/build.rs"]
#[expect(dead_code, reason = "a part is used")]
mod build;
#[path = "support/measure.rs"]
#[expect(dead_code, reason = "a part is used")]
mod measure;

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};

use lightsout::metrics::{Format, Metrics, MetricsOptions};
use lightsout::ports::ApiUse;
use lightsout::report::FleetView;
use measure::{By, Measured, Rounds};

/// A scrape takes no longer while a sweep renders.
const SLOWEST: std::time::Duration = std::time::Duration::from_millis(50);

/// 500 workspaces of 200 instances: one series each, and some hundreds beside.
fn fleet() -> FleetView {
    let room = |n: usize| {
        let name = format!("workspace-{n:04}");
        let shown = |i: usize| build::shown(build::facts(&name, &format!("instance-{i:06}")), None);
        build::room(&name, (0..200).map(shown).collect())
    };
    build::fleet((0..500).map(room).collect())
}

fn main() {
    let options = MetricsOptions { instance_series: true, instance_series_max: 100_000, ..MetricsOptions::default() };
    let metrics = Metrics::new(options).unwrap();
    let view = fleet();
    metrics.observe_sweep(&view, &ApiUse::default());
    let page = metrics.render();
    println!("page: {} bytes, {} lines", page.len(), page.iter().filter(|byte| **byte == b'\n').count());
    // The pieces are what a scrape makes; the copy is what the socket takes of them.
    let scrape = |format| metrics.pieces(format).iter().for_each(|piece| drop(black_box(piece.to_vec())));
    for (name, format) in [("B9 classic", Format::Classic), ("B9 OpenMetrics", Format::OpenMetrics)] {
        let measured = Measured::alternating(By::Thread, 21, || drop(black_box(page.to_vec())), || scrape(format));
        println!("{}", measured.line(name, 1, 1_000));
    }
    println!("{}", during_sweeps(&metrics, &view));
}

/// The slowest scrapes while another thread renders page after page.
fn during_sweeps(metrics: &Metrics, view: &FleetView) -> String {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                metrics.observe_sweep(view, &ApiUse::default());
            }
        });
        let timed = || {
            let once =
                Measured::alternating(By::Elapsed, 9, || (), || drop(black_box(metrics.pieces(Format::Classic))));
            once.subject.spread().1
        };
        let slowest = Rounds::new((0..20).map(|_| timed()).collect());
        over.store(true, Ordering::Relaxed);
        let figure = slowest.spread().1;
        let verdict = if figure <= SLOWEST { "within" } else { "OVER" };
        format!(
            "B9 during sweeps: figure {figure:?} (median of the slowest {:?}), {verdict} the goal of {SLOWEST:?}",
            slowest.median()
        )
    })
}
