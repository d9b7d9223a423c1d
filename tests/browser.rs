//! The page in a real browser: Chromium goes the ways that people go, against the real program and a simulated Azure.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests: a panic is the failure")]

#[path = "support/allowed.rs"]
mod allowed;
#[path = "support/estate.rs"]
mod estate;
#[path = "channels/postmaster.rs"]
mod postmaster;
#[path = "support/program.rs"]
mod program;
#[path = "browser/robot.rs"]
mod robot;
#[expect(dead_code, reason = "shared with the service's tests, of which some end it")]
#[path = "support/service.rs"]
mod service;
#[path = "browser/stage.rs"]
mod stage;
#[path = "support/tools.rs"]
mod tools;

#[path = "browser/acts.rs"]
mod acts;
#[path = "browser/hostile.rs"]
mod hostile;
#[path = "browser/keep.rs"]
mod keep;
#[path = "browser/large.rs"]
mod large;
#[path = "browser/letters.rs"]
mod letters;
#[path = "browser/looks.rs"]
mod looks;
