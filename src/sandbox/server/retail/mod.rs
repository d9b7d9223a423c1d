//! The Retail Prices API: every price under every name it is sold by, so that the right one has to be picked.

mod filter;
mod meters;
mod offers;
mod respond;
mod row;
