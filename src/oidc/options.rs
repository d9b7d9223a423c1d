//! What is known of a provider before it is asked.

use std::sync::Arc;

use secrecy::SecretString;

/// Reads the client secret, anew at each use; the error says in words why it cannot be had.
pub type SecretOf = Arc<dyn Fn() -> Result<SecretString, String> + Send + Sync>;

/// What is known of a provider before it is asked.
#[derive(Clone)]
pub struct OidcOptions {
    /// The provider, exactly as its tokens name it.
    pub issuer: String,
    /// What this service is called there.
    pub client_id: String,
    /// The secret that goes with it; none: a public client, by PKCE alone.
    pub secret: Option<SecretOf>,
    /// Where the browser comes back to.
    pub redirect_uri: String,
    /// What is asked for.
    pub scopes: Vec<String>,
    /// The claim that names groups or roles.
    pub role_claim: String,
    /// The claims that name addresses of the person; none: those that the provider is known to vouch for.
    pub address_claims: Option<Vec<String>>,
}

impl std::fmt::Debug for OidcOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OidcOptions")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}
