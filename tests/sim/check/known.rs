//! What the checker knows from the rows so far: policies, machines, holds, intents, warnings.

use std::collections::{BTreeMap, BTreeSet};

use super::hours::Hours;
use super::rows::Row;

/// A policy as its row says.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    pub(crate) ws: String,
    pub(crate) enforces: bool,
    pub(crate) hours: Option<Hours>,
    pub(crate) spread: i64,
    pub(crate) idle: i64,
    pub(crate) uptime: i64,
    pub(crate) busy_cap: i64,
    pub(crate) lead: i64,
    pub(crate) recorded: bool,
    pub(crate) postpone: i64,
    pub(crate) unknown: bool,
    pub(crate) count: i64,
    pub(crate) share: i64,
    pub(crate) planned: i64,
    /// When it came into force.
    pub(crate) since: i64,
}

/// A warning of one stop.
#[derive(Debug, Clone)]
pub(crate) struct Warning {
    pub(crate) life: i64,
    pub(crate) key: String,
    pub(crate) stop: i64,
    pub(crate) recorded: i64,
    /// When it arrived: by the true clock, and by that of the service.
    pub(crate) arrived: Option<(i64, i64)>,
}

/// One machine.
#[derive(Debug, Clone, Default)]
pub(crate) struct Machine {
    pub(crate) life: i64,
    pub(crate) owned: bool,
    pub(crate) on: bool,
    /// When a person last started it, or made it.
    pub(crate) started: i64,
    pub(crate) busy: bool,
    pub(crate) silent: bool,
    /// It was in use when something was last known of it, and nobody knows whether it is.
    pub(crate) doubtful: bool,
    pub(crate) job: bool,
    /// When it was last seen in use.
    pub(crate) used: i64,
    pub(crate) out: bool,
    /// Until when somebody holds it, by the clock of the service, by the hold's id.
    pub(crate) holds: BTreeMap<String, i64>,
    /// Intents that no POST has used: their key.
    pub(crate) intents: Vec<String>,
    pub(crate) warnings: BTreeMap<String, Warning>,
    /// Keys of stops that came true.
    pub(crate) took: BTreeSet<String>,
    /// When stops came true, the newest last.
    pub(crate) took_at: Vec<i64>,
    /// What is wrong with it, and when something last was.
    pub(crate) troubles: BTreeSet<String>,
    pub(crate) disturbed: i64,
}

/// Everything.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// By revision.
    pub(crate) policies: BTreeMap<String, Policy>,
    /// The revision in force, by workspace.
    pub(crate) in_force: BTreeMap<String, String>,
    pub(crate) machines: BTreeMap<String, Machine>,
    intents: BTreeMap<String, String>,
    warnings: BTreeMap<String, String>,
    /// Messages that the journal says were delivered, and when; those of the last days.
    pub(crate) delivered: BTreeMap<String, i64>,
    pub(crate) frozen: bool,
    /// How far the service's clock is ahead, in milliseconds.
    pub(crate) ahead: i64,
    /// What is wrong with everything, and when something last was.
    pub(crate) troubles: BTreeSet<String>,
    pub(crate) disturbed: i64,
    pub(crate) interval: i64,
    /// POSTs of the last hour: when, policy, sweep, planned, throttled.
    pub(crate) posts: Vec<(i64, String, i64, bool)>,
    /// Ends of hours that are still to be looked at: when, the end, the revision.
    pub(crate) ends: BTreeSet<(i64, i64, String)>,
    /// The next end of hours, by revision.
    pub(crate) next: BTreeMap<String, i64>,
}

impl Known {
    /// Takes one row that is no POST.
    pub(crate) fn learn(&mut self, row: &Row<'_>) {
        match row.kind {
            "begin" => self.interval = row.number("interval") * 1000,
            "policy" => self.policy(row),
            "create" => self.create(row),
            "warning" => self.warning(row),
            "arrived" => self.arrived(row),
            "intend" => self.intend(row),
            "settle" => self.settle(row),
            "delivered" => self.delivered(row),
            "freeze" => (self.frozen, self.disturbed) = (row.is("on"), row.at),
            "clock" => (self.ahead, self.disturbed) = (row.number("ahead"), row.at),
            "trouble" => self.trouble(row),
            "mend" => self.mend(row.at),
            "lift" => self.machines.values_mut().for_each(|one| one.holds.retain(|id, _| id != row.text("id"))),
            _of_a_machine => self.of_machine(row),
        }
    }

    fn policy(&mut self, row: &Row<'_>) {
        let seconds = |key: &str| row.number(key) * 1000;
        let policy = Policy {
            ws: row.text("ws").to_owned(),
            enforces: row.is("enforces"),
            hours: Hours::read(row.text("zone"), row.text("allowed"), row.text("no_action")),
            spread: seconds("spread"),
            idle: seconds("idle"),
            uptime: seconds("uptime"),
            busy_cap: seconds("cap"),
            lead: seconds("lead"),
            recorded: row.is("recorded"),
            postpone: seconds("postpone"),
            unknown: row.is("unknown"),
            count: row.number("count"),
            share: row.number("share"),
            planned: row.number("planned"),
            since: row.at,
        };
        let revision = row.text("rev").to_owned();
        let next = policy.hours.as_ref().and_then(|hours| hours.next_end(row.at));
        self.next.remove(self.in_force.get(&policy.ws).map_or("", String::as_str));
        self.next.extend(next.map(|next| (revision.clone(), next)));
        self.in_force.insert(policy.ws.clone(), revision.clone());
        self.policies.insert(revision, policy);
    }

