//! What happens in the demo, told as a person would want to watch it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::policy::PolicySet;
use crate::report::{Outcome, SweepReport, words};
use crate::units::{InstanceId, PolicyId};

/// Tells, or keeps quiet.
pub(super) struct Story<'a> {
    out: Option<&'a mut (dyn std::io::Write + Send)>,
    zones: BTreeMap<PolicyId, TimeZone>,
    day: Option<jiff::civil::Date>,
    day_line: DayCount,
}

#[derive(Default)]
struct DayCount {
    warned: usize,
    stopped: usize,
    kept: usize,
}

impl<'a> Story<'a> {
    pub(super) fn new(out: Option<&'a mut (dyn std::io::Write + Send)>, policies: &PolicySet) -> Self {
        let zones = policies
            .policies
            .iter()
            .filter_map(|policy| Some((policy.id.clone(), policy.hours()?.zone().clone())))
            .collect();
        Self { out, zones, day: None, day_line: DayCount::default() }
    }

    pub(super) fn say(&mut self, line: &str) {
        if let Some(out) = self.out.as_mut() {
            // A reader who went away does not stop the demo.
            drop(writeln!(out, "{line}"));
        }
    }

    /// Tells one sweep.
    pub(super) fn sweep(&mut self, report: &SweepReport, now: Timestamp) {
        self.turn_page(now);
        self.day_line.warned = self.day_line.warned.saturating_add(report.notices.len());
        for line in &report.stops {
            let (policy, instance) = (&line.step.policy, &line.step.instance);
            match &line.outcome {
                Outcome::Accepted => {
                    self.day_line.stopped = self.day_line.stopped.saturating_add(1);
                    let why = words::ground(line.step.ground);
                    self.tell(
                        now,
                        policy,
                        instance,
                        &format!("stopped: it {why} ({})", line.step.size.to_ascii_lowercase()),
                    );
                }
                Outcome::Failed { words, .. } => self.tell(now, policy, instance, &format!("NOT stopped: {words}")),
                Outcome::Dropped { words, .. } => {
                    self.day_line.kept = self.day_line.kept.saturating_add(1);
                    self.tell(now, policy, instance, &format!("kept on the second look: {words}"));
                }
                Outcome::Unclear { words } => self.tell(now, policy, instance, words),
                Outcome::AlreadyStopped => {}
            }
        }
        for line in &report.starts {
            self.tell(now, &line.policy, &line.instance, &format!("start: {}", line.outcome.words()));
        }
        for fault in &report.faults {
            self.say(&format!("  {}", words::clean(&fault.words)));
        }
    }

    /// Tells a hold.
    pub(super) fn held(&mut self, now: Timestamp, instance: &str, until: Timestamp, reason: &str) {
        self.turn_page(now);
        let name = instance.rsplit('/').next().unwrap_or(instance);
        self.say(&format!(
            "  {}        {name:14} held until {}: {}",
            clock(now, &TimeZone::UTC),
            clock(until, &TimeZone::UTC),
            words::clean(reason)
        ));
    }

    fn tell(&mut self, now: Timestamp, policy: &PolicyId, instance: &InstanceId, what: &str) {
        let zone = self.zones.get(policy).cloned().unwrap_or(TimeZone::UTC);
        let line = format!(
            "  {} UTC {:14} {} [{} in {policy}]",
            clock(now, &TimeZone::UTC),
            instance.name(),
            words::clean(what),
            clock(now, &zone)
        );
        self.say(&line);
    }

    fn turn_page(&mut self, now: Timestamp) {
        let today = TimeZone::UTC.to_datetime(now).date();
        if self.day == Some(today) {
            return;
        }
        if self.day.is_some() {
            let DayCount { warned, stopped, kept } = std::mem::take(&mut self.day_line);
            self.say(&format!("  – {warned} warned, {stopped} stopped, {kept} kept on the second look"));
        }
        self.day = Some(today);
        self.say(&format!("{}", today.strftime("%a %d %b %Y")));
    }
}

fn clock(at: Timestamp, zone: &TimeZone) -> String {
    zone.to_datetime(at).strftime("%a %H:%M").to_string()
}
