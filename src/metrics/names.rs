//! Every metric's name, help, kind and label set, written once.
//!
//! Units are base units. Counters end in `_total`, facts about the process in `_info`. No label can take a value that
//! a stranger invents without a cap, and no series names a person.

/// What kind of metric a family is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows: while the process lives, and what is counted from the ledger beyond that.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by upper bound.
    Histogram,
    /// Always one; what there is to say is in the labels.
    Info,
}

impl Kind {
    /// The word in the classic text format, which has none for info.
    #[must_use]
    pub const fn classic(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge | Self::Info => "gauge",
            Self::Histogram => "histogram",
        }
    }

    /// The word in OpenMetrics.
    #[must_use]
    pub const fn open(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Info => "info",
            Self::Histogram => "histogram",
        }
    }

    /// What OpenMetrics leaves off a sample's name to get its family's.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Counter => "_total",
            Self::Info => "_info",
            Self::Gauge | Self::Histogram => "",
        }
    }
}

/// One family of series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    /// Its samples' name (a histogram's without `_bucket`, `_sum`, `_count`).
    pub name: &'static str,
    /// One sentence for the reader.
    pub help: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// Its labels, in the order in which samples give their values.
    pub labels: &'static [&'static str],
}

/// The three labels that name a workspace.
pub const WORKSPACE: &[&str] = &["subscription", "resource_group", "workspace"];
/// A workspace, and a currency: amounts of two currencies never meet in one series.
pub const MONEY: &[&str] = &["subscription", "resource_group", "workspace", "currency"];
/// An account of the ledger: a workspace, a team (empty: nobody's) and a currency.
pub const ACCOUNT: &[&str] = &["subscription", "resource_group", "workspace", "team", "currency"];
/// Time of an account at a price (the number of its snapshot; empty: not known).
pub const TIME: &[&str] = &["subscription", "resource_group", "workspace", "team", "price"];

/// A workspace, and how long something has been so.
pub const AGE: &[&str] = &["subscription", "resource_group", "workspace", "age"];
/// The same, and a currency.
pub const AGE_MONEY: &[&str] = &["subscription", "resource_group", "workspace", "age", "currency"];

