//! One POST, judged by what the rows before it say (I1 to I4, I6, I7, and that nobody is stopped at work).

use super::Checker;
use super::known::{Machine, Policy, Warning};
use super::rows::Row;

/// A machine is left alone so long after its start, and between two stops.
const MIN_UPTIME: i64 = 900_000;
const BETWEEN: i64 = 1_800_000;
const A_DAY: i64 = 86_400_000;
const PER_DAY: usize = 3;
const LEAD_UNKNOWN_OWNER: i64 = 3_600_000;
/// A clock that is wrong by no more is believed.
const SKEW: i64 = 121_000;

impl Checker {
    /// A request that changes something arrived.
    pub(super) fn judge(&mut self, row: &Row<'_>) {
        self.stops += 1;
        let of = row.text("i").to_owned();
        if row.text("verb") != "stop" {
            return self.say(row.at, "I1", &of, format!("{} is asked for, which no policy allows", row.text("verb")));
        }
        let Some(policy) = self.known.policies.get(row.text("rev")).cloned() else {
            return self.say(row.at, "I1", &of, "under a policy nobody loaded".to_owned());
        };
        let mut wrongs = self.plain(row, &policy);
        if let Some(machine) = self.known.machines.get(&of) {
            wrongs.extend(once(row, machine));
            if !row.text("key").starts_with("asked/") {
                wrongs.extend(rests(row, machine));
                wrongs.extend(warned(row, machine, &policy, self.known.ahead));
                wrongs.extend(due(row, machine, &policy));
            }
        }
        wrongs.extend(self.capped(row, &policy));
        for (rule, what) in wrongs {
            self.say(row.at, rule, &of, what);
        }
        self.remember(row);
    }

    /// What the row shows by itself.
    fn plain(&self, row: &Row<'_>, policy: &Policy) -> Vec<(&'static str, String)> {
        let own = row.text("i").split('/').next().unwrap_or_default();
        let (wall, looked) = (row.number("wall"), row.number("looked"));
        let out = self.known.machines.get(row.text("i")).is_some_and(|machine| machine.out);
        let age = wall - looked;
        let wrongs = [
            ("I1", !row.is("there"), "of a machine that is not there"),
            ("I1", row.text("ws") != own, "in another workspace than its own"),
            ("I1", policy.ws != own, "outside the scope of its policy"),
            ("G1", !policy.enforces, "under a policy that only observes"),
            ("G11", self.known.in_force.get(own).is_none_or(|rev| rev != row.text("rev")), "under a policy of before"),
            ("I3", self.known.frozen, "while everything was frozen"),
            ("I3", row.is("held") || self.is_held(row), "while it was held"),
            ("I3", out, "while its owner opted out"),
            ("G10", !(0..=10_000).contains(&age), "without a look of the last ten seconds"),
            ("G14", !row.is("on"), "while it was not on"),
            ("S8", wall < row.number("stop"), "before its time"),
        ];
        wrongs.iter().filter(|(_, wrong, _)| *wrong).map(|(rule, _, what)| (*rule, (*what).to_owned())).collect()
    }

    fn is_held(&self, row: &Row<'_>) -> bool {
        let machine = self.known.machines.get(row.text("i"));
        machine.is_some_and(|machine| machine.holds.values().any(|until| *until > row.number("wall")))
    }

    /// The caps of its policy, in this sweep and in the hour that ends with it (I7).
    fn capped(&self, row: &Row<'_>, policy: &Policy) -> Vec<(&'static str, String)> {
        // by which policy's caps an hour is judged in which it was written anew nobody can say
        if row.is("throttled") || row.text("ground") == "asked" || row.at - policy.since < 3_600_000 {
            return Vec::new();
        }
        let planned = row.text("ground") == "off_hours";
        let alike = |post: &&(i64, String, i64, bool)| post.1 == row.text("policy") && post.3 == planned;
        let recent = || self.known.posts.iter().filter(alike).filter(|post| row.at - post.0 < 3_600_000);
        let sweep = row.number("sweep");
        let in_sweep = 1 + i64::try_from(recent().filter(|post| post.2 == sweep).count()).unwrap_or(0);
        let in_hour = 1 + i64::try_from(recent().count()).unwrap_or(0);
        let mut wrongs = Vec::new();
        if planned && in_sweep > policy.planned {
            wrongs.push(("I7", format!("as number {in_sweep} of its sweep, which may have {}", policy.planned)));
        }
        let running = row.number("running") + in_hour - in_sweep;
        let most = policy.count.min(running * policy.share / 100);
        if !planned && in_hour > most {
            wrongs.push(("I7", format!("as number {in_hour} of an hour that may have {most}")));
        }
        wrongs
    }

    fn remember(&mut self, row: &Row<'_>) {
        let planned = row.text("ground") == "off_hours";
        self.known.posts.retain(|post| row.at - post.0 < 3_600_000);
        if !row.is("throttled") && row.text("ground") != "asked" {
            self.known.posts.push((row.at, row.text("policy").to_owned(), row.number("sweep"), planned));
        }
        let Some(machine) = self.known.machines.get_mut(row.text("i")) else { return };
        if let Some(at) = machine.intents.iter().position(|key| key == row.text("key")) {
            machine.intents.remove(at);
        }
        if row.is("took") {
            // it will be off, however long that takes Azure
            machine.on = false;
            machine.took.insert(format!("{} {}", row.text("life"), row.text("key")));
            machine.took_at.retain(|at| row.at - at < A_DAY);
            machine.took_at.push(row.at);
        }
    }
}

