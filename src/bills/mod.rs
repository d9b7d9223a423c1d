//! Bills as files: what a team drops into a folder, of a FOCUS export or of Azure's own export of actual costs.
//!
//! A file in the folder is a bill; the files of a folder below it are the parts of one. Each is read once, by its digest. A
//! bad row costs itself and a bad file its bill, both named with their place.

mod columns;
mod csv;
mod folder;
mod read;
#[cfg(test)]
mod tests;

pub use folder::BillFolder;
