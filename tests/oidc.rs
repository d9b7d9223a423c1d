//! Signing in with an OpenID provider: a certified one that is run here, and a hostile one of our own that forges what it
//! can.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests: a panic is the failure")]

#[path = "oidc/forged.rs"]
mod forged;
#[path = "oidc/hostile.rs"]
mod hostile;
#[path = "oidc/house.rs"]
mod house;
#[path = "oidc/real.rs"]
mod real;
#[path = "support/tools.rs"]
mod tools;
