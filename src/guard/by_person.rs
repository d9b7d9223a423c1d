//! What a person asks to be done with an instance beside a stop: started, restarted, deleted or made, and what stands before it.

use jiff::Timestamp;

use super::look::LOOK_MAX;
use super::{OperationPermit, Refusal};
use crate::facts::{Created, Freeze, Hold, InstanceFacts, NewInstance, PowerState, Verb};

/// What a person is ready to override.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Insistence {
    /// Also when something says that it is in use.
    pub even_if_in_use: bool,
    /// Also when it is held.
    pub even_if_held: bool,
}

/// What a person wants done with an instance that is there, and what the look right before it saw.
#[derive(Debug, Clone)]
pub struct PersonWish<'a> {
    /// Start, restart or delete.
    pub verb: Verb,
    /// The instance, read just now.
    pub fresh: &'a InstanceFacts,
    /// The life of the name that is meant, where that is known.
    pub meant: Created,
    /// Who uses it, by what was heard.
    pub in_use: Option<String>,
    /// The hold on it that is in force.
    pub hold: Option<&'a Hold>,
    /// What the person overrides.
    pub insists: Insistence,
    /// The freeze switch, read just now.
    pub freeze: &'a Freeze,
    /// Now.
    pub now: Timestamp,
}

/// Says whether it may be done, and if not why.
///
/// # Errors
/// The refusal and its particulars.
pub fn person_may(wish: &PersonWish<'_>) -> Result<(), (Refusal, String)> {
    let PersonWish { verb, fresh, now, .. } = *wish;
    let age = now.duration_since(fresh.observed_at);
    if age > LOOK_MAX || age.is_negative() {
        return Err((Refusal::NoSecondLook, format!("the look at it is {} s old", age.as_secs())));
    }
    if !wish.meant.may_be(fresh.created) {
        return Err(not_so("it is another instance of the same name"));
    }
    match verb {
        Verb::Create => Err(not_so("it exists already, and making it anew would overwrite it")),
        Verb::Start => started(fresh),
        Verb::Restart => {
            still(wish.freeze)?;
            if !fresh.state.is_on() {
                let words = format!("it is not on: Azure says {}; `lightsout instance start` starts it", fresh.state);
                return Err((Refusal::NoLongerDue, words));
            }
            spared(wish)
        }
        Verb::Delete => {
            still(wish.freeze)?;
            deletable(fresh)?;
            spared(wish)
        }
    }
}

/// Gives the permit, or says why not.
///
/// # Errors
/// The refusal and its particulars.
pub fn by_person(wish: &PersonWish<'_>) -> Result<OperationPermit, (Refusal, String)> {
    person_may(wish)?;
    Ok(OperationPermit {
        verb: wish.verb,
        instance: wish.fresh.id.clone(),
        created: wish.fresh.created,
        looked_at: wish.now,
        new: None,
    })
}

/// What a look for an instance of that name found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sought<'a> {
    /// Azure says that there is none.
    Absent,
    /// There is one.
    Present(&'a InstanceFacts),
    /// Nobody knows; why.
    Unknown(&'a str),
}

/// Gives the permit to make one where a look right before found none (G14): a PUT on one that is there overwrites it.
///
/// # Errors
/// The refusal and its particulars.
pub fn to_create(
    new: NewInstance,
    sought: Sought<'_>,
    looked_at: Timestamp,
    now: Timestamp,
) -> Result<OperationPermit, (Refusal, String)> {
    match sought {
        Sought::Absent => {}
        Sought::Present(facts) => {
            let words = format!("it exists already ({}), and making it anew would overwrite it", facts.state);
            return Err((Refusal::NoLongerDue, words));
        }
        Sought::Unknown(why) => return Err((Refusal::NoSecondLook, why.to_owned())),
    }
    let age = now.duration_since(looked_at);
    if age > LOOK_MAX || age.is_negative() {
        return Err((Refusal::NoSecondLook, format!("the look for it is {} s old", age.as_secs())));
    }
    Ok(OperationPermit {
        verb: Verb::Create,
        instance: new.id.clone(),
        created: Created::NONE,
        looked_at,
        new: Some(Box::new(new)),
    })
}

fn not_so(words: &str) -> (Refusal, String) {
    (Refusal::NoLongerDue, words.to_owned())
}

/// Who froze everything meant that nothing is turned off or taken away, whoever asks.
fn still(freeze: &Freeze) -> Result<(), (Refusal, String)> {
    freeze.why().map_or(Ok(()), |why| Err((Refusal::Frozen, why.to_owned())))
}

fn started(fresh: &InstanceFacts) -> Result<(), (Refusal, String)> {
    match &fresh.state {
        PowerState::Stopped => Ok(()),
        PowerState::Running | PowerState::JobRunning => Err(not_so("it is on already")),
        PowerState::Changing(word) | PowerState::Broken(word) | PowerState::Unrecognised(word) => {
            Err((Refusal::NoLongerDue, format!("Azure starts only what is stopped, and says {word}")))
        }
    }
}

/// What Azure is busy with is not taken away under its hands; what is broken may be.
fn deletable(fresh: &InstanceFacts) -> Result<(), (Refusal, String)> {
    match &fresh.state {
        PowerState::Running | PowerState::JobRunning | PowerState::Stopped | PowerState::Broken(_) => Ok(()),
        PowerState::Changing(word) | PowerState::Unrecognised(word) => {
            Err((Refusal::NoLongerDue, format!("Azure says {word}; wait until that is over")))
        }
    }
}

/// Who works on it or holds it is spared, unless the person said otherwise.
fn spared(wish: &PersonWish<'_>) -> Result<(), (Refusal, String)> {
    if let Some(hold) = wish.hold.filter(|_| !wish.insists.even_if_held) {
        return Err((
            Refusal::NoLongerDue,
            format!("held until {} by {}: {}; --even-if-held goes against that", hold.until, hold.by, hold.reason),
        ));
    }
    match wish.in_use.as_ref().filter(|_| !wish.insists.even_if_in_use) {
        Some(use_of_it) => {
            Err((Refusal::NoLongerDue, format!("it is in use: {use_of_it}; --even-if-in-use goes against that")))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
#[path = "by_person_tests.rs"]
mod tests;
