//! The kinds of people in the demo, and how each lives.

use super::super::world::{Habits, chance, stream};

/// A kind of person.
#[derive(Debug, Clone, Copy)]
pub(super) enum Role {
    /// Notebooks on a CPU machine in office hours; forgets it now and then.
    Analyst,
    /// Trains by job at night.
    Trainer,
    /// Trains under tmux at night.
    Tinkerer,
    /// Works late and after dinner.
    Owl,
    /// Stops the machine every evening.
    Tidy,
    /// Never stops it.
    Careless,
}

impl Role {
    /// Habits of one person of this kind, a little different for each name.
    pub(super) fn habits(self, seed: u64, name: &str, zone: &str) -> Habits {
        let mut rng = stream(seed, &["habits", name]);
        let arrives = rng.i64(510..=590);
        let stays = rng.i64(455..=525);
        let forgets_more = if chance(&mut rng, 30) { 20 } else { 0 };
        let base = Habits {
            zone: zone.to_owned(),
            arrives,
            stays,
            forgets: 35_u32.saturating_add(forgets_more),
            night_jobs: 4,
            tmux_runs: 0,
            evenings: 8,
            weekends: 6,
            late_days: 10,
            holidays: 5,
            asks_hold: 90,
        };
        match self {
            Self::Analyst => base,
            Self::Trainer => Habits { night_jobs: 38, weekends: 12, ..base },
            Self::Tinkerer => Habits { tmux_runs: 30, night_jobs: 8, asks_hold: 96, ..base },
            Self::Owl => Habits {
                arrives: arrives.saturating_add(60),
                late_days: 40,
                evenings: 38,
                weekends: 25,
                asks_hold: 96,
                ..base
            },
            Self::Tidy => Habits { forgets: 3, evenings: 5, ..base },
            Self::Careless => {
                Habits { forgets: 100, evenings: 0, late_days: 0, night_jobs: 0, weekends: 0, holidays: 0, ..base }
            }
        }
    }
}
