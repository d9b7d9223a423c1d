//! Ten thousand instances: the first page is no larger than that of a hundred, and not much slower.

use std::time::{Duration, Instant};

use super::estate::Estate;
use super::service::until;
use super::stage::{Stage, soon};

/// How often each fleet is asked for its page, in turns.
const ROUNDS: usize = 9;
/// Bytes of the first page.
const LARGEST: usize = 400_000;
/// How much longer the page of a hundred times as many may take: filter, order and sums go through all of them.
const SLOWER: u32 = 40;

async fn fleet(workspaces: usize) -> Stage {
    let own = |options: &mut lightsout::sandbox::SandboxOptions| {
        let all = options.world.workspaces.iter_mut().flat_map(|place| &mut place.instances);
        for (number, machine) in all.enumerate() {
            if let Some(owner) = &mut machine.owner {
                owner.user_name = Some(format!("somebody.{number:05}@contoso.example"));
            }
        }
        options.throttling = lightsout::sandbox::Throttling::Off;
    };
    let estate = Estate::start(workspaces, 100, own).await;
    let policy = soon("").replace("\"enforce\"", "\"observe\"");
    // no sweep falls into what is measured
    let stage = Stage::every("15m", estate, (&policy, ""));
    until("the whole fleet", || {
        let wanted = format!("{} instances", workspaces * 100);
        stage.place.run(&["status"]).out.contains(&wanted).then_some(())
    });
    stage
}

async fn page(stage: &Stage, path: &str) -> (Duration, usize) {
    let began = Instant::now();
    let answer = stage.get(path).await;
    assert_eq!(answer.status().as_u16(), 200, "{path}");
    let size = answer.bytes().await.unwrap().len();
    (began.elapsed(), size)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_instances_make_no_large_page_and_no_slow_one() {
    let (few, many) = (fleet(1).await, fleet(100).await);
    for path in ["/", "/?sort=cost&desc=1", "/?q=somebody.0&group=workspace"] {
        let (mut floor, mut times, mut sizes) = (Vec::new(), Vec::new(), (0, 0));
        for _ in 0..ROUNDS {
            let (small, large) = (page(&few, path).await, page(&many, path).await);
            floor.push(small.0);
            times.push(large.0);
            sizes = (small.1, large.1);
        }
        let (floor, time) = (median(floor), median(times));
        eprintln!(
            "{path}: 100 instances {floor:?}, {} bytes; 10,000 instances {time:?}, {} bytes; {:.1} times",
            sizes.0,
            sizes.1,
            time.as_secs_f64() / floor.as_secs_f64()
        );
        assert!(sizes.1 <= LARGEST, "{path}: {} bytes", sizes.1);
        assert!(time <= floor * SLOWER, "{path}: {time:?} for 10,000 instances and {floor:?} for 100");
    }
}
