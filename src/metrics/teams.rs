//! Which teams have series of their own: anybody who may tag an instance can name one, so there is a cap.

use std::collections::BTreeSet;

use super::escape;
use crate::ledger::Sum;

/// So many teams have labels; those met later are `other` together.
const TEAMS_MAX: usize = 200;

/// Teams with a label. A team that has one keeps it while the process lives, so that no series gives seconds away.
#[derive(Debug, Default)]
pub(super) struct Teams {
    known: BTreeSet<String>,
}

impl Teams {
    /// Takes in teams as long as there is room.
    pub(super) fn meet(&mut self, sums: &[Sum]) {
        for team in sums.iter().filter_map(|sum| sum.team.as_deref()) {
            if self.known.len() >= TEAMS_MAX {
                return;
            }
            if !self.known.contains(team) {
                self.known.insert(escape::word(team));
            }
        }
    }

    /// A team's label; nobody's is empty.
    pub(super) fn label(&self, team: Option<&str>) -> &str {
        let Some(team) = team else { return "" };
        let known = self.known.get(team).or_else(|| self.known.get(&escape::word(team)));
        known.map_or("other", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::ledger::EntryKind;
    use crate::units::WorkspaceId;

    fn sum(team: &str) -> Sum {
        Sum {
            workspace: WorkspaceId::new("s", "g", "w").unwrap(),
            team: Some(Arc::from(team)),
            kind: EntryKind::Usage,
            price: None,
            rate: None,
            priced: None,
            seconds: 1,
            charged: 0,
            open: 0,
        }
    }

    #[test]
    fn who_came_first_keeps_the_label() {
        let mut teams = Teams::default();
        teams.meet(&(0..TEAMS_MAX).map(|n| sum(&format!("team-{n}"))).collect::<Vec<_>>());
        teams.meet(&[sum("a team of tomorrow")]);
        assert_eq!(teams.label(Some("team-7")), "team-7");
        assert_eq!(teams.label(Some("a team of tomorrow")), "other");
        assert_eq!(teams.label(None), "");
    }

    #[test]
    fn a_word_from_outside_is_cut_and_cleaned() {
        let mut teams = Teams::default();
        teams.meet(&[sum(&"x".repeat(500)), sum("a\u{1b}b")]);
        assert_eq!(teams.label(Some(&"x".repeat(500))).len(), 64);
        assert_eq!(teams.label(Some("a\u{1b}b")), "ab");
    }
}
