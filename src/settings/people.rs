//! What is written of the people behind an instance, and what it means.

use super::compile::each;
use super::fields::List;
use super::findings::Findings;
use super::notify_tables::PeopleDocument;
use crate::document::nearest;
use crate::facts::{AddressSource, Addressing};
use crate::units::is_plain_address;

/// Addresses, each a plain one.
pub(super) fn addresses(list: &List, key: &str, found: &mut Findings) -> Vec<String> {
    each(list, key, found, |text| {
        let problem = || (format!("{text:?} is no plain e-mail address"), "write it as \"name@example.org\"");
        is_plain_address(text).then(|| text.to_owned()).ok_or_else(problem)
    })
}

/// Reads `[notify.people]`.
pub(super) fn people(document: &PeopleDocument, found: &mut Findings) -> Addressing {
    let default = Addressing::default();
    let order = each(&document.order, "notify.people.order", found, |text| {
        let words = || AddressSource::ALL.iter().map(|source| source.label());
        let known = AddressSource::ALL.into_iter().find(|source| source.label() == text);
        known.ok_or_else(|| {
            let help = nearest(text, words()).map(|meant| format!("did you mean \"{meant}\"?"));
            let all = || words().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" or ");
            (format!("{text:?} is no place where addresses are"), help.unwrap_or_else(|| format!("write {}", all())))
        })
    });
    let tag = |value: Option<&String>, default| value.map_or(default, |text| text.as_str().into());
    Addressing {
        order: if document.order.0.is_some() { order } else { default.order },
        owner_tag: tag(document.owner_tag.get(), default.owner_tag),
        contact_tag: tag(document.contact_tag.get(), default.contact_tag),
    }
}
