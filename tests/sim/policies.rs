//! The policies of the stories: as files for the service, and as rows for the checker, which reads no policy.

/// One policy as it is written, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) zone: &'static str,
    /// As `Mon-Fri 08:00-20:00`, several by a comma; empty: no hours.
    pub(crate) allowed: &'static str,
    pub(crate) no_action: &'static str,
    pub(crate) respect: u32,
    pub(crate) catch_up: u32,
    pub(crate) spread: u32,
    pub(crate) idle: u32,
    pub(crate) uptime: u32,
    pub(crate) busy_cap: u32,
    pub(crate) lead: u32,
    pub(crate) recorded: bool,
    /// Stop all the same when a warning could not be delivered for so long.
    pub(crate) postpone: u32,
    pub(crate) unknown_owner: bool,
    /// The cap of unplanned stops of an hour: a number, and a share.
    pub(crate) unplanned: (u32, u32),
    pub(crate) planned_sweep: u32,
    pub(crate) canary: u32,
    pub(crate) enforces: bool,
}

/// A policy without a rule.
pub(crate) const PLAIN: Written = Written {
    zone: "Europe/Madrid",
    allowed: "",
    no_action: "",
    respect: 0,
    catch_up: 0,
    spread: 0,
    idle: 0,
    uptime: 0,
    busy_cap: 0,
    lead: 900,
    recorded: false,
    postpone: 0,
    unknown_owner: true,
    unplanned: (20, 100),
    planned_sweep: 1000,
    canary: 100,
    enforces: true,
};

/// Every variant there is.
pub(crate) const VARIANTS: [Written; 15] = [
    Written { allowed: "Mon-Fri 08:00-20:00", ..PLAIN },
    Written { allowed: "Mon-Fri 08:00-19:00", canary: 10, ..PLAIN },
    Written {
        zone: "Asia/Kolkata",
        allowed: "daily 06:00-02:30",
        respect: 7200,
        catch_up: 10_800,
        spread: 600,
        ..PLAIN
    },
    Written { idle: 5400, unknown_owner: false, ..PLAIN },
    Written { uptime: 72_000, busy_cap: 3600, ..PLAIN },
    Written {
        zone: "America/New_York",
        allowed: "Mon-Fri 07:00-19:00",
        idle: 7200,
        uptime: 108_000,
        unplanned: (4, 100),
        ..PLAIN
    },
    Written { allowed: "Mon-Fri 08:00-20:00", no_action: "2026-03-25", idle: 3600, lead: 300, recorded: true, ..PLAIN },
    Written { zone: "Australia/Lord_Howe", allowed: "daily 07:30-01:45", spread: 60, ..PLAIN },
    Written { zone: "America/Santiago", allowed: "Sun-Thu 09:00-24:00,Fri 09:00-16:30", postpone: 7200, ..PLAIN },
    Written { allowed: "Mon-Fri 08:00-20:00", planned_sweep: 2, ..PLAIN },
    Written { allowed: "Mon-Fri 08:00-02:30,Sat-Sun 10:00-02:30", idle: 10_800, ..PLAIN },
    Written { allowed: "Mon-Fri 08:00-20:00", idle: 3600, enforces: false, ..PLAIN },
    // ends in the hour that comes twice, and in the one that is left out
    Written { allowed: "daily 08:00-02:30", ..PLAIN },
    Written { zone: "America/New_York", allowed: "daily 09:00-01:30", planned_sweep: 1, ..PLAIN },
    Written { idle: 2700, unplanned: (1, 100), ..PLAIN },
];

impl Written {
    /// The file of the service.
    pub(crate) fn toml(&self, which: u8) -> String {
        let mut text = format!("name = \"p{which}\"\nscope.workspaces = [\"ws-{which}\"]\n");
        let mode = if self.enforces { "enforce" } else { "observe" };
        let mut line = |words: std::fmt::Arguments<'_>| {
            text.push_str(&words.to_string());
            text.push('\n');
        };
        line(format_args!("mode = \"{mode}\""));
        if !self.allowed.is_empty() {
            let windows: Vec<String> = self.allowed.split(',').map(|one| format!("\"{one}\"")).collect();
            let mut hours = format!("zone = \"{}\", allowed = [{}]", self.zone, windows.join(", "));
            let times = [("respect_start_for", self.respect), ("catch_up", self.catch_up), ("spread", self.spread)];
            for (key, seconds) in times.iter().filter(|(_, seconds)| *seconds > 0) {
                hours.push_str(&format!(", {key} = \"{seconds}s\""));
            }
            if !self.no_action.is_empty() {
                hours.push_str(&format!(", no_action = [\"{}\"]", self.no_action));
            }
            line(format_args!("hours = {{ {hours} }}"));
        }
        let rules = [("idle.after", self.idle), ("uptime.max", self.uptime), ("busy.cap", self.busy_cap)];
        for (key, seconds) in rules.iter().filter(|(_, seconds)| *seconds > 0) {
            line(format_args!("{key} = \"{seconds}s\""));
        }
        line(format_args!("warning.lead = \"{}s\"", self.lead));
        if self.recorded {
            line(format_args!("warning.proof = \"recorded\""));
        }
        if self.postpone > 0 {
            line(format_args!("warning.max_postpone = \"{}s\"\nwarning.undelivered = \"stop\"", self.postpone));
        }
        if self.unknown_owner {
            line(format_args!("guard.include_unknown_owner = true"));
        }
        let cap = |count: u32, share: u32| format!("{{ count = {count}, percent = {share} }}");
        let unplanned = cap(self.unplanned.0, self.unplanned.1);
        line(format_args!(
            "limits = {{ unplanned_per_sweep = {unplanned}, unplanned_per_hour = {unplanned}, planned_per_sweep = {} }}",
            cap(self.planned_sweep, 100)
        ));
        line(format_args!("guard.canary = {}", self.canary));
        text
    }

    /// The row of the checker.
    pub(crate) fn row(&self, which: u8, revision: &str) -> String {
        let dash = |text: &str| if text.is_empty() { "-".to_owned() } else { text.replace(' ', "@") };
        format!(
            "policy id=p{which} rev={revision} ws=ws-{which} enforces={} zone={} allowed={} no_action={} respect={} \
             spread={} catch_up={} idle={} uptime={} cap={} lead={} recorded={} postpone={} unknown={} count={} share={} \
             planned={} canary={}",
            self.enforces,
            self.zone,
            dash(self.allowed),
            dash(self.no_action),
            self.respect,
            self.spread,
            self.catch_up,
            self.idle,
            self.uptime,
            self.busy_cap,
            self.lead,
            self.recorded,
            self.postpone,
            self.unknown_owner,
            self.unplanned.0,
            self.unplanned.1,
            self.planned_sweep,
            self.canary
        )
    }
}
