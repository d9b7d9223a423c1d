//! The commands of the program, by name.

/// Every one of them.
pub(crate) const COMMANDS: [&str; 22] = [
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
    "reconcile",
    "native",
    "instance",
    "agent",
    "notify",
    "token",
    "ack",
    "openapi",
    "completions",
];
