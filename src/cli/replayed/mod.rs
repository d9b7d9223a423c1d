//! Replays for people: where the record comes from, which policies are tried, and what is said of it.

mod amounts;
mod error;
mod page;
mod record;
mod search;
mod text;
mod vary;

pub use error::ReplayError;
pub use page::{page, search_page};
pub use record::{export, of_history, of_store};
pub use search::{Found, Tried, search};
pub use text::{search_text, span, text};
pub use vary::{combinations, varied};

use amounts::{between, money, saved};
