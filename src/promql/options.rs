//! What the room needs to be told: which server, with what token, how patiently.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use secrecy::SecretString;

/// Gives the bearer token anew at each use, or says why there is none.
#[derive(Clone)]
pub struct BearerSource(pub Arc<dyn Fn() -> Result<SecretString, String> + Send + Sync>);

impl fmt::Debug for BearerSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerSource")
    }
}

/// Everything the room needs to be told.
#[derive(Debug, Clone)]
pub struct PromqlOptions {
    /// Where the server is: its `/api/v1` lies below this.
    pub url: String,
    /// The token, where the server wants one.
    pub bearer: Option<BearerSource>,
    /// PEM file of certificate authorities trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// For one whole answer.
    pub timeout: Duration,
    /// For how long the server repeats the last sample of a series whose end it was not told of.
    pub lookback: SignedDuration,
}
