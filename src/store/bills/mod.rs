//! Bills and what comparing them with the ledger gave, in SQLite: rows are only ever added.

mod answer;
mod compared;
mod keep;
mod read;
#[cfg(test)]
mod tests;
