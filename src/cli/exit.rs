//! What the shell is told.

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

    /// Of a sweep: a stop that failed outweighs workspaces that could not be read. A stop whose answer was lost has not
    /// failed yet; the next sweep looks.
    #[must_use]
    pub fn of_sweep(view: &crate::report::FleetView) -> Self {
        use crate::report::Outcome;
        let failed = view.last.stops.iter().any(|line| match line.outcome {
            Outcome::Failed { .. } => true,
            Outcome::Accepted | Outcome::AlreadyStopped | Outcome::Dropped { .. } | Outcome::Unclear { .. } => false,
        });
        let settled =
            view.last.settled.iter().any(|(_, result)| result == "failed" || FAILED.contains(&result.as_str()));
        if failed || settled { Self::StopFailed } else { Self::of_reading(view) }
    }

    /// How well the fleet was read. What Azure has not settled was read all the same.
    #[must_use]
    pub fn of_reading(view: &crate::report::FleetView) -> Self {
        let unread = view.workspaces.values().any(|workspace| workspace.fault.is_some())
            || view.last.faults.iter().any(|fault| fault.label != "stuck");
        if unread { Self::Unreadable } else { Self::Well }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