    fn create(&mut self, row: &Row<'_>) {
        let machine = Machine {
            life: row.number("life"),
            owned: row.is("owned"),
            on: true,
            started: row.at,
            used: row.at,
            disturbed: row.at,
            silent: true,
            ..Machine::default()
        };
        self.machines.insert(row.text("i").to_owned(), machine);
    }

    fn warning(&mut self, row: &Row<'_>) {
        let (id, key) = (row.text("id").to_owned(), row.text("key").to_owned());
        self.warnings.insert(id.clone(), row.text("i").to_owned());
        let Some(machine) = self.machines.get_mut(row.text("i")) else { return };
        // what was announced for days ago is nobody's warning any more
        machine.warnings.retain(|_, one| row.at - one.recorded < 4 * 86_400_000);
        let (life, stop) = (row.number("life"), row.number("stop"));
        machine.warnings.entry(id).or_insert(Warning { life, key, stop, recorded: row.at, arrived: None });
    }

    fn arrived(&mut self, row: &Row<'_>) {
        let (id, ahead) = (row.text("id"), self.ahead);
        let Some(of) = self.warnings.remove(id) else { return };
        let warning = self.machines.get_mut(&of).and_then(|machine| machine.warnings.get_mut(id));
        warning.into_iter().for_each(|one| one.arrived = one.arrived.or(Some((row.at, row.at + ahead))));
    }

    fn delivered(&mut self, row: &Row<'_>) {
        if self.delivered.len() > 20_000 {
            self.delivered.retain(|_, at| row.at - *at < 2 * 86_400_000);
        }
        self.delivered.insert(row.text("id").to_owned(), row.at);
    }

    fn intend(&mut self, row: &Row<'_>) {
        self.intents.insert(row.text("id").to_owned(), row.text("i").to_owned());
        let machine = self.machines.get_mut(row.text("i"));
        machine.into_iter().for_each(|one| one.intents.push(row.text("key").to_owned()));
    }

    fn settle(&mut self, row: &Row<'_>) {
        let Some(of) = self.intents.remove(row.text("id")) else { return };
        let Some(machine) = self.machines.get_mut(&of) else { return };
        machine.intents.clear();
        if row.text("result") != "stopped" {
            machine.disturbed = row.at;
        }
    }

    fn trouble(&mut self, row: &Row<'_>) {
        let (of, kind) = (row.text("i"), row.text("kind").to_owned());
        let (troubles, disturbed) = if of.is_empty() {
            (&mut self.troubles, &mut self.disturbed)
        } else {
            let Some(machine) = self.machines.get_mut(of) else { return };
            (&mut machine.troubles, &mut machine.disturbed)
        };
        *disturbed = row.at;
        if row.is("on") {
            troubles.insert(kind);
        } else {
            troubles.remove(&kind);
        }
    }

    fn mend(&mut self, at: i64) {
        self.disturbed = at;
        self.troubles.clear();
        for machine in self.machines.values_mut().filter(|machine| !machine.troubles.is_empty()) {
            machine.troubles.clear();
            machine.disturbed = at;
        }
    }

    fn of_machine(&mut self, row: &Row<'_>) {
        let ahead = self.ahead;
        let Some(machine) = self.machines.get_mut(row.text("i")) else { return };
        match row.kind {
            "start" => {
                (machine.on, machine.started, machine.used) = (true, row.at, row.at);
                (machine.busy, machine.job, machine.silent) = (false, false, true);
                machine.doubtful = false;
            }
            "off" | "stopped" => {
                (machine.on, machine.busy, machine.job) = (false, false, false);
                machine.doubtful = false;
            }
            "delete" => drop(self.machines.remove(row.text("i"))),
            "job" => {
                machine.job = row.is("on");
                machine.used = row.at;
            }
            "says" => {
                if machine.busy && !machine.silent {
                    machine.used = row.at;
                }
                let what = row.text("what");
                machine.doubtful = matches!(what, "unknown" | "nothing") && (machine.busy || machine.doubtful);
                (machine.busy, machine.silent) = (what == "busy", what == "nothing");
                if machine.busy {
                    machine.used = row.at;
                }
            }
            "tag" => (machine.out, machine.disturbed) = (row.is("out"), row.at),
            "hold" => {
                machine.holds.retain(|_, until| *until > row.at + ahead - 2 * 86_400_000);
                machine.holds.insert(row.text("id").to_owned(), row.number("until"));
            }
            _nothing_known => {}
        }
    }
}
