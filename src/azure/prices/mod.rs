//! Prices from Azure: its public list without a token, what Azure Machine Learning says of its VM sizes, and the port.
//!
//! How the public list is asked (FACTS 6.1): one request names many sizes of one region, kept below 2,000 characters, and
//! wants on-demand prices alone. Which row is the price is decided here and not by the filter (FACTS 6.2).
//!
//! The spelling of a size is the catch. Microsoft documents that the list compares filter values with case from api-version
//! 2023-01-01-preview on, and without before; which of the two a request without an api-version meets is not verified.
//! Resource Manager gives sizes in capitals. So no api-version is sent, each size is spelt as the list of VM sizes spells it
//! where that is known, and by the pattern of Azure's names beside it: right under either reading, at no further request.
//! Reading every price of the region instead would cost several pages of a thousand rows each time, for the same answer.
//! A size that is found under neither spelling has no price, which is said, and never the price of another.

mod asking;
mod desk;
mod estimates;
mod open_line;
mod options;
mod place;
mod port;
mod retail;
mod row;
mod select;
mod spelling;
mod vm_sizes;

pub(super) use desk::Desk;
pub use options::PriceOptions;
pub(super) use place::PriceUrl;
