//! Whoever can tell whether an instance is used, beside Azure itself: those that the settings set up, asked as one.

use jiff::Timestamp;

use crate::facts::SourceSet;
use crate::ports::{Heard, Question, Witness};
use crate::promql::Promql;

/// The sources that there are. Azure is not among them: it is a witness too, and is asked beside these.
#[derive(Debug, Default)]
pub struct Witnesses {
    /// Prometheus.
    pub promql: Option<Promql>,
}

impl Witness for Witnesses {
    fn sources(&self) -> SourceSet {
        self.promql.as_ref().map_or(SourceSet::NONE, Witness::sources)
    }

    async fn ask(&self, questions: &[Question], now: Timestamp) -> Heard {
        match &self.promql {
            Some(promql) => promql.ask(questions, now).await,
            None => Heard::default(),
        }
    }
}

/// The sources of both.
pub(super) fn either(one: &impl Witness, other: &impl Witness) -> SourceSet {
    one.sources().iter().chain(other.sources().iter()).collect()
}

/// Asks both at the same time.
pub(super) async fn both(one: &impl Witness, other: &impl Witness, questions: &[Question], now: Timestamp) -> Heard {
    let (one, other) = futures_util::join!(one.ask(questions, now), other.ask(questions, now));
    one.and(other)
}