macro_rules! families {
    ($($(#[$doc:meta])* $id:ident = $kind:ident $name:literal $labels:expr, $help:literal;)*) => {
        $($(#[$doc])* #[doc = $help] pub const $id: Family = Family { name: $name, help: $help, kind: Kind::$kind, labels: $labels };)*
        /// Every family of this service, in the order of the page.
        pub const ALL: &[Family] = &[$($id),*];
    };
}

families! {
    BUILD = Info "lightsout_build_info" &["version", "commit", "arch"], "This binary.";
    TZDB = Info "lightsout_tzdb_info" &["version"], "The time zone database that edges are computed with.";

    INSTANCES = Gauge "lightsout_instances" &["subscription", "resource_group", "workspace", "state", "size"], "Compute instances by state, workspace and VM size.";
    RUNNING_SECONDS = Counter "lightsout_running_seconds_total" WORKSPACE, "Seconds for which instances were seen billed at both ends, summed.";
    UNRECOGNISED = Gauge "lightsout_unrecognised_states" &["word"], "Instances in a state whose word this version does not know, by the word.";
    ODDITIES = Gauge "lightsout_oddities" &["field"], "Odd fields in what Azure said of instances, by field.";
    SKIPPED = Gauge "lightsout_skipped_computes" WORKSPACE, "Computes of other types, which are never governed.";

    VERDICTS = Gauge "lightsout_verdicts" &["action", "ground"], "Decisions of the last sweep by action and winning ground.";
    OVERDUE = Gauge "lightsout_overdue_instances" WORKSPACE, "Instances that should be off by their policy and are on.";
    OVERDUE_AGE = Gauge "lightsout_overdue_age_seconds" WORKSPACE, "How long the longest overdue instance had been overdue at the last sweep.";
    WARNINGS = Gauge "lightsout_warnings" &["state"], "Instances by the state of their warning: due, announced, undelivered.";
    WARNED = Counter "lightsout_warnings_recorded_total" &["ground"], "Warnings recorded for delivery.";
    CHANNEL_FAILURES = Gauge "lightsout_channel_failures" &["channel"], "Deliveries that failed in a row, by channel, over all messages; 0 once one is taken.";
    LET_GO = Counter "lightsout_messages_let_go_total" &[], "Messages given up: of no use any more before a channel took them.";
    NATIVE = Gauge "lightsout_native_findings" &["finding"], "What there is to say of Azure's own timers, by instance: missing, different, ineffective, and others.";
    HOLDS = Gauge "lightsout_holds" WORKSPACE, "Holds in force.";

    PLANNED = Counter "lightsout_stops_planned_total" &["ground"], "Stops that a sweep proposed; one that waits is proposed again each sweep.";
    REFUSED = Counter "lightsout_stops_refused_total" &["reason"], "Proposed stops that the guard refused, at review or at the second look.";
    ATTEMPTED = Counter "lightsout_stops_attempted_total" &["ground"], "Stops sent to Azure.";
    VERIFIED = Counter "lightsout_stops_verified_total" &["result"], "Stops whose end was seen: stopped, started_again, gone, already_stopped.";
    FAILED = Counter "lightsout_stops_failed_total" &["reason"], "Stops that Azure refused, failed or left unclear.";
    WAITING = Gauge "lightsout_plan_steps" &["reason"], "Stops of the last sweep by what became of them: a refusal, or sent.";
    EDGES_MISSED = Counter "lightsout_edges_missed_total" &["reason"], "Edges that came and went without a decision, by reason: off edges, and on-edges at which something was to be started.";
    STARTS = Counter "lightsout_starts_total" &["result"], "Starts at the beginning of hours: would, asked, started (seen on), failed, kept_off, missed.";

    SWEEPS = Counter "lightsout_sweeps_total" &[], "Sweeps ended.";
    LAST_SWEEP = Gauge "lightsout_last_sweep_timestamp_seconds" &[], "When the last sweep ended.";
    LAST_FULL_SWEEP = Gauge "lightsout_last_full_sweep_timestamp_seconds" &[], "When the last sweep that reached every due workspace ended.";
    LAST_SWEEP_LENGTH = Gauge "lightsout_last_sweep_duration_seconds" &[], "How long the last sweep took.";
    FAULTS = Counter "lightsout_faults_total" &["fault"], "Faults that sweeps reported.";
    WORKSPACES = Gauge "lightsout_workspaces" &["fault"], "Workspaces by what is wrong with them; none is readable.";
    UNGOVERNED = Gauge "lightsout_ungoverned_workspaces" &[], "Workspaces that no policy governs.";
    READABLE = Gauge "lightsout_workspace_readable" WORKSPACE, "Whether the workspace could be read the last time it was tried.";
    READ_AT = Gauge "lightsout_workspace_read_timestamp_seconds" WORKSPACE, "When the workspace was last read.";
    READ_LENGTH = Gauge "lightsout_workspace_read_duration_seconds" WORKSPACE, "How long reading the workspace took.";

    STALENESS = Gauge "lightsout_staleness_p99_seconds" &[], "Of a hundred workspaces ninety-nine were never known less well than this between two readings.";
    STALENESS_CAUSE = Gauge "lightsout_staleness_p99_cause" &["cause"], "Why that one was read no sooner: 1 at interval, quiet, waited or failed.";
    POLICY_STALENESS = Gauge "lightsout_policy_staleness_seconds" &["policy"], "The same of the workspace of a policy that is known least well.";
    POLICY_STALENESS_BOUND = Gauge "lightsout_policy_staleness_bound_seconds" &["policy"], "How old what is known of a workspace of the policy may become.";

    ARM_REQUESTS = Counter "lightsout_arm_requests_total" &["operation", "code"], "Requests to Azure Resource Manager by operation and status code or fault.";
    ARM_THROTTLED = Counter "lightsout_arm_throttled_total" &["subscription"], "Times that Azure answered 429.";
    ARM_TOKENS = Gauge "lightsout_arm_tokens" &["subscription", "region", "kind"], "Requests believed left in Azure's token bucket.";
    ARM_FOREIGN = Counter "lightsout_arm_foreign_origins_total" &[], "Answers refused for pointing to another origin: a security event.";

    POLICIES = Gauge "lightsout_policies" &["mode"], "Policies loaded by mode.";
    POLICY = Info "lightsout_policy_info" &["policy", "mode", "revision"], "Each policy as loaded.";
    RELOAD_OK = Gauge "lightsout_policy_reload_success" &[], "Whether the last load of the policies worked; when not, the one before is at work.";
    RELOAD_AT = Gauge "lightsout_policy_reload_timestamp_seconds" &[], "When policies were last loaded successfully.";
    CANARY_UNTIL = Gauge "lightsout_policy_canary_until_timestamp_seconds" &["policy"], "Until when a changed policy acts on a few only.";
    CANARY_ROOM = Gauge "lightsout_policy_canary_room" &["policy"], "How many more instances a changed policy on trial may stop.";
    BUDGET_LIMIT = Gauge "lightsout_budget_limit" &["policy", "scope", "currency"], "The month's allowance; those of owners together.";
    BUDGET_SPENT = Gauge "lightsout_budget_spent" &["policy", "scope", "currency"], "What is known to be spent of the month's allowance, compute alone; of owners together.";
    BUDGET_FORECAST = Gauge "lightsout_budget_forecast" &["policy", "scope", "currency", "bound"], "What will be spent at the end of the month: low, mid, high; absent while fewer than seven days are known.";
    FROZEN = Gauge "lightsout_frozen" &[], "Whether everything is frozen, or nobody knows.";
    CLOCK_TROUBLE = Gauge "lightsout_clock_trouble" &[], "Whether clocks stepped or disagree with Azure, which holds stops back.";
    STORE_OK = Gauge "lightsout_store_ok" &[], "Whether the last sweep could use the journal.";

    COST_RATE = Gauge "lightsout_cost_rate" MONEY, "What an hour of the billed instances with a known price costs, in units of the currency.";
    UNPRICED = Gauge "lightsout_unpriced_instances" WORKSPACE, "Billed instances whose price nobody knows; the cost rate lacks them.";
    RESIDUAL_RATE = Gauge "lightsout_residual_cost_rate" MONEY, "What an hour of the instances that are off costs all the same: disk, address, load balancer.";
    QUOTA_HELD = Gauge "lightsout_quota_held_vcpus" &["subscription", "region", "family"], "vCPUs of the quota that instances hold which are off: only deleting gives them back.";
    STOPPED = Gauge "lightsout_stopped_instances" AGE, "Instances that are off, by how long they have been at least.";
    STOPPED_RATE = Gauge "lightsout_stopped_cost_rate" AGE_MONEY, "What an hour of the instances that are off costs, by how long they have been: disk, address, load balancer.";
    PROPOSALS = Gauge "lightsout_proposals" &["state"], "Proposals to delete what stays off: proposed (a yes is awaited), automatic, confirmed, kept.";
    DELETIONS = Counter "lightsout_deletions_total" &["result"], "Proposals to delete what stays off by what became of them: sent, deleted, failed, refused, void.";

    COST = Counter "lightsout_cost_total" ACCOUNT, "Cost of compute as written into the ledger, in units of the currency; running time is written down at the latest when its day (UTC) ends.";
    COST_TAKEN_BACK = Counter "lightsout_cost_taken_back_total" ACCOUNT, "What corrections in the ledger took back of the cost.";
    OPEN_COST = Gauge "lightsout_open_cost" ACCOUNT, "Cost of what goes on and is not written into the ledger yet.";
    AVOIDED = Counter "lightsout_avoided_cost_total" ACCOUNT, "Cost that stops avoided by estimate: from each stop to the end of its stated counterfactual.";
    AVOIDED_TAKEN_BACK = Counter "lightsout_avoided_cost_taken_back_total" ACCOUNT, "What is taken back of the avoided cost: restarts, and corrections.";
    WOULD_AVOID = Counter "lightsout_would_avoid_cost_total" ACCOUNT, "Cost that policies in observe mode would have avoided by estimate.";
    WOULD_AVOID_TAKEN_BACK = Counter "lightsout_would_avoid_cost_taken_back_total" ACCOUNT, "What corrections took back of the cost that would have been avoided.";
    METERED = Counter "lightsout_metered_seconds_total" TIME, "Running time as written into the ledger, by the price it was written at.";
    METERED_TAKEN_BACK = Counter "lightsout_metered_seconds_taken_back_total" TIME, "What corrections in the ledger took back of the running time.";
    OPEN_TIME = Gauge "lightsout_open_seconds" TIME, "Running time that goes on and is not written into the ledger yet.";
    AVOIDED_TIME = Counter "lightsout_avoided_seconds_total" TIME, "Time that stops avoided by estimate, by the price it would have cost.";
    AVOIDED_TIME_TAKEN_BACK = Counter "lightsout_avoided_seconds_taken_back_total" TIME, "What is taken back of the avoided time: restarts, and corrections.";
    PRICE = Info "lightsout_price_info" &["price", "size", "region", "source"], "What each price is of, and where it came from.";
    HOURLY_PRICE = Gauge "lightsout_hourly_price" &["price", "currency"], "An hour at each price, in units of the currency.";
    PRICES = Gauge "lightsout_prices" &["source"], "Prices in force, by where they came from.";
    PRICE_AGE = Gauge "lightsout_price_age_seconds" &["source"], "How long ago the price that was confirmed longest ago was confirmed, at the last sweep.";
    UNKNOWN_PRICES = Gauge "lightsout_unknown_prices" &["why"], "Sizes in regions without a price, by why.";
    DOUBTED_PRICES = Gauge "lightsout_doubted_prices" &["why"], "Prices that stay in force since a newer answer was missing or not believed, by why.";
    PRICE_FAULTS = Gauge "lightsout_price_source_faults" &[], "What was wrong with sources when prices were last asked for.";
    SHARDS = Gauge "lightsout_shards" &[], "Parts of the fleet that this replica decides about, of 64; all of them where it has no other beside it.";
    LEDGER_ROWS = Gauge "lightsout_ledger_rows" &[], "Rows of the ledger; it only grows.";
    LEDGER_WHOLE = Gauge "lightsout_ledger_whole" &[], "Whether nothing was changed, lost or counted twice when the ledger was last followed row by row; absent before that.";
    LEDGER_FOLLOWED_AT = Gauge "lightsout_ledger_followed_timestamp_seconds" &[], "When the ledger was last followed from its first row to its last.";
    BILL_ERROR = Gauge "lightsout_reconciliation_error_ratio" &[], "How far ledger and bill are apart: differences of compute without their sign, as a share of what was billed.";
    BILL_COVERAGE = Gauge "lightsout_reconciliation_coverage_ratio" &[], "The share of due workspace-days that could be compared with a bill.";
    BILL_DAYS = Gauge "lightsout_reconciliation_due" &[], "Workspace-days that are due for comparison with a bill.";
    BILL_AGE = Gauge "lightsout_bill_age_seconds" &[], "How long ago the oldest bill in use was had, at the last sweep.";
    BILL_FAULTS = Gauge "lightsout_bill_faults" &[], "What was wrong when bills were last asked for.";
    RECONCILED = Gauge "lightsout_reconciled" &["cause"], "Workspace-days by what comparing their compute with the bill gave.";

    ACTIVITY = Gauge "lightsout_activity" &["source", "says"], "Instances that are on, by what each source says of their use; silent: nothing for a quarter of an hour.";
    IDLE = Gauge "lightsout_idle" &["ground"], "Instances that are on under an idle rule, by what that rule found, whichever rule decides: idle_unknown is that nobody knows.";
    DISKS_FULL = Gauge "lightsout_disks_full" &[], "Instances that are on and whose disk is known to be full: Azure stops none of them.";

    INSTANCE_ON = Gauge "lightsout_instance_on" &["subscription", "resource_group", "workspace", "instance"], "Whether the instance is on (optional, capped).";
    INSTANCE_STOP_AT = Gauge "lightsout_instance_stop_timestamp_seconds" &["subscription", "resource_group", "workspace", "instance"], "When the instance will be stopped (optional, capped).";
    INSTANCES_OMITTED = Gauge "lightsout_instance_series_omitted" &[], "Instances without series of their own because of the cap.";

    HEARTBEATS = Counter "lightsout_heartbeats_total" &["outcome"], "Heartbeats of agents: taken, or why they were turned away.";
    HTTP_REQUESTS = Counter "lightsout_http_requests_total" &["path", "code"], "Requests answered, by route and status code.";
    HTTP_REFUSED = Counter "lightsout_http_connections_refused_total" &[], "Connections closed for being too many.";
    SWEEP_LENGTHS = Histogram "lightsout_sweep_duration_seconds" &[], "How long sweeps took.";
}

/// Families that the process collector adds (Linux).
pub const PROCESS: [&str; 7] = [
    "process_cpu_seconds_total",
    "process_max_fds",
    "process_open_fds",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "process_threads",
    "process_virtual_memory_bytes",
];
