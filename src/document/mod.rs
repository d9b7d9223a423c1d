//! A TOML file as a person wrote it: values with their places, read key by key, and every problem of it in one pass.

mod diagnostic;
mod findings;
mod nearest;
mod place;
mod reader;
mod values;

pub use diagnostic::{Diagnostic, Severity};
pub(crate) use findings::{Findings, Trouble, root};
pub(crate) use nearest::nearest;
pub(crate) use place::{Located, Place};
pub(crate) use reader::{Read, TableReader, elements, join, wrong_type};
pub(crate) use values::{LONGEST_TEXT, Word, parsed};
