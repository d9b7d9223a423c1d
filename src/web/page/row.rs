//! One instance as a row of the fleet.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::common::{RowCan, may_act};
use super::shown::{Clocks, When, known, money};
use crate::access::{Person, Rule};
use crate::facts::InstanceFacts;
use crate::report::words::{clean, length};
use crate::report::{FleetView, HoldChoice, HoldOffer, InstanceView, NextKind};
use crate::units::Money;
use crate::web::api::shapes::{Instance, State};

/// What happens next.
#[derive(Debug, Clone, Serialize)]
pub(in crate::web) struct NextCell {
    /// What.
    pub(in crate::web) kind: NextKind,
    /// When.
    pub(in crate::web) at: Option<When>,
    /// In words, before the time.
    pub(in crate::web) words: String,
    /// Why.
    pub(in crate::web) why: Option<String>,
    /// What keeps it from going ahead.
    pub(in crate::web) held_back: Option<String>,
    /// `enforce` or `observe`.
    pub(in crate::web) mode: Option<String>,
}

/// The newest sign of use.
#[derive(Debug, Clone, Serialize)]
pub(in crate::web) struct ActiveCell {
    /// When.
    pub(in crate::web) at: Option<When>,
    /// Who says so.
    pub(in crate::web) by: Option<String>,
    /// What was seen.
    pub(in crate::web) words: String,
}

/// The hold that lasts longest.
#[derive(Debug, Clone, Serialize)]
pub(in crate::web) struct HoldCell {
    /// Until when.
    pub(in crate::web) until: When,
    /// By whom.
    pub(in crate::web) by: String,
    /// Why.
    pub(in crate::web) reason: String,
}

/// A length that can be chosen.
#[derive(Debug, Clone, Serialize)]
pub(in crate::web) struct Choice {
    /// In seconds.
    pub(in crate::web) seconds: u32,
    /// In words.
    pub(in crate::web) label: String,
    /// What it costs.
    pub(in crate::web) price: Option<String>,
}

/// What a hold may be.
#[derive(Debug, Clone, Serialize)]
pub(in crate::web) struct HoldTerms {
    /// What can be had.
    pub(in crate::web) choices: Vec<Choice>,
    /// What is left of the week.
    pub(in crate::web) left: String,
    /// What is left of the month's money.
    pub(in crate::web) money_left: Option<String>,
    /// Why nothing can be had.
    pub(in crate::web) refused: Option<String>,
}

/// A row.
#[derive(Debug, Clone, Serialize)]
pub(in crate::web) struct Row {
    /// Its page.
    pub(in crate::web) url: String,
    /// Its address in the API.
    pub(in crate::web) api: String,
    /// Its name.
    pub(in crate::web) name: String,
    /// Its workspace.
    pub(in crate::web) workspace: String,
    /// Its resource group.
    pub(in crate::web) group: String,
    /// Its state.
    pub(in crate::web) state: State,
    /// Its state in Azure's words.
    pub(in crate::web) state_words: String,
    /// Whose it is.
    pub(in crate::web) owner: Option<String>,
    /// Its size.
    pub(in crate::web) size: String,
    /// What an hour costs.
    pub(in crate::web) per_hour: Option<String>,
    /// What it cost today.
    pub(in crate::web) today: Option<String>,
    /// What happens next.
    pub(in crate::web) next: NextCell,
    /// The newest sign of use.
    pub(in crate::web) active: ActiveCell,
    /// The hold that lasts longest.
    pub(in crate::web) hold: Option<HoldCell>,
    /// Since when it should be off.
    pub(in crate::web) overdue: Option<When>,
    /// What whoever looks may do.
    pub(in crate::web) can: RowCan,
    /// What a hold may be.
    pub(in crate::web) hold_terms: HoldTerms,
}

/// What instances cost, by their ids in lower case: whoever is not in it cost nothing, and none is at a price not known.
pub(in crate::web) type Spent = BTreeMap<String, Option<Vec<Money>>>;

