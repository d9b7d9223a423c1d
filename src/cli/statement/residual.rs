//! What stays off, for spreadsheets.

use super::csv::{line, word};
use crate::report::Stopped;

/// One line an instance, the longest off first.
#[must_use]
pub fn residual_csv(stopped: &Stopped) -> String {
    let head = [
        "instance",
        "workspace",
        "resource_group",
        "subscription",
        "owner",
        "size",
        "off_since",
        "off_by",
        "off_seconds",
        "monthly",
        "so_far",
        "currency",
        "vcpus",
        "family",
        "deletion",
        "deletion_at",
    ];
    let mut text = line(&head.map(str::to_owned));
    for one in &stopped.instances {
        let place = one.instance.workspace();
        let amount = |money: Option<crate::units::Money>| money.map(|money| money.text()).unwrap_or_default();
        text.push_str(&line(&[
            word(one.instance.name()),
            word(place.name()),
            word(place.resource_group()),
            word(place.subscription().as_str()),
            word(one.owner.as_deref().unwrap_or_default()),
            word(&one.size),
            one.off_since.to_string(),
            one.off_by.clone(),
            one.off_seconds.to_string(),
            amount(one.monthly),
            amount(one.so_far),
            one.monthly.map(|money| money.currency().code().to_owned()).unwrap_or_default(),
            one.vcpus.map(|vcpus| vcpus.to_string()).unwrap_or_default(),
            word(one.family.as_deref().unwrap_or_default()),
            one.deletion.state.label().to_owned(),
            one.deletion.at.map(|at| at.to_string()).unwrap_or_default(),
        ]));
    }
    text
}
