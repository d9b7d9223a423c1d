//! One thing done with several instances: each is found, sent and followed for itself, so that a bad one costs itself (G16).

use super::carry::{Wish, send};
use super::desk::Desk;
use super::ended::{Ended, How, unanswered};
use super::follow::follow_all;
use super::interrupt::Interrupt;
use super::target::{Target, find};
use crate::cli::args::Waiting;
use crate::facts::Verb;
use crate::guard::Insistence;

/// What is to be done with them.
pub(super) struct Errand<'a> {
    pub(super) verb: Verb,
    pub(super) insists: Insistence,
    pub(super) reason: &'a str,
    pub(super) dry_run: bool,
    pub(super) waiting: Waiting,
}

/// The instances that are meant, each once, and those that nobody knows.
pub(super) fn targets(desk: &Desk, names: &[String], verb: &'static str) -> (Vec<Target>, Vec<Ended>) {
    let (mut found, mut ended): (Vec<Target>, Vec<Ended>) = (Vec::new(), Vec::new());
    for name in names {
        match find(&desk.view, name) {
            Ok(target) if found.iter().any(|other| other.id == target.id) => {}
            Ok(target) => found.push(target),
            Err(words) => ended.push(Ended::new(name, verb, How::Refused, words)),
        }
    }
    (found, ended)
}

/// Sends all and follows them.
pub(super) async fn carry_out(desk: &Desk, targets: Vec<Target>, errand: &Errand<'_>) -> Vec<Ended> {
    if errand.dry_run {
        return targets.iter().map(|target| shown(desk, target, errand.verb)).collect();
    }
    let interrupt = Interrupt::listen();
    let (mut going, mut ended) = (Vec::new(), Vec::new());
    for target in targets {
        if interrupt.has_come() {
            let name = super::carry::label(&target);
            ended.push(Ended::new(&name, errand.verb.label(), How::Refused, "interrupted before it was sent"));
            continue;
        }
        let wish = Wish { verb: errand.verb, insists: errand.insists, reason: errand.reason, new: None };
        match interrupt.sent(send(desk, target.clone(), &wish)).await {
            Some(Ok(one)) => going.push(one),
            Some(Err(why)) => ended.push(why),
            None => ended.push(unanswered(&super::carry::label(&target), errand.verb.label())),
        }
    }
    ended.extend(follow_all(desk, going, errand.waiting, &interrupt).await);
    ended
}

fn shown(desk: &Desk, target: &Target, verb: Verb) -> Ended {
    let name = super::carry::label(target);
    let request = Some(desk.azure.show_request(verb, &target.id));
    Ended { request, ..Ended::new(&name, verb.label(), How::Shown, "nothing was sent; this is what would be") }
}
