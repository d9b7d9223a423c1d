//! What the API says, as JSON: the fleet's own values under stable names, with ids, instants and amounts that programs read.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::facts::{Evidence, Hold, InstanceFacts, PowerState, Reading, Source, Use};
use crate::links::path_of;
use crate::report::{FleetView, HoldChoice, HoldOffer, InstanceView, Next, NextKind, next, words};
use crate::units::{InstanceId, Money, When};

/// An instant, in RFC 3339.
pub(in crate::web) type At = String;

/// An instant as the API writes it.
#[must_use]
pub(in crate::web) fn at(instant: Timestamp) -> At {
    instant.to_string()
}

fn maybe(instant: When) -> Option<At> {
    instant.known().map(at)
}

/// The state of an instance, in the few words that matter to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::web) enum State {
    /// On.
    Running,
    /// Off.
    Stopped,
    /// On its way from one to the other.
    Changing,
    /// Broken, or in a state that this version does not know.
    Unknown,
}

impl State {
    /// Of a state of Azure's.
    #[must_use]
    pub(in crate::web) const fn of(state: &PowerState) -> Self {
        match state {
            PowerState::Running | PowerState::JobRunning => Self::Running,
            PowerState::Stopped => Self::Stopped,
            PowerState::Changing(_) => Self::Changing,
            PowerState::Broken(_) | PowerState::Unrecognised(_) => Self::Unknown,
        }
    }

    /// The word, as in JSON.
    #[must_use]
    pub(in crate::web) const fn label(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Changing => "changing",
            Self::Unknown => "unknown",
        }
    }
}

/// What happens next, if nothing changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(in crate::web) struct NextShape {
    /// What.
    pub(in crate::web) kind: NextKind,
    /// When; none where only something that happens can change it.
    pub(in crate::web) at: Option<At>,
    /// In words, before a time: `stops`, `would stop`.
    pub(in crate::web) words: String,
    /// The ground's label; none where nothing was decided.
    pub(in crate::web) ground: Option<String>,
    /// Why, as a fragment of a sentence about it.
    pub(in crate::web) why: String,
    /// What keeps a due stop from going ahead.
    pub(in crate::web) held_back: Option<String>,
    /// `enforce` or `observe`, where a policy governs it.
    pub(in crate::web) mode: Option<String>,
}

impl From<&Next> for NextShape {
    fn from(next: &Next) -> Self {
        Self {
            kind: next.kind,
            at: next.at.map(at),
            words: next.words().to_owned(),
            ground: next.ground.map(|ground| ground.label().to_owned()),
            why: next.why().to_owned(),
            held_back: next.held_back.map(|refusal| refusal.words().to_owned()),
            mode: next.mode.map(|mode| words::mode(mode).to_owned()),
        }
    }
}

/// The newest sign of use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(in crate::web) struct LastUsed {
    /// When; none where no source has told of any, which does not mean that there was none.
    pub(in crate::web) at: Option<At>,
    /// Who says so.
    pub(in crate::web) source: Option<String>,
    /// What was seen.
    pub(in crate::web) words: String,
}

impl LastUsed {
    /// Of what is known.
    #[must_use]
    pub(in crate::web) fn of(facts: &InstanceFacts, evidence: &Evidence, seen_at: When) -> Self {
        if facts.state == PowerState::JobRunning {
            let words = "a job is running".to_owned();
            return Self { at: maybe(seen_at), source: Some(Source::Job.label().to_owned()), words };
        }
        let newest = evidence.tracks.iter().max_by_key(|track| {
            let busy_now = track.now == Use::Busy;
            (busy_now, if busy_now { When::at(track.as_of) } else { track.last_busy })
        });
        let Some(track) = newest else {
            return Self { at: None, source: None, words: "no signal".to_owned() };
        };
        let source = Some(track.source.label().to_owned());
        let when = if track.now == Use::Busy { When::at(track.as_of) } else { track.last_busy };
        let words = match track.now {
            Use::Busy | Use::Connected | Use::Unknown => words::clean(&track.words),
            Use::Quiet if when.known().is_some() => "quiet since then".to_owned(),
            Use::Quiet => "quiet as long as it was watched".to_owned(),
        };
        Self { at: maybe(when), source, words }
    }
}

