//! Whoever can tell whether an instance is used, beside Azure itself: those that the settings set up, asked as one.

use std::sync::Arc;

use jiff::Timestamp;

use crate::facts::SourceSet;
use crate::intake::Desk;
use crate::ports::{Clock, Heard, Question, Witness};
use crate::promql::Promql;
use crate::units::InstanceId;

/// The sources that there are. Azure is not among them: it is a witness too, and is asked beside these.
#[derive(Debug)]
pub struct Witnesses<C> {
    /// Where agents report.
    pub agents: Option<Arc<Desk<C>>>,
    /// Prometheus.
    pub promql: Option<Promql>,
}

impl<C> Default for Witnesses<C> {
    fn default() -> Self {
        Self { agents: None, promql: None }
    }
}

impl<C: Clock> Witness for Witnesses<C> {
    fn sources(&self) -> SourceSet {
        let agents = self.agents.as_ref().map(|desk| desk.sources());
        let promql = self.promql.as_ref().map(Witness::sources);
        agents.iter().chain(&promql).flat_map(|sources| sources.iter()).collect()
    }

    fn meet(&self, instances: &[InstanceId], now: Timestamp) {
        self.promql.iter().for_each(|promql| promql.meet(instances, now));
    }

    async fn ask(&self, questions: &[Question], now: Timestamp) -> Heard {
        let agents = async {
            match &self.agents {
                Some(desk) => desk.ask(questions, now).await,
                None => Heard::default(),
            }
        };
        let promql = async {
            match &self.promql {
                Some(promql) => promql.ask(questions, now).await,
                None => Heard::default(),
            }
        };
        let (agents, promql) = futures_util::join!(agents, promql);
        agents.and(promql)
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
