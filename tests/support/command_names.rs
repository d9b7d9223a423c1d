//! The commands of the program, by name.

/// Every one of them.
pub(crate) const COMMANDS: [&str; 23] = [
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
    "residual",
    "proposals",
    "agent",
    "notify",
    "token",
    "ack",
    "openapi",
    "completions",
];
