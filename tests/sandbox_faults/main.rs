//! Each fault of the sandbox shows on a real socket as the catalogue describes it (rows of RULES 4.3 in brackets).
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of a test; the settings for tests cover only the tests themselves"
)]

mod arm;
mod site;
mod wire;
