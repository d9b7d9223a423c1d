//! The agent against the real things: a Jupyter server, tmux and screen, terminals; a pretended nvidia-smi; its own binary and
//! the script that installs it.
#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test")]

#[path = "agent/cards.rs"]
mod cards;
#[path = "agent/identity.rs"]
mod identity;
#[path = "agent/jupyter.rs"]
mod jupyter;
#[path = "agent/left_running.rs"]
mod left_running;
#[path = "agent/mirror.rs"]
mod mirror;
#[path = "agent/service.rs"]
mod service;
#[path = "agent/setup.rs"]
mod setup;
#[path = "agent/telling.rs"]
mod telling;
#[path = "support/tools.rs"]
mod tools;
#[path = "agent/tree.rs"]
mod tree;
