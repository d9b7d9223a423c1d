//! Whoever can tell whether an instance is used, as one: those that the settings set up.

use std::sync::Arc;

use jiff::Timestamp;

use crate::facts::SourceSet;
use crate::intake::Desk;
use crate::ports::{Clock, Heard, Question, Witness};

/// The sources that there are.
#[derive(Debug)]
pub struct Witnesses<C> {
    /// Where agents report.
    pub agents: Option<Arc<Desk<C>>>,
}

impl<C> Default for Witnesses<C> {
    fn default() -> Self {
        Self { agents: None }
    }
}

impl<C: Clock> Witness for Witnesses<C> {
    fn sources(&self) -> SourceSet {
        self.agents.iter().fold(SourceSet::NONE, |all, desk| desk.sources().iter().fold(all, SourceSet::with))
    }

    async fn ask(&self, questions: &[Question], now: Timestamp) -> Heard {
        match &self.agents {
            Some(desk) => desk.ask(questions, now).await,
            None => Heard::default(),
        }
    }
}
