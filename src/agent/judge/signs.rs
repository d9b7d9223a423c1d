//! Every signal of one look, and whether enough of them could be read for the time to count as watched.

use super::found::Found;
use super::{editors, gpu, jupyter, left_running, people, work};
use crate::agent::facts::Look;
use crate::agent::rules::{Need, Rules};
use crate::heartbeat::{Kind, Signal};

/// What a look means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// One for each signal that is not off.
    pub found: Vec<Found>,
    /// Every signal that is required could be read.
    pub complete: bool,
}

/// Judges a look.
#[must_use]
pub fn judge(look: &Look, rules: &Rules) -> Judged {
    type Judge = fn(&Look, &Rules) -> Found;
    let judges: [(Signal, Judge); 9] = [
        (Signal::Jupyter, jupyter::judge),
        (Signal::Terminals, people::terminals),
        (Signal::Vscode, editors::vscode),
        (Signal::Rstudio, editors::rstudio),
        (Signal::Detached, left_running::judge),
        (Signal::Containers, work::containers),
        (Signal::Cpu, work::cpu),
        (Signal::DiskIo, work::disk_io),
        (Signal::Gpu, gpu::judge),
    ];
    let wanted = judges.into_iter().filter(|(signal, _)| rules.signals.need(signal) != Need::Off);
    let found: Vec<Found> = wanted.map(|(_, judge)| within(judge(look, rules), look)).collect();
    let lost = |one: &Found| one.kind == Kind::Unknown && rules.signals.need(&one.signal) == Need::Required;
    Judged { complete: !found.iter().any(lost), found }
}

/// Use that a clock gone wrong puts into the future was now.
fn within(found: Found, look: &Look) -> Found {
    Found { used_at: found.used_at.map(|at| at.min(look.at)), ..found }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests_support::{at, empty_look};
    use super::*;
    use crate::agent::facts::{GpuSaid, Tty};

    #[test]
    fn an_empty_machine_is_quiet_in_every_signal() {
        let judged = judge(&empty_look(), &Rules::default());
        assert_eq!(judged.found.len(), 9);
        assert!(judged.found.iter().all(|one| one.kind == Kind::Quiet && !one.words.is_empty()), "{judged:?}");
        assert!(judged.complete);
    }

    #[test]
    fn what_cannot_be_read_counts_by_its_need() {
        let mut look = empty_look();
        look.gpu = GpuSaid::Failed("nvidia-smi: x".to_owned());
        let mut rules = Rules::default();
        assert!(!judge(&look, &rules).complete);
        rules.signals.gpu = Need::Optional;
        let judged = judge(&look, &rules);
        assert!(judged.complete && judged.found.iter().any(|one| one.kind == Kind::Unknown));
        rules.signals.gpu = Need::Off;
        assert_eq!(judge(&look, &rules).found.len(), 8);
        look.snapshot = None;
        let judged = judge(&look, &rules);
        let unknown = judged.found.iter().filter(|one| one.kind == Kind::Unknown);
        assert_eq!(unknown.count(), 6, "without processes six signals cannot be told: {judged:?}");
    }

    #[test]
    fn use_in_the_future_was_now() {
        let mut look = empty_look();
        let tty = Tty { line: "pts/0".to_owned(), device: 0x8800, uid: 1000, last_input: at("11:00:00") };
        look.terminals = Ok(vec![tty]);
        let judged = judge(&look, &Rules::default());
        assert_eq!(judged.found.iter().find_map(|one| one.used_at), Some(look.at));
    }
}
