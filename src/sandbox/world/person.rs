//! A person's day, drawn whole from the person's own stream before it begins, whatever the machine is doing.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::spec::Habits;
use super::stream::{chance, stream};

/// What a machine is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum UseKind {
    /// A submitted job; Azure shows it as the state `JobRunning`.
    Job,
    /// A run under tmux or SSH; nothing in ARM shows it.
    Tmux,
    /// The person sits at it; nothing in ARM shows it.
    Present,
}

impl UseKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Job, Self::Tmux, Self::Present];

    /// The word for it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Job => "job",
            Self::Tmux => "tmux",
            Self::Present => "present",
        }
    }
}

/// What one day holds for one machine.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct DayPlan {
    /// Stretches of use, in any order; they may pass midnight and overlap.
    pub(super) uses: Vec<(UseKind, Timestamp, Timestamp)>,
    /// When the person presses Stop, if nothing else uses the machine then.
    pub(super) stops: Vec<Timestamp>,
    /// When the person leaves with a notebook kernel still open.
    pub(super) kernels_left: Vec<Timestamp>,
}

/// A person: habits, zone and the stream they are drawn from.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) seed: u64,
    /// Id of the machine, which names the stream.
    pub(super) stream: String,
    pub(super) habits: Habits,
    pub(super) zone: TimeZone,
}

impl Person {
    /// The plan of one civil day. The draws are made in a fixed order, so that no habit shifts another's chance.
    pub(super) fn plan_day(&self, date: Date) -> DayPlan {
        let mut plan = DayPlan::default();
        if self.is_away(date) {
            return plan;
        }
        let mut rng = stream(self.seed, &[&self.stream, "day", &date.to_string()]);
        match date.weekday() {
            Weekday::Saturday | Weekday::Sunday => self.plan_weekend(&mut rng, date, &mut plan),
            Weekday::Monday | Weekday::Tuesday | Weekday::Wednesday | Weekday::Thursday | Weekday::Friday => {
                self.plan_workday(&mut rng, date, &mut plan);
            }
        }
        plan
    }

    /// A whole week of holiday, or a single day off.
    fn is_away(&self, date: Date) -> bool {
        let week = date.iso_week_date();
        let mut rng = stream(self.seed, &[&self.stream, "week", &week.year().to_string(), &week.week().to_string()]);
        let whole_week = chance(&mut rng, self.habits.holidays);
        let one_day = chance(&mut rng, 6);
        let which = rng.i8(1..=5);
        whole_week || (one_day && which == date.weekday().to_monday_one_offset())
    }

    fn plan_workday(&self, rng: &mut fastrand::Rng, date: Date, plan: &mut DayPlan) {
        let habits = &self.habits;
        let arrives = habits.arrives.saturating_add(rng.i64(-25..=45));
        let usual = habits.stays.saturating_add(rng.i64(-40..=50));
        let (late, extra) = (chance(rng, habits.late_days), rng.i64(60..=180));
        let leaves = arrives.saturating_add(usual).saturating_add(if late { extra } else { 0 });
        let (day_job, job_after, job_for) = (chance(rng, 25), rng.i64(60..=240), rng.i64(30..=120));
        let friday = if date.weekday() == Weekday::Friday { 15 } else { 0 };
        let forgets = chance(rng, habits.forgets.saturating_add(friday));
        let kernel_left = chance(rng, 50);
        let night = Night::draw(rng, habits);
        let evening = Evening::draw(rng, habits);

        let (Some(from), Some(to)) = (self.at(date, arrives), self.at(date, leaves)) else {
            return;
        };
        plan.uses.push((UseKind::Present, from, to));
        if day_job
            && let (Some(a), Some(b)) =
                (self.later(from, job_after), self.later(from, job_after.saturating_add(job_for)))
        {
            plan.uses.push((UseKind::Job, a, b));
        }
        if kernel_left && forgets {
            plan.kernels_left.push(to);
        }
        let night_follows = self.plan_night(&night, to, plan);
        if !night_follows
            && !forgets
            && let Some(stop) = self.later(to, 1)
        {
            plan.stops.push(stop);
        }
        self.plan_evening(&evening, date, to, plan);
    }

    /// Puts down the run of the night; true if there is one.
    fn plan_night(&self, night: &Night, leaves: Timestamp, plan: &mut DayPlan) -> bool {
        let Some(kind) = night.kind else { return false };
        let (Some(from), Some(to)) = (self.later(leaves, -night.before), self.later(leaves, night.lasts)) else {
            return false;
        };
        plan.uses.push((kind, from, to));
        if night.stops_after
            && let Some(stop) = self.later(to, 2)
        {
            plan.stops.push(stop);
        }
        true
    }

    fn plan_evening(&self, evening: &Evening, date: Date, leaves: Timestamp, plan: &mut DayPlan) {
        if !evening.comes {
            return;
        }
        let (Some(from), Some(to)) =
            (self.at(date, evening.from), self.at(date, evening.from.saturating_add(evening.lasts)))
        else {
            return;
        };
        if from <= leaves {
            return;
        }
        plan.uses.push((UseKind::Present, from, to));
        if evening.stops
            && let Some(stop) = self.later(to, 1)
        {
            plan.stops.push(stop);
        }
    }

    fn plan_weekend(&self, rng: &mut fastrand::Rng, date: Date, plan: &mut DayPlan) {
        let comes = chance(rng, self.habits.weekends);
        let (from, lasts) = (rng.i64(600..=960), rng.i64(50..=220));
        let stops = !chance(rng, self.habits.forgets);
        if !comes {
            return;
        }
        let (Some(a), Some(b)) = (self.at(date, from), self.at(date, from.saturating_add(lasts))) else {
            return;
        };
        plan.uses.push((UseKind::Present, a, b));
        if stops && let Some(stop) = self.later(b, 1) {
            plan.stops.push(stop);
        }
    }

    /// The instant at which the person's wall clock shows that many minutes after midnight; past 24 hours it is the next day.
    fn at(&self, date: Date, minutes: i64) -> Option<Timestamp> {
        let civil = date.at(0, 0, 0, 0).checked_add(SignedDuration::from_mins(minutes)).ok()?;
        Some(civil.to_zoned(self.zone.clone()).ok()?.timestamp())
    }

    fn later(&self, at: Timestamp, minutes: i64) -> Option<Timestamp> {
        at.checked_add(SignedDuration::from_mins(minutes)).ok()
    }
}

/// What the night holds.
struct Night {
    kind: Option<UseKind>,
    before: i64,
    lasts: i64,
    stops_after: bool,
}

impl Night {
    fn draw(rng: &mut fastrand::Rng, habits: &Habits) -> Self {
        let (job, tmux) = (chance(rng, habits.night_jobs), chance(rng, habits.tmux_runs));
        let (before, lasts, stops_after) = (rng.i64(2..=12), rng.i64(240..=660), chance(rng, 15));
        let kind = if job { Some(UseKind::Job) } else { tmux.then_some(UseKind::Tmux) };
        Self { kind, before, lasts, stops_after }
    }
}

/// Some work after dinner.
struct Evening {
    comes: bool,
    from: i64,
    lasts: i64,
    stops: bool,
}

impl Evening {
    fn draw(rng: &mut fastrand::Rng, habits: &Habits) -> Self {
        let comes = chance(rng, habits.evenings);
        let (from, lasts) = (rng.i64(1255..=1330), rng.i64(40..=130));
        Self { comes, from, lasts, stops: !chance(rng, habits.forgets) }
    }
}
