//! The command line as its users meet it: what the real program prints, where, and with which exit code.

#[path = "support/allowed.rs"]
mod allowed;
#[path = "support/command_names.rs"]
mod command_names;
#[path = "support/estate.rs"]
mod estate;
#[path = "support/program.rs"]
mod program;

#[path = "cli/agents.rs"]
mod agents;
#[path = "cli/files.rs"]
mod files;
#[path = "cli/journal.rs"]
mod journal;
#[path = "cli/native.rs"]
mod native;
#[path = "cli/once.rs"]
mod once;
#[path = "cli/rbac.rs"]
mod rbac;
#[path = "cli/tokens.rs"]
mod tokens;
#[path = "cli/words.rs"]
mod words;
