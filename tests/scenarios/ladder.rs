//! The words of the scenes for instances that stay off: what people say to a proposal, and what a sweep did about it.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

use futures_util::FutureExt;
use lightsout::facts::{Created, Proposal, ProposalEnd, Verb};
use lightsout::ports::{Begun, Control, Declined, ProposalRequest, ProposalWish, Undertaking, Undertakings};

use crate::stage::Stage;
use crate::transcript::Transcript;

/// What people say; false where the words mean something else.
pub(crate) fn said(stage: &mut Stage, told: &mut Transcript, words: &[&str]) -> bool {
    let (name, wish) = match words {
        ["keep", name, "for", "good"] => (name, ProposalWish::Keep { days: None }),
        ["keep", name, "for", days, "days"] => (name, ProposalWish::Keep { days: Some(days.parse().unwrap()) }),
        ["confirm", name] => (name, ProposalWish::Confirm),
        ["withdraw", name] => (name, ProposalWish::Withdraw),
        ["ask", verb, name] => {
            let begun = begin(stage, verb, name);
            told.line(&begun.map_or_else(|why| format!("declined: {}", why.0), |_| "written down".to_owned()));
            return true;
        }
        ["proposals"] => {
            for proposal in stage.world.lock().proposals() {
                told.line(&line(told, &proposal));
            }
            return true;
        }
        ["audit", "of", name] => {
            for audit in stage.world.audits() {
                let shown = ["proposal", "delete", "instance_start"];
                let is_shown = shown.into_iter().any(|word| audit.what.starts_with(word));
                if audit.target.ends_with(&format!("/{name}")) && is_shown {
                    let why = audit.why.split(" (proposal ").next().unwrap();
                    told.line(&format!("{} {} by {}: {}", told.day(audit.at), audit.what, audit.who, without_ids(why)));
                }
            }
            return true;
        }
        _ => return false,
    };
    let answered = answer(stage, name, wish);
    told.line(&answered.map_or_else(|why| format!("declined: {why}"), |proposal| line(told, &proposal)));
    true
}

fn answer(stage: &mut Stage, name: &str, wish: ProposalWish) -> Result<Proposal, Declined> {
    let request = ProposalRequest {
        instance: name.to_owned(),
        wish,
        reason: "asked in the scene".to_owned(),
        by: "ana".to_owned(),
        life: None,
        proposal: None,
        link: None,
    };
    stage.engine().answer(request).now_or_never().unwrap()
}

/// What a person's own command has written down before it sends anything.
fn begin(stage: &mut Stage, verb: &str, name: &str) -> Result<Begun, Declined> {
    let verbs = [Verb::Create, Verb::Start, Verb::Restart, Verb::Delete];
    let wish = Undertaking {
        verb: verbs.into_iter().find(|known| known.label() == verb).unwrap(),
        instance: stage.world.lock().cloud.id(name),
        created: Created::NONE,
        even_if_in_use: false,
        even_if_held: false,
        by: "ana".to_owned(),
        reason: "asked in the scene".to_owned(),
    };
    let engine = stage.engine();
    stage.runtime.block_on(engine.begin(wish))
}

fn line(told: &Transcript, proposal: &Proposal) -> String {
    let name = proposal.instance.name();
    let how = if proposal.automatic { "automatic" } else { "proposed" };
    let day = |at| told.day(at);
    let state = match (&proposal.end, &proposal.confirmed) {
        (Some(ProposalEnd::Kept { until, by, .. }), _) => {
            format!(
                "kept by {by} {}",
                until.map_or_else(|| "for good".to_owned(), |until| format!("until {}", day(until)))
            )
        }
        (Some(ProposalEnd::Void { ground, .. }), _) => format!("void, {}", ground.label()),
        (Some(ProposalEnd::Deleted { at }), _) => format!("deleted {}", day(*at)),
        (None, Some(said)) => format!("confirmed by {}, not before {}", said.by, day(said.not_before)),
        (None, None) => "open".to_owned(),
    };
    format!("{name}: {how} {}, off since {}: {state}", day(proposal.made_at), day(proposal.off_since))
}

/// Ids are by chance.
fn without_ids(text: &str) -> String {
    let is_id = |word: &str| {
        let word = word.trim_end_matches([':', ';', ',']);
        word.len() == 26 && word.chars().all(|letter| letter.is_ascii_alphanumeric())
    };
    text.split(' ').map(|word| if is_id(word) { "ID" } else { word }).collect::<Vec<_>>().join(" ")
}
