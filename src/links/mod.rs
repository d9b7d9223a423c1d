//! The signed links of messages: whoever has one may postpone one announced stop of one instance once, or keep one instance that
//! is proposed for deletion, and nothing else.
//!
//! A link names its action, and each of them only says no: no link stops or deletes anything. It is no login: it opens no page but its own, ends an hour after
//! the stop that it belongs to, and is spent by the first hold that is made with it.

mod address;
mod claim;

pub use address::{LinkBase, path_of};
pub use claim::{LinkAction, LinkClaim, LinkError, for_proposal, for_warning, link_keys, read};
