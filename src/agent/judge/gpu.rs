//! GPUs: use in percent; a process that only holds memory is connected; a card without figures is told by its process.

use super::found::{Found, Seen, cores, strongest};
use crate::agent::facts::{GpuSaid, Look};
use crate::agent::parse::{Gauge, Gpu};
use crate::agent::rules::Rules;
use crate::heartbeat::Signal;

/// A process that works so many thousandths of a core feeds the card that it holds.
const FEEDS: u64 = 50;

pub(super) fn judge(look: &Look, rules: &Rules) -> Found {
    let seen = match &look.gpu {
        GpuSaid::None => Vec::new(),
        GpuSaid::Failed(words) => vec![Seen::unknown(words.clone())],
        GpuSaid::Cards(cards, pids) => cards.iter().map(|card| says(card, pids.as_deref(), look, rules)).collect(),
    };
    strongest(Signal::Gpu, seen, "no GPU")
}

fn says(card: &Gpu, pids: Option<&[u32]>, look: &Look, rules: &Rules) -> Seen {
    let index = card.index;
    let holder = pids.unwrap_or_default().iter().max_by_key(|pid| look.window.mean_of(**pid));
    let name = |pid: &u32| look.process(*pid).map_or_else(|| format!("process {pid}"), |one| one.stat.name.clone());
    match (card.use_of, holder) {
        (Gauge::Percent(percent), _) if u32::from(percent) >= rules.gpu.busy_percent => {
            Seen::busy(look.at, format!("GPU {index} is used to {percent} %"))
        }
        (Gauge::Percent(_), Some(pid)) => Seen::connected(format!("{} holds a GPU and does not use it", name(pid))),
        (Gauge::Percent(percent), None) => Seen::quiet(format!("GPU {index} is used to {percent} %")),
        (Gauge::Absent | Gauge::Broken, Some(pid)) if look.window.mean_of(*pid) >= FEEDS => {
            let used = cores(look.window.mean_of(*pid));
            Seen::busy(look.at, format!("{} holds a GPU and uses {used} cores", name(pid)))
        }
        (Gauge::Absent | Gauge::Broken, Some(pid)) => {
            let why = if card.divided { " (MIG has no figure of use)" } else { "" };
            Seen::unknown(format!("{} holds GPU {index}, which does not say how much it is used{why}", name(pid)))
        }
        (Gauge::Absent, None) if pids.is_none() => {
            Seen::unknown(format!("GPU {index} says neither how much it is used nor by whom"))
        }
        (Gauge::Absent, None) => Seen::quiet(format!("nobody holds GPU {index}")),
        (Gauge::Broken, None) => Seen::unknown(format!("GPU {index} reports an error; see nvidia-smi")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests_support::{look, process};
    use super::*;
    use crate::heartbeat::Kind;

    #[test]
    fn cards_are_judged_by_their_figures_or_by_who_holds_them() {
        let holder = |permille| look(&[(process(77, 1).uid(1000).named("python"), permille)]);
        for (use_of, pids, permille, kind) in [
            (Gauge::Percent(0), vec![], 0, Kind::Quiet),
            (Gauge::Percent(4), vec![], 0, Kind::Quiet),
            (Gauge::Percent(5), vec![], 0, Kind::Busy),
            (Gauge::Percent(0), vec![77], 0, Kind::Connected),
            (Gauge::Percent(97), vec![77], 0, Kind::Busy),
            (Gauge::Absent, vec![], 0, Kind::Quiet),
            (Gauge::Absent, vec![77], 0, Kind::Unknown),
            (Gauge::Absent, vec![77], 60, Kind::Busy),
            (Gauge::Broken, vec![], 0, Kind::Unknown),
            (Gauge::Broken, vec![77], 60, Kind::Busy),
        ] {
            let card = Gpu { index: 0, use_of, divided: false };
            let gpu = GpuSaid::Cards(vec![card], Some(pids.clone()));
            let found = judge(&Look { gpu, ..holder(permille) }, &Rules::default());
            assert_eq!(found.kind, kind, "{use_of:?} {pids:?} {permille}: {}", found.words);
        }
    }

    #[test]
    fn who_holds_a_card_and_is_not_named_is_not_nobody() {
        for (use_of, kind) in [
            (Gauge::Percent(0), Kind::Quiet),
            (Gauge::Percent(50), Kind::Busy),
            (Gauge::Absent, Kind::Unknown),
            (Gauge::Broken, Kind::Unknown),
        ] {
            let gpu = GpuSaid::Cards(vec![Gpu { index: 0, use_of, divided: false }], None);
            assert_eq!(judge(&Look { gpu, ..look(&[]) }, &Rules::default()).kind, kind, "{use_of:?}");
        }
    }

    #[test]
    fn one_busy_card_of_eight_is_busy() {
        let cards =
            (0..8).map(|index| Gpu { index, use_of: Gauge::Percent(if index == 5 { 88 } else { 0 }), divided: false });
        let gpu = GpuSaid::Cards(cards.collect(), Some(Vec::new()));
        let found = judge(&Look { gpu, ..look(&[]) }, &Rules::default());
        assert_eq!((found.kind, found.words.as_str()), (Kind::Busy, "GPU 5 is used to 88 %"));
    }
}