/// A hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(in crate::web) struct HoldShape {
    /// Its id.
    pub(in crate::web) id: String,
    /// The instance, by its ARM id.
    pub(in crate::web) instance: String,
    /// When it ends.
    pub(in crate::web) until: At,
    /// Who asked.
    pub(in crate::web) by: String,
    /// Why.
    pub(in crate::web) reason: String,
    /// When it was made.
    pub(in crate::web) made_at: At,
    /// What it costs at most; none where nobody knows the price.
    pub(in crate::web) price: Option<Money>,
    /// True: it is to stay off, and not on.
    pub(in crate::web) off: bool,
}

impl From<&Hold> for HoldShape {
    fn from(hold: &Hold) -> Self {
        Self {
            id: hold.id.clone(),
            instance: hold.instance.to_string(),
            until: at(hold.until),
            by: hold.by.clone(),
            reason: hold.reason.clone(),
            made_at: at(hold.made_at),
            price: hold.price,
            off: hold.off,
        }
    }
}

/// A length of a hold that can be had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(in crate::web) struct ChoiceShape {
    /// How long, in seconds.
    pub(in crate::web) seconds: u32,
    /// Until when, if it is made now.
    pub(in crate::web) until: At,
    /// What it costs at most; none where nobody knows the price.
    pub(in crate::web) price: Option<Money>,
}

/// What may be asked for when an instance is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(in crate::web) struct OfferShape {
    /// The instance, by its ARM id.
    pub(in crate::web) instance: String,
    /// Whose it is.
    pub(in crate::web) owner: Option<String>,
    /// When it is due to stop.
    pub(in crate::web) stops_at: Option<At>,
    /// The ground of that stop.
    pub(in crate::web) ground: Option<String>,
    /// Until when it is held already.
    pub(in crate::web) held_until: Option<At>,
    /// What can be had; empty when nothing can.
    pub(in crate::web) choices: Vec<ChoiceShape>,
    /// How many holds there may be in seven days.
    pub(in crate::web) per_week: u32,
    /// How many there were.
    pub(in crate::web) made_this_week: u32,
    /// What may still be spent this month; none where there is no limit, or nobody knows the price.
    pub(in crate::web) left: Option<Money>,
    /// Why nothing can be had.
    pub(in crate::web) refused: Option<String>,
}

impl From<&HoldOffer> for OfferShape {
    fn from(offer: &HoldOffer) -> Self {
        let choice =
            |choice: &HoldChoice| ChoiceShape { seconds: choice.seconds, until: at(choice.until), price: choice.price };
        Self {
            instance: offer.instance.to_string(),
            owner: offer.owner.clone(),
            stops_at: offer.stops_at.map(at),
            ground: offer.ground.clone(),
            held_until: offer.held_until.map(at),
            choices: offer.choices.iter().map(choice).collect(),
            per_week: offer.per_week,
            made_this_week: offer.made_this_week,
            left: offer.left,
            refused: offer.refused.clone(),
        }
    }
}

/// An instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(in crate::web) struct Instance {
    /// Its ARM id.
    pub(in crate::web) id: String,
    /// Its name.
    pub(in crate::web) name: String,
    /// Its subscription's id.
    pub(in crate::web) subscription: String,
    /// Its resource group.
    pub(in crate::web) resource_group: String,
    /// Its workspace's name.
    pub(in crate::web) workspace: String,
    /// Its region.
    pub(in crate::web) region: String,
    /// Its VM size.
    pub(in crate::web) size: String,
    /// Its state.
    pub(in crate::web) state: State,
    /// Azure's own word for the state.
    pub(in crate::web) azure_state: String,
    /// Whose it is, as far as anyone knows.
    pub(in crate::web) owner: Option<String>,
    /// Which policy governs it.
    pub(in crate::web) policy: Option<String>,
    /// What it costs an hour while it is on; none where nobody knows the price.
    pub(in crate::web) per_hour: Option<Money>,
    /// What happens next.
    pub(in crate::web) next: NextShape,
    /// The newest sign of use.
    pub(in crate::web) last_used: LastUsed,
    /// Holds in force.
    pub(in crate::web) holds: Vec<HoldShape>,
    /// Since when it should be off and is not.
    pub(in crate::web) overdue_since: Option<At>,
    /// When it was last started, as Azure says.
    pub(in crate::web) started_at: Option<At>,
    /// When it was last seen.
    pub(in crate::web) seen_at: Option<At>,
    /// Its tags; none where they could not be read.
    pub(in crate::web) tags: Option<Vec<(String, String)>>,
    /// Its address in this API.
    pub(in crate::web) href: String,
    /// Its page.
    pub(in crate::web) page: String,
}

