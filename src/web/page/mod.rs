//! The page that people look at: models of plain text out of the fleet's view, templates that show them, and what they load.
//!
//! Every page is whole without scripts; these only keep it fresh, and send what a person wants changed. What a template
//! shows is escaped, always.

mod assets;
mod common;
mod fleet;
mod instance;
mod line;
mod operations;
mod row;
mod savings;
mod serve;
mod shown;
mod stopped;
mod templates;
mod week;

pub use serve::PageFaces;
pub use templates::TemplateError;

pub(super) use common::Site;
pub(super) use serve::page_routes;
pub(super) use templates::Templates;

pub(super) use assets::stamp;
pub(super) use common::owners_of;
pub(super) use row::{Choice, HoldTerms};
pub(super) use shown::{Clocks, When as ShownWhen, money as shown_money};
