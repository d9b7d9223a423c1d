//! The policy file as it is written: every key, what it means, and where each value stands.

use schemars::JsonSchema;
use toml::Spanned;
use toml::de::DeValue;

use super::budget::{AtLimit, Per};
use super::matching::Pattern;
use super::model::{ApplyTimer, Mode, WarningProof, WhenUndelivered};
use super::start_table::Start;
use super::stopped::Stopped;
use super::values::{Amount, Code, Level, List, Name, TagPatterns, Text, Zone};
use super::words::Switch;
use crate::document::{Findings, Located, Place, Read, TableReader};
use crate::facts::Source;
use crate::schedule::{DateRange, WeeklyWindow};
use crate::units::{Percent, Span};

/// A table of values that a lower layer may complete.
pub(super) trait Layer: Sized {
    /// These values, and beneath them those of a lower layer.
    fn over(&self, lower: &Self) -> Self;

    /// Where each value was written, by its key in a policy.
    fn places(&self) -> Vec<(&'static str, Option<&Place>)>;

    /// Takes every key out of an open table.
    fn taken(table: &mut TableReader<'_, '_, '_, '_>) -> Self;
}

/// A table whose keys are its fields.
macro_rules! table {
    ($(#[$doc:meta])* $name:ident in $prefix:literal { $($(#[$key_doc:meta])* $key:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, JsonSchema)]
        #[schemars(deny_unknown_fields)]
        pub(super) struct $name {
            $($(#[$key_doc])* pub(super) $key: Option<Located<$kind>>,)*
        }

        impl Layer for $name {
            fn over(&self, lower: &Self) -> Self {
                Self { $($key: self.$key.as_ref().or(lower.$key.as_ref()).cloned(),)* }
            }

            fn places(&self) -> Vec<(&'static str, Option<&Place>)> {
                vec![$((concat!($prefix, stringify!($key)), self.$key.as_ref().map(|value| &value.at))),*]
            }

            fn taken(table: &mut TableReader<'_, '_, '_, '_>) -> Self {
                Self { $($key: table.take(stringify!($key)),)* }
            }
        }

        impl Read for $name {
            fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
                let mut table = TableReader::open(value, key, findings)?;
                let read = Self::taken(&mut table);
                table.finish();
                Some(read)
            }
        }
    };
}
pub(super) use table;

table! {
    /// Which workspaces the policy governs. Every list that is given must match; at least one must be given.
    Scope in "scope." {
        /// Subscription ids.
        subscriptions: List<Pattern>,
        /// Resource groups.
        resource_groups: List<Pattern>,
        /// Workspace names.
        workspaces: List<Pattern>,
        /// Tags of the workspace.
        tags: TagPatterns,
    }
}

table! {
    /// Stop outside the allowed hours.
    Hours in "hours." {
        /// The time zone of every time and date of this policy, by its IANA name. There is no default.
        zone: Zone,
        /// The weekly windows in which instances may run. A window may pass midnight.
        allowed: List<WeeklyWindow>,
        /// Dates and ranges of dates that stay off: no window starts on them.
        holidays: List<DateRange>,
        /// iCalendar files whose events are holidays, by a path from this file. While one cannot be read nothing is stopped.
        calendars: List<Text>,
        /// Dates and ranges of dates on which nothing is done at all.
        no_action: List<DateRange>,
        /// How long an instance started outside the hours is left alone. Not given: until hours end the next time.
        respect_start_for: Span,
        /// How late a missed end of hours is still acted on. Not given: until hours begin again.
        catch_up: Span,
        /// Each instance's stop comes up to this much after the end of hours, never before. Default: "60s".
        spread: Span,
    }
}

table! {
    /// Stop what nobody has used for some time.
    Idle in "idle." {
        /// How long it must have been quiet.
        after: Span,
        /// How much of that time readings must cover, in percent. Default: 90.
        coverage: Percent,
        /// How old the newest reading may be. Default: "10m".
        fresh_within: Span,
        /// Which sources have to say that nobody uses it: "agent" (the agent on it), "promql" (the policy's own
        /// question), "monitor" (Azure Monitor, which tells of jobs alone), all of them; or "azure_timer" by itself:
        /// Azure's idle timer stops it, and Lightsout watches. Default: ["agent"].
        needs: List<Source>,
    }
}

table! {
    /// A question to Prometheus that tells of use.
    Promql in "promql." {
        /// The expression. A sample above 0 is use, one of 0 or below is none: `... > bool 0.2` gives both.
        query: Text,
        /// The label whose value is the instance's name, with or without a port behind it. Default: "instance".
        label: Text,
    }
}

table! {
    /// Azure's own idle timer on each instance, as the policy wants it: `lightsout native audit` says where it is not so.
    Native in "native." {
        /// After how long without use Azure is to stop it: "15m" to "3d".
        idle_shutdown: Span,
        /// Who sets it where it is not so: "never" leaves it to `lightsout native apply`, "service" has the service do it,
        /// in mode enforce. Default: "never".
        apply: ApplyTimer,
    }
}

table! {
    /// Stop what has run for too long, used or not.
    Uptime in "uptime." {
        /// The longest an instance may run without a stop.
        max: Span,
    }
}

table! {
    /// What may be spent in a month. The compute meter alone is counted, at list or sheet prices: what stopping can stop.
    Budget in "budget." {
        /// How much, as text: "2000" or "1999.50".
        monthly: Amount,
        /// In which currency; that of the prices. What is spent in another one is named and not counted. Default: "USD".
        currency: Code,
        /// What each allowance is for: each workspace that the policy governs, each team in them, or each owner. Default:
        /// "workspace".
        per: Per,
        /// By whose clocks months begin. Default: the zone of the hours.
        zone: Zone,
        /// At which shares, in percent of it, people are told, each once a month. Default: [50, 80, 100].
        warn_at: List<Level>,
        /// What happens when it is used up: "warn" tells people only, "stop" also stops what runs, after its warning.
        /// Default: "warn".
        at_limit: AtLimit,
    }
}

table! {
    /// How a running job or another sign of use holds a due stop back.
    Busy in "busy." {
        /// For how long at most. Not given: as long as it is in use.
        cap: Span,
        /// How old a sign of use may be to count as what is so now. Default: "10m".
        fresh_within: Span,
    }
}

table! {
    /// How a stop is announced.
    Warning in "warning." {
        /// How long before the stop. Default: "15m".
        lead: Span,
        /// How long before the stop of an instance that names no owner. Default: "60m".
        lead_unknown_owner: Span,
        /// What counts as warned. Default: "delivered".
        proof: WarningProof,
        /// How long a warning that cannot be delivered postpones the stop. Default: "2h".
        max_postpone: Span,
        /// What happens then. Default: "keep".
        undelivered: WhenUndelivered,
        /// Whether warnings too wait until quiet hours end, and the stop with them. Default: false.
        respect_quiet: bool,
        /// Who is told beside the owner: addresses; "team", whoever leads the owner's team; "workspace", whoever the workspace names.
        notify: List<Text>,
    }
}

table! {
    /// What holds back every stop, whichever rule asks for it.
    Guard in "guard." {
        /// No stop sooner than this after a start. Default: "15m".
        min_uptime: Span,
        /// No stop sooner than this after the last one. Default: "30m".
        between_stops: Span,
        /// The most stops of one instance in 24 hours. Default: 3.
        stops_per_day: u32,
        /// The tag by which an owner opts out. Default: "lightsout-keep".
        opt_out_tag: Text,
        /// Whether instances that name no owner are governed. Default: false.
        include_unknown_owner: bool,
        /// The share of running instances that a changed policy may stop at first, in percent. Default: 10.
        canary: Percent,
        /// How long a changed policy is held to that share. Default: "24h".
        canary_for: Span,
        /// How old what is known of a workspace may become. What is quiet is read as often as that needs, and what is older
        /// is a fault. Not given: what `[sweep]` comes to.
        seen_within: Span,
    }
}

table! {
    /// What holds back the stops of matching instances.
    OverrideGuard in "guard." {
        /// No stop sooner than this after a start.
        min_uptime: Span,
        /// No stop sooner than this after the last one.
        between_stops: Span,
        /// The most stops of one instance in 24 hours.
        stops_per_day: u32,
        /// The tag by which an owner opts out.
        opt_out_tag: Text,
        /// Whether instances that name no owner are governed.
        include_unknown_owner: bool,
    }
}

table! {
    /// The most that may be stopped of one kind: by count, by share of the running instances, or whichever is less. 0 is none.
    Cap in "" {
        /// At most so many.
        count: u32,
        /// At most this share of the running instances in scope, in percent.
        percent: Percent,
    }
}

table! {
    /// How much may be stopped at once.
    Limits in "limits." {
        /// Stops by idle time, uptime or budget in one sweep; with more than that due, none of them happens. Default: 20, and 10 %.
        unplanned_per_sweep: Cap,
        /// The same in any hour. Default: 20, and 10 %.
        unplanned_per_hour: Cap,
        /// Stops at the end of hours in one sweep; the rest waits for the next. Default: 100 %.
        planned_per_sweep: Cap,
        /// The same in any hour. Default: 100 %.
        planned_per_hour: Cap,
    }
}

table! {
    /// What people may ask for themselves.
    Hold in "hold." {
        /// The longest hold. Default: "12h".
        max: Span,
        /// The most holds of one instance in seven days. Default: 5.
        per_week: u32,
        /// What the holds of one owner may cost in a month, as text: "40"; in the currency of the prices. Default: no limit.
        monthly: Amount,
    }
}

table! {
    /// Instances by name, owner, size and tag.
    Instances in "exempt." {
        /// Names of instances.
        names: List<Pattern>,
        /// Owners: user names or object ids.
        owners: List<Pattern>,
        /// VM sizes.
        sizes: List<Pattern>,
        /// Tags of the instance.
        tags: TagPatterns,
    }
}

/// Other values for the instances that match; the first override that matches holds.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Override {
    /// What it is called where it is shown. Not given: its place in the file.
    pub(super) name: Option<Located<Name>>,
    /// Which instances. Every list that is not empty must match; at least one must be given.
    #[schemars(rename = "match", required)]
    pub(super) matches: Option<Located<Instances>>,
    /// Stop outside the allowed hours; "off" switches the rule off.
    pub(super) hours: Option<Located<Switch<Hours>>>,
    /// Stop what nobody has used; "off" switches the rule off.
    pub(super) idle: Option<Located<Switch<Idle>>>,
    /// Stop what has run for too long; "off" switches the rule off.
    pub(super) uptime: Option<Located<Switch<Uptime>>>,
    /// Azure's own idle timer, as it is wanted; "off" wants none.
    pub(super) native: Option<Located<Switch<Native>>>,
    /// How use holds a due stop back.
    pub(super) busy: Option<Located<Busy>>,
    /// How a stop is announced.
    pub(super) warning: Option<Located<Warning>>,
    /// What holds back every stop.
    pub(super) guard: Option<Located<OverrideGuard>>,
    /// What people may ask for themselves.
    pub(super) hold: Option<Located<Hold>>,
    /// What is never stopped.
    pub(super) exempt: Option<Located<Instances>>,
}

impl Read for Override {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        let mut table = TableReader::open(value, key, findings)?;
        let read = Self {
            name: table.take("name"),
            matches: table.take("match"),
            hours: table.take("hours"),
            idle: table.take("idle"),
            uptime: table.take("uptime"),
            native: table.take("native"),
            busy: table.take("busy"),
            warning: table.take("warning"),
            guard: table.take("guard"),
            hold: table.take("hold"),
            exempt: table.take("exempt"),
        };
        table.finish();
        Some(read)
    }
}

table! {
    /// The tables that both a policy and the defaults of the fleet may hold.
    Tables in "" {
        /// Observe (the default) or enforce.
        mode: Mode,
        /// Stop outside the allowed hours; "off" switches the rule off.
        hours: Switch<Hours>,
        /// Stop what nobody has used for some time; "off" switches the rule off.
        idle: Switch<Idle>,
        /// Stop what has run for too long; "off" switches the rule off.
        uptime: Switch<Uptime>,
        /// What may be spent in a month; "off" switches the rule off.
        budget: Switch<Budget>,
        /// What Prometheus is asked about use; "off" switches it off.
        promql: Switch<Promql>,
        /// Azure's own idle timer, as it is wanted; "off" wants none.
        native: Switch<Native>,
        /// Start what is off when the hours begin; "off" switches the rule off.
        start: Switch<Start>,
        /// What becomes of instances that stay off; "off" proposes none.
        stopped: Switch<Stopped>,
        /// How use holds a due stop back.
        busy: Busy,
        /// How a stop is announced.
        warning: Warning,
        /// What holds back every stop.
        guard: Guard,
        /// How much may be stopped at once.
        limits: Limits,
        /// What people may ask for themselves.
        hold: Hold,
        /// What is never stopped.
        exempt: Instances,
    }
}
