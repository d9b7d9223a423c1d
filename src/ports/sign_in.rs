//! Signing people in: what the face asks of whoever knows their provider.

use std::future::Future;
use std::pin::Pin;

use crate::access::Identity;

/// What binds the beginning of a login to its end: random texts that only this service and the browser know.
#[derive(Clone, PartialEq, Eq)]
pub struct LoginSecrets {
    /// Sent to the provider, and back from it.
    pub state: String,
    /// Stands in the token.
    pub nonce: String,
    /// Sent with the code; the provider was told its digest (PKCE).
    pub verifier: String,
}

impl std::fmt::Debug for LoginSecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoginSecrets").finish_non_exhaustive()
    }
}

/// What the provider sent back by way of the browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginAnswer {
    /// The code, for a token.
    pub code: String,
    /// Who says so (RFC 9207), where the provider tells.
    pub issuer: Option<String>,
}

/// A login that came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoginFault {
    /// The provider, or what came back of it, is not to be believed.
    #[error("the login is refused: {0}")]
    Refused(String),
    /// The provider cannot be had.
    #[error("the login provider cannot be asked: {0}")]
    Unreachable(String),
}

/// A login under way.
pub type LoggingIn<'a, T> = Pin<Box<dyn Future<Output = Result<T, LoginFault>> + Send + 'a>>;

/// Signs people in with a provider.
pub trait SignIn: Send + Sync {
    /// Where the browser is sent to.
    fn begin<'a>(&'a self, secrets: &'a LoginSecrets) -> LoggingIn<'a, String>;
    /// Who came back.
    fn finish<'a>(&'a self, secrets: &'a LoginSecrets, answer: &'a LoginAnswer) -> LoggingIn<'a, Identity>;
}
