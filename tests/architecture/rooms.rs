//! The rooms, and who may import whom.

/// A room: its name, whether it is pure, and the rooms it may import. Order is the order of the storeys.
pub(crate) struct Room {
    /// The folder or file below `src/`.
    pub(crate) name: &'static str,
    /// No I/O, no clock, no `async`, no logging.
    pub(crate) pure: bool,
    /// What it may import.
    pub(crate) may: &'static [&'static str],
}

const fn pure(name: &'static str, may: &'static [&'static str]) -> Room {
    Room { name, pure: true, may }
}

const fn outer(name: &'static str, may: &'static [&'static str]) -> Room {
    Room { name, pure: false, may }
}

/// The table. Where a row says more than the room's name suggests, the reason stands beside it.
pub(crate) const ROOMS: &[Room] = &[
    // storey 1: pure
    pure("units", &[]),
    pure("access", &[]),
    // The one list of what is asked of Azure.
    pure("rights", &[]),
    pure("schedule", &["units"]),
    pure("facts", &["units"]),
    pure("document", &["units"]),
    // What the agent says to the service: the one thing that both know.
    pure("heartbeat", &["units"]),
    // What is signed and known again.
    pure("seal", &[]),
    pure("links", &["units", "facts", "seal"]),
    // facts: the sources of evidence that a rule can ask for.
    pure("policy", &["units", "schedule", "facts", "document"]),
    pure("ledger", &["units", "facts"]),
    pure("rules", &["units", "schedule", "facts", "policy"]),
    pure("plan", &["units", "facts", "ledger", "rules"]),
    pure("guard", &["units", "facts", "policy", "rules", "plan"]),
    // rules: what was decided is told in its words.
    pure("past", &["units", "facts", "ledger", "rules"]),
    // policy: the fleet's view says under which mode and policy an instance stands.
    pure("report", &["units", "facts", "policy", "ledger", "rules", "plan", "guard"]),
    // schedule: quiet hours are handed over. past: what is replayed. policy: what is tried.
    pure("replay", &["units", "schedule", "facts", "policy", "ledger", "rules", "plan", "guard", "past"]),
    // the seams
    // guard: a stop is sent by handing over the guard's permit (G5).
    // rules: the journal is handed verdicts as they are.
    // policy: the question that a policy has for Prometheus is passed on as it is.
    // access: who signed in is handed over in its words.
    outer("ports", &["access", "units", "facts", "policy", "ledger", "rules", "plan", "guard", "report"]),
    // storey 2: the outside
    // guard: takes the permit that `ports` hands it, and can make none.
    // ledger: prices are handed over in its words.
    // rights: what a refused request lacked is named by it.
    outer("azure", &["rights", "units", "facts", "ledger", "plan", "guard", "ports"]),
    // ledger: the lines of a bill are its words.
    outer("bills", &["units", "ledger", "ports"]),
    // heartbeat: what agents send is its words.
    outer("intake", &["units", "facts", "heartbeat", "seal", "ports"]),
    // facts: what a link is for is told in its words.
    outer("notify", &["units", "facts", "links", "seal", "report", "ports"]),
    // access: who signed in is told in its words.
    outer("oidc", &["access", "ports"]),
    // policy: the question that a policy has for Prometheus is asked as it is.
    outer("promql", &["units", "facts", "policy", "ports"]),
    // ledger: the price sheet is one of the files that settings name. facts: so are sources of evidence.
    // access: roles are written there.
    // schedule: quiet hours are weekly windows like any other.
    outer("settings", &["access", "units", "schedule", "document", "facts", "policy", "ledger"]),
    // rules: the journal keeps verdicts and grounds as they are. past: it is read back whole in its words.
    outer("store", &["units", "facts", "ledger", "rules", "plan", "past", "report", "ports"]),
    // storey 3: the machine and its faces
    // No adapter: the engine knows the outside by its ports alone.
    outer("engine", &["units", "schedule", "facts", "policy", "ledger", "rules", "plan", "guard", "report", "ports"]),
    // facts, policy, rules, guard: the closed lists whose labels are metric labels. ports: what use was made of the API.
    outer("metrics", &["units", "facts", "policy", "ledger", "rules", "guard", "report", "ports"]),
    outer(
        "web",
        &[
            "access",
            "units",
            "schedule",
            "facts",
            "heartbeat",
            "links",
            "seal",
            "policy",
            "ledger",
            "rules",
            "guard",
            "report",
            "ports",
            "metrics",
        ],
    ),
    // document: its settings are a file of the same kind. Nothing of the service: it is built without.
    outer("agent", &["units", "document", "heartbeat"]),
    // Shares no type with `azure`, so that neither can hide the other's mistake.
    outer("sandbox", &["units"]),
    // The only room that names adapters: it puts the parts together.
    outer(
        "cli",
        &[
            "access",
            "rights",
            "units",
            "schedule",
            "facts",
            "policy",
            "ledger",
            "rules",
            "plan",
            "guard",
            "report",
            "past",
            "replay",
            "ports",
            "azure",
            "bills",
            "intake",
            "notify",
            "oidc",
            "promql",
            "settings",
            "store",
            "engine",
            "metrics",
            "web",
            "sandbox",
            "heartbeat",
            "seal",
            "links",
            "agent",
        ],
    ),
    // The binary's one file; in the small build it has no `cli`.
    outer("main", &["cli", "agent"]),
];

/// Rooms that touch one outside thing each; only `cli` may name them.
pub(crate) const ADAPTERS: &[&str] = &["azure", "bills", "intake", "notify", "oidc", "promql", "store", "sandbox"];

/// Paths that no pure room may name.
pub(crate) const IMPURE: &[&[&str]] = &[
    &["std", "fs"],
    &["std", "env"],
    &["std", "io"],
    &["std", "net"],
    &["std", "os"],
    &["std", "process"],
    &["std", "thread"],
    &["std", "time", "Instant"],
    &["std", "time", "SystemTime"],
    &["tokio"],
    &["reqwest"],
    &["axum"],
    &["sqlx"],
    &["tracing"],
    &["fastrand"],
    &["rustix"],
    &["notify", "Watcher"],
];

/// Types whose `now` reads a clock.
pub(crate) const CLOCKS: &[&str] = &["Timestamp", "Zoned", "SystemTime", "Instant"];

/// Files that may be longer than the house allows: path, lines, and why. An entry that is not needed is a fault too.
pub(crate) const LONG: &[(&str, usize, &str)] = &[];
