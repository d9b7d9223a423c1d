//! Holds built by hand.

use jiff::Timestamp;
use lightsout::facts::{Hold, InstanceFacts};

use super::minutes;

/// A hold of an instance until then.
pub fn hold(facts: &InstanceFacts, until: Timestamp) -> Hold {
    Hold {
        id: "01JHOLD".to_owned(),
        instance: facts.id.clone(),
        created: facts.created,
        until,
        by: "ada".to_owned(),
        reason: "thesis run".to_owned(),
        made_at: minutes(-5),
        price: None,
        payer: Box::default(),
        link: None,
        off: false,
    }
}
