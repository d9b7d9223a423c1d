//! The signed links of warnings: whoever has one may postpone one announced stop of one instance once, and nothing else.
//!
//! A link names its action, and the only one is to hold. It is no login: it opens no page but its own, ends an hour after
//! the stop that it belongs to, and is spent by the first hold that is made with it.

mod address;
mod claim;

pub use address::{LinkBase, path_of};
pub use claim::{LinkClaim, LinkError, for_warning, link_keys, read};
