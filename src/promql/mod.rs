//! Prometheus, asked a policy's own question about use: above 0 is use, 0 or below is none, and no sample is not known.
//!
//! One range query for each distinct question of an ask. What the rest of the house has to know of it:
//!
//! - The expression is asked as `max_over_time((EXPR)[STEP:15s])`, so that use between two points of the answer is not
//!   missed however long the step is. A point therefore says of the whole step before it that it was used, and that it was
//!   watched at least once.
//! - Prometheus goes on repeating the last sample of a series whose end it was not told of, for its `--query.lookback-delta`
//!   (5 minutes, unless it was started otherwise). A target that a scrape finds gone ends at once; what was pushed, backfilled
//!   or federated does not (tried with Prometheus 2.42: four points of a step of a minute beyond the last sample). The two
//!   look the same in an answer, so that quiet is believed only up to that time and a step before the newest point: an
//!   exporter that died is not taken for a quiet one for a moment longer than the policy's `fresh_within`. An expression that
//!   looks back by itself, such as `rate(x[10m])`, still speaks of those ten minutes.
//! - Use is believed at once, and from answers too that are cut or carry a warning. Quiet is not.
//! - A label's value may name several instances, since Azure's names are unique in a region alone. Use then counts for each of
//!   them, and quiet for none.

mod account;
mod ask;
mod error;
mod names;
mod options;
mod server;
mod wire;

pub use ask::Promql;
pub use error::{PromqlError, SetupError};
pub use options::{BearerSource, PromqlOptions};
pub use server::Doctored;
