//! The door before people's routes, over real HTTP: who is let in, by which rule, and what other sites, proxies and slow
//! clients try in vain.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests: a panic is the failure")]

#[path = "door/browser.rs"]
mod browser;
#[path = "door/limits.rs"]
mod limits;
#[path = "door/login.rs"]
mod login;
#[path = "door/matrix.rs"]
mod matrix;
#[path = "door/names.rs"]
mod names;
#[path = "door/proxies.rs"]
mod proxies;
#[path = "door/site.rs"]
mod site;
#[path = "door/tokens.rs"]
mod tokens;
