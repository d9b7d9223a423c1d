//! Stories by their seed: weeks of a few machines in which much goes wrong, and years of many.

use fastrand::Rng;

use crate::edges::{Edges, edges};
use crate::faults::{Weather, faults};
use crate::people::{Crowd, lives};
use crate::policies::{PLAIN, VARIANTS, Written};
use crate::story::Story;

/// What kind of story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A few machines for some weeks, and storms every few days.
    Weeks,
    /// A fleet for so many days.
    Years { people: u16, days: i64 },
}

const DAY: i64 = 86_400;
/// 2026-01-01, from which on stories begin.
const EPOCH: i64 = 1_767_225_600;

fn put_together(rng: &mut Rng, seed: u64, (crowd, weather): (Crowd, Weather), story: Story) -> Story {
    let zones: Vec<&str> = story.written.iter().map(|one| one.zone).collect();
    let span = (story.begins, story.ends);
    let mut events = lives(rng, crowd, &zones, span);
    events.extend(faults(rng, crowd, weather, span));
    let of = Edges { crowd, written: &story.written, percent: weather.edges, interval: story.interval };
    events.extend(edges(rng, &of, span));
    // what happens at one instant happens in the order in which it was thought of
    events.sort_by_key(|(at, _)| *at);
    Story { seed, events, ..story }
}

/// Any day of three years; every third story is about the change of clocks.
fn first_day(rng: &mut Rng) -> i64 {
    // days of 2026 and 2027 after which the clocks of Madrid, New York, Santiago or Lord Howe change
    let changes = [59, 84, 90, 268, 293, 297, 430, 448, 633, 664];
    let day = match rng.u32(0..3) {
        0 => rng.choice(changes).unwrap_or(84) - rng.i64(0..4),
        _any => rng.i64(0..1100),
    };
    EPOCH + day * DAY
}

/// The story of a seed.
pub(crate) fn story(seed: u64, kind: Kind) -> Story {
    let mut rng = Rng::with_seed(seed ^ 0x6c69_6768_7473_6f75);
    let written = |rng: &mut Rng| rng.choice(VARIANTS.iter()).copied().unwrap_or(PLAIN);
    match kind {
        Kind::Weeks => {
            let crowd = Crowd { people: rng.u16(3..9), homes: 2 };
            let weather = Weather { calm: rng.i64(20..70), storm: rng.i64(6..40), dense: rng.u32(1..4), edges: 20 };
            let begins = first_day(&mut rng);
            let written: Vec<Written> = (0..2).map(|_| written(&mut rng)).collect();
            let story = Story {
                seed,
                written,
                begins,
                ends: begins + rng.i64(9..22) * DAY,
                interval: rng.choice([300, 600, 900]).unwrap_or(300),
                uncapped: rng.u32(0..4) > 0,
                events: Vec::new(),
            };
            put_together(&mut rng, seed, (crowd, weather), story)
        }
        Kind::Years { people, days } => {
            let crowd = Crowd { people, homes: 10 };
            let weather = Weather { calm: 240, storm: 40, dense: 3, edges: 1 };
            let begins = EPOCH + rng.i64(0..700) * DAY;
            let order: Vec<Written> = (0..10)
                .filter_map(|at| VARIANTS.get((at * 3 / 2 + rng.usize(0..2)) % VARIANTS.len()))
                .copied()
                .collect();
            let story = Story {
                seed,
                written: order,
                begins,
                ends: begins + days * DAY,
                interval: 900,
                uncapped: false,
                events: Vec::new(),
            };
            put_together(&mut rng, seed, (crowd, weather), story)
        }
    }
}
