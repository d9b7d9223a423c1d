//! Texts that nobody can guess, and what is kept of them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};
use sha2::{Digest as _, Sha256};

/// The system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system gave no random bytes")]
pub struct NoRandom;

/// 256 random bits.
///
/// # Errors
/// When the system has none.
pub fn random_bytes() -> Result<[u8; 32], NoRandom> {
    let mut bytes = [0_u8; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| NoRandom)?;
    Ok(bytes)
}

/// The same as text, safe in URLs and cookies: 43 letters.
pub(super) fn random_text() -> Result<String, NoRandom> {
    Ok(URL_SAFE_NO_PAD.encode(random_bytes()?))
}

/// What is kept of a secret text.
pub(super) fn kept(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}
