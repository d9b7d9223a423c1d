//! Bills as files: what a team drops into a folder, of a FOCUS export or of Azure's own export of actual costs.
//!
//! A file in the folder is a bill; the files of a folder below it are the parts of one. Each is read once for each
//! subscription, by its digest. A bad row costs itself and a bad file its bill, both named with their place.
//!
//! A bill tells of the days that it has a row of. Where two tell of a day, the one that was written last counts among those
//! that one look finds, and over all looks the one that was found last: the journal does not hold when a file was written,
//! so that an older file that is dropped after a newer one was read stands in the newer one's place.

mod bundle;
mod columns;
mod folder;
mod guard;
mod read;
mod records;
#[cfg(test)]
mod tests;

pub use folder::BillFolder;
