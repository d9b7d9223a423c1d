//! `instance create`: one, or several from a file; told first, agreed to once, and each for itself.

use super::ask::agrees;
use super::brief::{Brief, Taken};
use super::carry::{Wish, label, send};
use super::compose::{compose, written_of};
use super::desk::{Desk, Purpose, facts_of};
use super::ended::{Ended, How, told, unanswered};
use super::follow::follow_all;
use super::interrupt::Interrupt;
use super::target::Target;
use super::terms::{MONTH_HOURS, money};
use crate::cli::args::InstanceCreate;
use crate::cli::commands::context::{CommandError, Context, complain};
use crate::cli::exit::Exit;
use crate::facts::{NewInstance, Verb};
use crate::guard::Insistence;
use crate::settings::{CreationFound, read_creations};

/// Makes them.
pub(super) async fn create(asked: &InstanceCreate, context: &Context) -> Result<Exit, CommandError> {
    let wanted = wanted(asked)?;
    if let Some(words) = unanswerable(&wanted, asked) {
        complain(words);
        return Err(CommandError::Configuration(1));
    }
    let purpose = if asked.dry_run { Purpose::Look } else { Purpose::Act };
    let desk = Desk::open(context, purpose, asked.rights).await?;
    let news = composed(&desk, &wanted)?;
    let (mut ready, mut ended, mut sums) = (Vec::new(), Vec::new(), Sums::default());
    let mut taken = Taken::new();
    for new in news {
        let Some(target) = target_of(&desk, &new) else { continue };
        let brief = Brief::of(&desk, &new, &target.workspace, &mut taken).await;
        complain(&brief.lines.join("\n"));
        match brief.hindrance {
            Some(why) => ended.push(refused(&target, &why)),
            None => {
                sums.add(brief.rate);
                ready.push((target, new));
            }
        }
    }
    if ready.len() > 1 {
        complain(&sums.words(ready.len()));
    }
    if asked.dry_run {
        ended.extend(ready.iter().map(|(target, new)| shown(&desk, target, new)));
        return told(&ended, context);
    }
    let question = if ready.len() == 1 { "create it?".to_owned() } else { format!("create these {}?", ready.len()) };
    if !ready.is_empty() && !asked.yes && !agrees(&question) {
        let declined = "nothing was made: nobody said yes (--yes does not ask)";
        ended.extend(ready.iter().map(|(target, _)| refused(target, declined)));
        return told(&ended, context);
    }
    ended.extend(made(&desk, ready, asked).await);
    told(&ended, context)
}

async fn made(desk: &Desk, ready: Vec<(Target, NewInstance)>, asked: &InstanceCreate) -> Vec<Ended> {
    let interrupt = Interrupt::listen();
    let (mut going, mut ended) = (Vec::new(), Vec::new());
    let reason = asked.reason.as_deref().unwrap_or("created by hand");
    for (target, new) in ready {
        if interrupt.has_come() {
            ended.push(refused(&target, "interrupted before it was sent"));
            continue;
        }
        let wish = Wish { verb: Verb::Create, insists: Insistence::default(), reason, new: Some(&new) };
        match interrupt.sent(send(desk, target.clone(), &wish)).await {
            Some(Ok(one)) => going.push(one),
            Some(Err(why)) => ended.push(why),
            None => ended.push(unanswered(&label(&target), Verb::Create.label())),
        }
    }
    ended.extend(follow_all(desk, going, asked.waiting, &interrupt).await);
    ended
}

/// As written: by flags, or in a file. What is wrong with a file is printed, all of it.
fn wanted(asked: &InstanceCreate) -> Result<Vec<CreationFound>, CommandError> {
    let Some(path) = &asked.from else {
        return Ok(vec![CreationFound { written: written_of(asked), place: String::new() }]);
    };
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| CommandError::Io(format!("read {name}"), error))?;
    let (found, diagnostics) = read_creations(&name, &text);
    diagnostics.iter().for_each(|one| complain(&one.to_string()));
    found.ok_or(CommandError::Configuration(diagnostics.len()))
}

