//! Cost Management's query: what Azure billed workspaces, by day and meter (FACTS 7).
//!
//! One question a subscription and calendar month, at most once a day: each month of data costs one of the units that the
//! whole tenant shares, and a question for single days may not reach further.
//! It is a POST, and reads: the body says what is asked. Resource and meter are the two groups that a question may have, so
//! that the meter's category is not told. `UsageQuantity` is asked for beside the cost, within the two sums that a question
//! may have: it says whether the time or the price differs. [FACTS 7 names the column `Cost` alone; that both may be asked
//! for in one question is not verified against Azure.] A refusal of the second shows as a fault, and nothing is compared.

mod definition;
mod port;
mod rows;
