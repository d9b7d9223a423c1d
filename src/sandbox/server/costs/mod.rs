//! Cost Management's query: the true meters as Azure would bill them, late, rounded, and grouped as asked.

mod definition;
mod filter;
mod lines;
mod period;
mod quota;
mod respond;
mod table;

pub(super) use lines::Scope;
pub(super) use quota::Quotas;
