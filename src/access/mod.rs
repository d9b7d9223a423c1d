//! Who may do what: roles, people, the rules that routes name, and the one function that judges.

mod allows;
mod person;
mod role;
mod roles;
mod scope;
#[cfg(test)]
mod tests;
mod token;

pub use allows::{Denied, Ownership, Rule, Why, allows, ownership};
pub use person::{Person, Way};
pub use role::Role;
pub use roles::{Identity, Roles};
pub use scope::{Scope, Scopes};
pub use token::{
    TOKEN_BYTES, TokenFileError, TokenRecord, TokenRefused, digest, judge, read_tokens, spell, write_tokens,
};
