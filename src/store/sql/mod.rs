//! One set of statements for SQLite and PostgreSQL: what differs between the two is here, and nothing of it is a decision.

mod builder;
mod link;
mod query;
mod row;
#[cfg(test)]
mod tests;
mod value;

pub(in crate::store) use builder::Builder;
pub(in crate::store) use link::{Dialect, Link, Pool, Turns, Tx};
pub(in crate::store) use query::{query, query_as, query_scalar};
pub(in crate::store) use row::Row;
pub(in crate::store) use value::Value;
