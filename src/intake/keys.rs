//! The secret that tokens are made with, and the one before it while agents still carry tokens of that.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// A secret shorter than this can be guessed.
const SECRET_MIN: usize = 32;

/// Why there are no keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The secret is too short to be one.
    #[error("the secret of [agents] is shorter than {SECRET_MIN} characters; make one with: openssl rand -base64 32")]
    Short,
}

/// One secret with its name.
struct Key {
    name: String,
    secret: SecretString,
}

/// The key that mints, and those that are believed.
pub struct Keys {
    keys: Vec<Key>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|key| &key.name)).finish()
    }
}

impl Keys {
    /// The present secret, and the one before it, if agents may still carry its tokens.
    ///
    /// # Errors
    /// When one is too short.
    pub fn new(present: SecretString, before: Option<SecretString>) -> Result<Self, KeyError> {
        let keys = std::iter::once(present).chain(before).map(Key::new).collect::<Result<_, _>>()?;
        Ok(Self { keys })
    }

    /// The name of the key that mints: a digest, which tells nothing of the secret.
    pub(super) fn name(&self) -> &str {
        self.keys.first().map_or("", |key| &key.name)
    }

    /// Signs with the present key.
    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        Some(self.keys.first()?.mac(message)?.finalize().into_bytes().to_vec())
    }

    /// True when the key of that name signed it; in the same time whatever is wrong with the signature.
    pub(super) fn signed(&self, name: &str, message: &[u8], signature: &[u8]) -> bool {
        let key = self.keys.iter().find(|key| key.name == name);
        key.and_then(|key| key.mac(message)).is_some_and(|mac| mac.verify_slice(signature).is_ok())
    }
}

impl Key {
    fn new(secret: SecretString) -> Result<Self, KeyError> {
        if secret.expose_secret().len() < SECRET_MIN {
            return Err(KeyError::Short);
        }
        let digest = Sha256::new().chain_update(b"lightsout agent key name\n").chain_update(secret.expose_secret());
        let name = digest.finalize().iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { name, secret })
    }

    fn mac(&self, message: &[u8]) -> Option<Hmac<Sha256>> {
        let mac = Hmac::<Sha256>::new_from_slice(self.secret.expose_secret().as_bytes()).ok()?;
        Some(mac.chain_update(b"lightsout agent token 1\n").chain_update(message))
    }
}
