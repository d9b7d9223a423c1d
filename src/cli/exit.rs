//! What the shell is told.

use crate::report::{FleetView, Outcome};

/// How a command ended, for scripts and cron.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// All well.
    Well,
    /// Something unexpected; the error chain says what.
    Unexpected,
    /// Settings or policies are wrong; every problem was printed.
    BadConfiguration,
    /// Some workspaces could not be read; the rest was done.
    Unreadable,
    /// A stop failed.
    StopFailed,
}

/// Words of stops that Azure took and that came to nothing.
const FAILED: [&str; 3] = ["operation_failed", "still_running", "unclear"];

impl Exit {
    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Well => 0,
            Self::Unexpected => 1,
            Self::BadConfiguration => 2,
            Self::Unreadable => 3,
            Self::StopFailed => 4,
        }
    }

    /// Of a sweep: a stop that failed, or that was due and refused for what is wrong here, outweighs workspaces that could
    /// not be read. A stop whose answer was lost has not failed yet; the next sweep looks.
    #[must_use]
    pub fn of_sweep(view: &FleetView) -> Self {
        let failed = view.last.stops.iter().any(|line| match line.outcome {
            Outcome::Failed { .. } => true,
            Outcome::Dropped { refusal, .. } => refusal.is_trouble(),
            Outcome::Accepted | Outcome::AlreadyStopped | Outcome::Unclear { .. } => false,
        });
        let failed = failed || view.last.refused.iter().any(|(_, refusal)| refusal.is_trouble());
        let settled =
            view.last.settled.iter().any(|(_, result)| result == "failed" || FAILED.contains(&result.as_str()));
        if failed || settled { Self::StopFailed } else { Self::of_reading(view) }
    }

    /// How well the fleet was read; what Azure never settles is as good as not read.
    #[must_use]
    pub fn of_reading(view: &FleetView) -> Self {
        let unread =
            view.workspaces.values().any(|workspace| workspace.fault.is_some()) || !view.last.faults.is_empty();
        if unread { Self::Unreadable } else { Self::Well }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