/// An intent of its own before it (I2); no more than one that comes true for one reason (I4).
fn once(row: &Row<'_>, machine: &Machine) -> Vec<(&'static str, String)> {
    let mut wrongs = Vec::new();
    if !machine.intents.iter().any(|key| key == row.text("key")) {
        wrongs.push(("I2", "without an intent written before it".to_owned()));
    }
    if machine.took.contains(&format!("{} {}", row.text("life"), row.text("key"))) {
        wrongs.push(("I4", format!("for {} a second time", row.text("key"))));
    }
    if row.number("life") != machine.life {
        wrongs.push(("I4", "of another life of its name".to_owned()));
    }
    wrongs
}

/// The rests between stops and after a start (G15), and that nobody's start is undone (I4).
fn rests(row: &Row<'_>, machine: &Machine) -> Vec<(&'static str, String)> {
    let mut wrongs = Vec::new();
    let respects = row.text("key").contains("/start/");
    let ahead = row.number("wall") - row.at;
    if !respects && machine.started + ahead.min(0) >= row.number("due") + ahead.abs() {
        wrongs.push(("I4", "after a person started it since it was due".to_owned()));
    }
    if row.at - machine.started + ahead.abs() < MIN_UPTIME {
        wrongs.push(("G15", "sooner than fifteen minutes after its start".to_owned()));
    }
    if machine.took_at.last().is_some_and(|at| row.at - at + ahead.abs() < BETWEEN) {
        wrongs.push(("G15", "sooner than thirty minutes after the last".to_owned()));
    }
    if machine.took_at.iter().filter(|at| row.at - **at < A_DAY - ahead.abs()).count() >= PER_DAY {
        wrongs.push(("G15", "after three in a day".to_owned()));
    }
    wrongs
}

/// A warning that arrived its whole lead before, or what the policy says of one that could not (I6).
fn warned(row: &Row<'_>, machine: &Machine, policy: &Policy, ahead: i64) -> Option<(&'static str, String)> {
    let lead = if machine.owned { policy.lead } else { LEAD_UNKNOWN_OWNER };
    let wall = row.at + ahead;
    let ours =
        |one: &&Warning| one.life == row.number("life") && one.key == row.text("key") && one.stop <= row.number("wall");
    let mut its = machine.warnings.values().filter(ours);
    let arrived = |one: &Warning| one.arrived.is_some_and(|(at, then)| row.at - at >= lead || wall - then >= lead);
    let recorded = |one: &Warning| policy.recorded && row.at - one.recorded + SKEW >= lead;
    let postponed = policy.postpone > 0 && wall - row.number("stop") >= policy.postpone;
    let is_well = its.any(|one| arrived(one) || recorded(one) || postponed);
    (!is_well).then(|| ("I6", format!("without a warning {} s before", lead / 1000)))
}

/// That the reason is there: outside the hours, idle for so long, or on for so long; and that nobody is at work.
fn due(row: &Row<'_>, machine: &Machine, policy: &Policy) -> Vec<(&'static str, String)> {
    let (wall, due) = (row.number("wall"), row.number("due"));
    let mut wrongs = Vec::new();
    let skew = 2000 + (wall - row.at).abs();
    let working = (machine.busy && !machine.silent || machine.job) && machine.on;
    let over_cap = policy.busy_cap > 0 && wall - due >= policy.busy_cap;
    if working && !over_cap {
        wrongs.push(("G17", "while somebody worked on it".to_owned()));
    }
    match row.text("ground") {
        "off_hours" => wrongs.extend(by_hours(row, policy)),
        "idle" => {
            let quiet = row.at - machine.used.max(machine.started);
            if policy.idle == 0 || quiet + skew < policy.idle {
                wrongs.push(("G17", format!("as idle, {} s after its last use", quiet / 1000)));
            }
        }
        "uptime" => {
            let on = row.at - machine.started;
            if policy.uptime == 0 || on + skew < policy.uptime {
                wrongs.push(("S6", format!("for its uptime, {} s after its start", on / 1000)));
            }
        }
        other => wrongs.push(("G20", format!("on the ground {other}, which no policy has"))),
    }
    wrongs
}

fn by_hours(row: &Row<'_>, policy: &Policy) -> Option<(&'static str, String)> {
    let (wall, due) = (row.number("wall"), row.number("due"));
    let Some(hours) = &policy.hours else { return Some(("S1", "by hours, of which its policy has none".to_owned())) };
    if hours.allow(wall) && hours.allow(wall - SKEW) {
        return Some(("S1", "within its hours".to_owned()));
    }
    let end = hours.last_end(due + SKEW).unwrap_or(0);
    // what was due on such a day is announced when the day is over
    if hours.is_no_action(wall) {
        return Some(("S21", "on a day on which nothing is done".to_owned()));
    }
    let is_edge = (end - SKEW..=end + policy.spread + SKEW).contains(&due);
    // a start that is respected for a time is due when that is over, which is later
    let is_respected = row.text("key").contains("/start/");
    (!is_edge && !is_respected).then(|| ("S1", "for another moment than an end of its hours".to_owned()))
}