/// All of them, or every mistake of all.
fn composed(desk: &Desk, wanted: &[CreationFound]) -> Result<Vec<NewInstance>, CommandError> {
    let (mut news, mut wrong): (Vec<NewInstance>, usize) = (Vec::new(), 0);
    for one in wanted {
        let composed =
            compose(desk, &one.written).and_then(|new| match news.iter().find(|other| collide(other, &new)) {
                Some(other) => Err(vec![twice(&new, other)]),
                None => Ok(new),
            });
        match composed {
            Ok(new) => news.push(new),
            Err(faults) => {
                wrong = wrong.saturating_add(faults.len());
                let place = if one.place.is_empty() { String::new() } else { format!("{}: ", one.place) };
                faults.iter().for_each(|fault| complain(&format!("{place}{fault}")));
            }
        }
    }
    if wrong > 0 { Err(CommandError::Configuration(wrong)) } else { Ok(news) }
}

/// A key from standard input leaves none for the answer to a question, and is read once.
fn unanswerable(wanted: &[CreationFound], asked: &InstanceCreate) -> Option<&'static str> {
    let piped = wanted.iter().filter(|one| one.written.ssh_key.as_deref() == Some("-")).count();
    if piped > 1 {
        return Some("ssh_key: several keys cannot come from standard input, name a file for each");
    }
    let asks = !asked.yes && !asked.dry_run;
    (piped == 1 && asks).then_some(
        "ssh_key: the key comes from standard input, so nobody can be asked there; say --yes too, or name the key's file",
    )
}

/// A name is unique in a region, however the workspace was written.
fn collide(one: &NewInstance, other: &NewInstance) -> bool {
    let same_place = one.region == other.region || one.id.workspace() == other.id.workspace();
    same_place && one.id.name().eq_ignore_ascii_case(other.id.name())
}

fn twice(new: &NewInstance, other: &NewInstance) -> String {
    let places = format!("{} and {}", other.id.workspace().name(), new.id.workspace().name());
    let rule = "a name is unique in a region, over all its workspaces: choose another";
    format!("name: \"{}\" is wanted twice in {} ({places}), {rule}", new.id.name(), new.region)
}

fn target_of(desk: &Desk, new: &NewInstance) -> Option<Target> {
    let place = desk.view.workspaces.get(new.id.workspace())?;
    Some(Target {
        id: new.id.clone(),
        workspace: facts_of(place),
        policy: place.policy.clone(),
        known: None,
        shown: None,
    })
}

fn refused(target: &Target, words: &str) -> Ended {
    Ended::new(&label(target), Verb::Create.label(), How::Refused, words)
}

fn shown(desk: &Desk, target: &Target, new: &NewInstance) -> Ended {
    let request = Some(desk.azure.show_creation(new));
    let words = "nothing was sent; this is what would be";
    Ended { request, ..Ended::new(&label(target), Verb::Create.label(), How::Shown, words) }
}

/// What all cost together, as far as prices are known and in one currency.
#[derive(Debug, Default)]
struct Sums {
    rates: Vec<crate::units::Rate>,
    unknown: usize,
}

impl Sums {
    fn add(&mut self, rate: Option<crate::units::Rate>) {
        match rate {
            Some(rate) => self.rates.push(rate),
            None => self.unknown = self.unknown.saturating_add(1),
        }
    }

    fn words(&self, count: usize) -> String {
        let over = |seconds: i64| {
            let mut costs = self.rates.iter().map(|rate| rate.over(seconds));
            let first = costs.next()?;
            costs.try_fold(first, |sum, cost| sum.plus(cost)).map(money)
        };
        let known = over(3_600).zip(over(MONTH_HOURS.saturating_mul(3_600)));
        let sum = known.map_or_else(
            || "at prices that nobody knows".to_owned(),
            |(hour, month)| format!("{hour} an hour, {month} a month day and night"),
        );
        let unknown =
            if self.unknown > 0 { format!(", and {} whose price is not known", self.unknown) } else { String::new() };
        format!("all {count} together: {sum}{unknown}")
    }
}