/// What rows are made with beside the view.
#[derive(Debug)]
pub(in crate::web) struct Around<'a> {
    /// The view.
    pub(in crate::web) view: &'a FleetView,
    /// Whoever looks.
    pub(in crate::web) person: &'a Person,
    /// When.
    pub(in crate::web) now: Timestamp,
    /// What each instance cost today; none where the account could not be read.
    pub(in crate::web) today: Option<&'a Spent>,
}

impl Around<'_> {
    /// What it cost today.
    fn spent(&self, facts: &InstanceFacts) -> Option<String> {
        let cost = self.today?.get(&facts.id.to_string().to_ascii_lowercase());
        known(cost.map_or(Some(&[]), Option::as_deref), self.view)
    }

    /// A row, with what a hold of it may be.
    #[must_use]
    pub(in crate::web) fn row(&self, instance: &InstanceView, offer: Option<&HoldOffer>) -> Row {
        let shape = Instance::of(self.view, instance);
        let clocks = self.clocks(instance);
        let facts = &instance.facts;
        let longest = instance.holds.iter().filter(|hold| !hold.off).max_by_key(|hold| hold.until);
        let next = crate::report::next(self.view, instance);
        Row {
            next: NextCell {
                kind: next.kind,
                at: clocks.maybe(next.at),
                words: shape.next.words,
                why: Some(shape.next.why).filter(|_| next.kind != NextKind::Off),
                held_back: shape.next.held_back,
                mode: shape.next.mode,
            },
            active: ActiveCell {
                at: shape.last_used.at.and_then(|at| at.parse().ok()).map(|at| clocks.when(at)),
                by: shape.last_used.source,
                words: shape.last_used.words,
            },
            hold: longest.map(|hold| HoldCell {
                until: clocks.when(hold.until),
                by: clean(&hold.by),
                reason: clean(&hold.reason),
            }),
            overdue: clocks.maybe(instance.overdue_since.known()),
            can: RowCan {
                hold: may_act(self.person, facts, Rule::Own) && offer.is_some() && shape.state != State::Stopped,
                stop: may_act(self.person, facts, Rule::Stop) && offer.is_some() && shape.state == State::Running,
                start: may_act(self.person, facts, Rule::Stop) && shape.state == State::Stopped,
                keep_off: may_act(self.person, facts, Rule::Own)
                    && shape.state == State::Stopped
                    && instance.start.is_some(),
            },
            hold_terms: offer.map_or_else(HoldTerms::none, HoldTerms::of),
            url: shape.page,
            api: shape.href,
            name: clean(&shape.name),
            workspace: clean(&shape.workspace),
            group: clean(&shape.resource_group),
            state: shape.state,
            state_words: clean(&shape.azure_state),
            owner: shape.owner.as_deref().map(clean),
            size: clean(&shape.size),
            per_hour: shape.per_hour.map(money),
            today: self.spent(facts),
        }
    }

    /// By the clock of the policy's hours.
    #[must_use]
    pub(in crate::web) fn clocks(&self, instance: &InstanceView) -> Clocks {
        let zone = instance.verdict.as_ref().and_then(|verdict| verdict.under.zone.clone());
        Clocks::of_zone(self.now, zone.as_deref())
    }
}

impl HoldTerms {
    fn none() -> Self {
        let refused = Some("no policy governs it, so nothing stops it".to_owned());
        Self { choices: Vec::new(), left: String::new(), money_left: None, refused }
    }

    /// Of what may be asked for now.
    #[must_use]
    pub(in crate::web) fn of(offer: &HoldOffer) -> Self {
        let choice = |choice: &HoldChoice| Choice {
            seconds: choice.seconds,
            label: length(SignedDuration::from_secs(i64::from(choice.seconds))),
            price: choice.price.map(money),
        };
        let left = offer.per_week.saturating_sub(offer.made_this_week);
        Self {
            choices: offer.choices.iter().map(choice).collect(),
            left: format!("{left} of {} left this week", offer.per_week),
            money_left: offer.left.map(|left| format!("{} left this month", money(left))),
            refused: offer.refused.clone(),
        }
    }
}
