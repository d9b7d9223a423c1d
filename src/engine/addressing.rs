//! Whom each message goes to: addresses are put on it when it is written down, so that it goes to the same people on every try.

use super::accounts::Accounting;
use super::state::State;
use crate::facts::{Addressing, team_of};
use crate::ports::{About, Message};
use crate::rules::terms_of;
use crate::units::{InstanceId, is_plain_address};

/// The owner, who is told in any case.
const OWNER: &str = "owner";
/// Whoever leads the team.
const TEAM: &str = "team";
/// Whoever the workspace names.
const WORKSPACE: &str = "workspace";

/// Whom words stand for in one message.
#[derive(Default)]
struct Meant {
    leads: Vec<String>,
    contacts: Vec<String>,
}

impl Meant {
    /// Addresses in place of words, each person once; what is neither goes to channels that may understand it.
    fn people(&self, words: &[String]) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for word in words {
            let named: &[String] = match word.as_str() {
                OWNER => &[],
                TEAM => &self.leads,
                WORKSPACE => &self.contacts,
                _ => std::slice::from_ref(word),
            };
            for one in named {
                if !all.iter().any(|other| other.eq_ignore_ascii_case(one)) {
                    all.push(one.clone());
                }
            }
        }
        all
    }
}

/// True when a letter would reach somebody.
pub(super) fn reaches_anyone(message: &Message) -> bool {
    let owner = message.owner.as_deref().is_some_and(is_plain_address);
    message.address.is_some() || owner || message.notify.iter().any(|one| is_plain_address(one))
}

impl State {
    /// The message with whom it goes to.
    pub(super) fn addressed(&self, mut message: Message, rule: &Addressing, accounting: &Accounting) -> Message {
        match &message.about {
            About::Instance { instance, .. } => self.of_instance(&instance.clone(), message, rule, accounting),
            About::Budget { scope, .. } => {
                let meant = self.of_scope(scope, rule);
                message.notify = meant.people(&message.notify);
                let owner = message.owner.as_deref().map(str::to_lowercase);
                let address = owner.and_then(|name| self.directory.addresses.get(&name));
                message.address = address.map(|address| address.as_str().into());
                message
            }
            About::Policies { .. } | About::Week { .. } => message,
        }
    }

    fn of_instance(
        &self,
        id: &InstanceId,
        mut message: Message,
        rule: &Addressing,
        accounting: &Accounting,
    ) -> Message {
        let place = self.places.get(id.workspace());
        let Some((place, entry)) = place.and_then(|place| Some((place, place.known(id)?))) else {
            message.notify = Meant::default().people(&message.notify);
            return message;
        };
        let facts = &entry.facts;
        let address = rule.owner(facts, &self.directory).filter(|found| message.owner.as_deref() != Some(*found));
        message.address = address.map(Into::into);
        let team = team_of(facts, &place.facts.tags, &accounting.team_tag, &self.directory.teams);
        let meant = Meant {
            leads: team.map(|team| self.directory.leads_of(team).to_vec()).unwrap_or_default(),
            contacts: rule.contacts(&place.facts, &self.directory),
        };
        message.notify = meant.people(&message.notify);
        if !reaches_anyone(&message)
            && let Some(policy) = self.policy_of(id.workspace())
        {
            // what its policy says of warnings holds for whatever else there is to say
            message.notify.extend(meant.people(&terms_of(&policy, facts).warning.notify));
        }
        message
    }

    /// An allowance is a team's, a workspace's or an owner's.
    fn of_scope(&self, scope: &str, rule: &Addressing) -> Meant {
        let is_it = |name: &str, id: String| name.eq_ignore_ascii_case(scope) || id.eq_ignore_ascii_case(scope);
        let place = self.places.values().find(|place| is_it(place.facts.id.name(), place.facts.id.to_string()));
        Meant {
            leads: self.directory.leads_of(scope).to_vec(),
            contacts: place.map(|place| rule.contacts(&place.facts, &self.directory)).unwrap_or_default(),
        }
    }
}
