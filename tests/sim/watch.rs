//! Runs stories side by side, and says what came of them.
#![expect(clippy::print_stdout, reason = "the simulation speaks to whoever runs it")]

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::args::Args;
use crate::check::Breach;
use crate::make::{Kind, story};
use crate::run::{Manner, Sim, Told};
use crate::shrink::{script, shrink};
use crate::sometimes::{SITUATIONS, Sometimes};

/// What all stories came to.
#[derive(Default)]
struct Sum {
    seen: Sometimes,
    broken: Option<(u64, Kind, Breach)>,
    stories: u64,
    stops: u64,
    kept: u64,
    sweeps: u64,
    /// Simulated days times machines.
    days: u64,
}

fn manner(args: &Args) -> Manner {
    Manner { aloud: args.rows, on_disk: args.store, to_the_end: false }
}

fn year(args: &Args) -> Kind {
    Kind::Years { people: args.fleet, days: args.days }
}

/// Does what was asked for.
pub(crate) fn run(args: &Args) -> ExitCode {
    if let Some(seed) = args.seed {
        let kind = if args.year { year(args) } else { Kind::Weeks };
        return one(args, seed, kind);
    }
    let mut stories: Vec<(u64, Kind)> = (0..args.years).map(|at| (args.from + at, year(args))).collect();
    stories.extend((0..args.seeds).map(|at| (args.from + at, Kind::Weeks)));
    many(args, &stories)
}

/// One story, its digest, and what is wrong with it.
fn one(args: &Args, seed: u64, kind: Kind) -> ExitCode {
    let told = Sim::tell(&story(seed, kind), manner(args));
    println!(
        "seed {seed}: {} rows, digest {}, {} sweeps, {} stops, {} ends of hours kept",
        told.rows, told.digest, told.sweeps, told.stops, told.kept
    );
    match told.breaches.first() {
        None => ExitCode::SUCCESS,
        Some(breach) => broken(args, seed, kind, breach),
    }
}

fn broken(args: &Args, seed: u64, kind: Kind, breach: &Breach) -> ExitCode {
    println!("\nseed {seed} breaks {breach}");
    if args.whole {
        return ExitCode::FAILURE;
    }
    let quietly = Manner { aloud: false, ..manner(args) };
    let shrunk = shrink(&story(seed, kind), breach, &|story| Sim::tell(story, quietly).breaches);
    println!("\nthe shortest story found in {} tries, {} events:\n", shrunk.tries, shrunk.story.events.len());
    println!("{}", script(&shrunk.story, &shrunk.breach));
    ExitCode::FAILURE
}

fn many(args: &Args, stories: &[(u64, Kind)]) -> ExitCode {
    let sum = Mutex::new(Sum::default());
    let (next, stop, began) = (AtomicU64::new(0), AtomicBool::new(false), Instant::now());
    std::thread::scope(|scope| {
        for _ in 0..args.jobs.max(1) {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let at = usize::try_from(next.fetch_add(1, Ordering::Relaxed)).unwrap_or(usize::MAX);
                    let Some((seed, kind)) = stories.get(at).copied() else { return };
                    let whole = story(seed, kind);
                    let told = Sim::tell(&whole, Manner { aloud: false, ..manner(args) });
                    let days = u64::try_from((whole.ends - whole.begins) / 86_400).unwrap_or(0);
                    let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
                    add(&mut sum, &told, days);
                    if let Some(breach) = told.breaches.into_iter().next() {
                        sum.broken.get_or_insert((seed, kind, breach));
                        stop.store(true, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let sum = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
    let seconds = began.elapsed().as_secs();
    println!(
        "{} stories, {} simulated days, in {seconds} s: {} sweeps, {} stops, {} ends of hours kept",
        sum.stories, sum.days, sum.sweeps, sum.stops, sum.kept
    );
    if let Some((seed, kind, breach)) = &sum.broken {
        return broken(args, *seed, *kind, breach);
    }
    coverage(args, &sum.seen)
}

fn add(sum: &mut Sum, told: &Told, days: u64) {
    sum.seen.add(&told.seen);
    sum.stories += 1;
    sum.stops += told.stops;
    sum.kept += told.kept;
    sum.sweeps += told.sweeps;
    sum.days += days;
}

fn coverage(args: &Args, seen: &Sometimes) -> ExitCode {
    for what in SITUATIONS {
        println!("{:>9}  {what}", seen.count(what));
    }
    let missed = seen.missed();
    if !args.cover || missed.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("\nthis never happened, so nothing was learnt of it:");
    missed.iter().for_each(|what| println!("  {what}"));
    ExitCode::FAILURE
}
