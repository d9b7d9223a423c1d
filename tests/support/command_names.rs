//! The commands of the program, by name.

/// Every one of them.
pub(crate) const COMMANDS: [&str; 24] = [
    "demo",
    "sandbox",
    "run",
    "sweep",
    "check",
    "plan",
    "explain",
    "hold",
    "freeze",
    "doctor",
    "status",
    "report",
    "ledger",
    "journal",
    "reconcile",
    "native",
    "agent",
    "notify",
    "token",
    "ack",
    "openapi",
    "man",
    "version",
    "completions",
];