/// The path of an instance in the API.
#[must_use]
pub(in crate::web) fn api_path(id: &InstanceId) -> String {
    below("/api/v1/instances", id)
}

/// The path of an instance's page.
#[must_use]
pub(in crate::web) fn page_path(id: &InstanceId) -> String {
    below("/instance", id)
}

/// Each part safe in a path.
fn below(prefix: &str, id: &InstanceId) -> String {
    let mut url = prefix.to_owned();
    for part in path_of(id) {
        url.push('/');
        url.extend(url::form_urlencoded::byte_serialize(part.as_bytes()).map(|piece| piece.replace('+', "%20")));
    }
    url
}

impl Instance {
    /// Of an instance in the view.
    #[must_use]
    pub(in crate::web) fn of(view: &FleetView, instance: &InstanceView) -> Self {
        let facts = &instance.facts;
        let [subscription, group, workspace, name] = path_of(&facts.id);
        let evidence = instance.evidence.as_deref().unwrap_or(Evidence::NONE);
        let rate = view.money.prices.rate(&facts.size, &facts.region);
        Self {
            id: facts.id.to_string(),
            name: name.to_owned(),
            subscription: subscription.to_owned(),
            resource_group: group.to_owned(),
            workspace: workspace.to_owned(),
            region: facts.region.to_string(),
            size: facts.size.to_string(),
            state: State::of(&facts.state),
            azure_state: facts.state.to_string(),
            owner: facts.owner.name().map(str::to_owned),
            policy: view
                .workspaces
                .get(facts.id.workspace())
                .and_then(|place| place.policy.as_ref())
                .map(ToString::to_string),
            per_hour: rate.map(|rate| rate.over(3_600).rounded()),
            next: NextShape::from(&next(view, instance)),
            last_used: LastUsed::of(facts, evidence, instance.seen_at),
            holds: instance.holds.iter().map(HoldShape::from).collect(),
            overdue_since: maybe(instance.overdue_since),
            started_at: facts.started_at().map(at),
            seen_at: maybe(instance.seen_at),
            tags: match &facts.tags {
                Reading::Known { value, .. } => {
                    Some(value.0.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect())
                }
                Reading::Unknown(_) => None,
            },
            href: api_path(&facts.id),
            page: page_path(&facts.id),
        }
    }
}

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(in crate::web) struct PolicyShape {
    /// Its name.
    pub(in crate::web) name: String,
    /// Its file.
    pub(in crate::web) file: String,
    /// Its revision.
    pub(in crate::web) revision: String,
    /// `observe` or `enforce`.
    pub(in crate::web) mode: String,
    /// The IANA name of the zone of its hours.
    pub(in crate::web) zone: Option<String>,
    /// Until when it is held to a share of the fleet, being changed lately.
    pub(in crate::web) canary_until: Option<At>,
}

/// The policies of a view.
#[must_use]
pub(in crate::web) fn policies(view: &FleetView) -> Vec<PolicyShape> {
    let shape = |policy: &crate::report::PolicyView| PolicyShape {
        name: policy.id.to_string(),
        file: policy.file.to_string(),
        revision: policy.revision.to_string(),
        mode: words::mode(policy.mode).to_owned(),
        zone: policy.zone.clone(),
        canary_until: policy.canary_until.map(at),
    };
    view.policies.iter().map(shape).collect()
}
