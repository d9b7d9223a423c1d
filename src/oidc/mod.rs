//! An OpenID provider, by which people sign in: authorization code with PKCE, its keys, and what its tokens must say.

mod claims;
mod fetch;
mod keys;
mod metadata;
mod options;
mod provider;
mod token;

pub use fetch::{ClientError, client};
pub use options::{OidcOptions, SecretOf};
pub use provider::Provider;
