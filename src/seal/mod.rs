//! Words that this service signs and knows again: agents' tokens, and the links in warnings.

mod keys;
mod token;

pub use keys::{KeyError, Keys};
pub use token::{Broken, Claims, open, seal};
