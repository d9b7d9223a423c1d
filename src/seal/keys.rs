//! The secret that something is signed with, and those before it while what they signed is still about.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// A secret shorter than this can be guessed.
const SECRET_MIN: usize = 32;

/// Why there are no keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The secret is too short to be one.
    #[error("the secret for {purpose} is shorter than {SECRET_MIN} characters; make one with: openssl rand -base64 32")]
    Short {
        /// What is signed with it.
        purpose: &'static str,
    },
}

/// One secret with its name.
struct Key {
    name: String,
    secret: SecretString,
}

/// The key that signs, and those that are believed. What is signed for one purpose is never believed for another.
pub struct Keys {
    purpose: &'static str,
    keys: Vec<Key>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|key| &key.name)).finish()
    }
}

impl Keys {
    /// The present secret, and those before it that are still believed. The purpose goes into every signature.
    ///
    /// # Errors
    /// When one is too short.
    pub fn new(
        purpose: &'static str,
        present: SecretString,
        before: impl IntoIterator<Item = SecretString>,
    ) -> Result<Self, KeyError> {
        let key = |secret| Key::new(purpose, secret);
        let keys = std::iter::once(present).chain(before).map(key).collect::<Result<_, _>>()?;
        Ok(Self { purpose, keys })
    }

    /// The name of the key that signs: a digest, which tells nothing of the secret.
    #[must_use]
    pub fn name(&self) -> &str {
        self.keys.first().map_or("", |key| &key.name)
    }

    /// Signs with the present key.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        Some(self.keys.first()?.mac(self.purpose, message)?.finalize().into_bytes().to_vec())
    }

    /// True when the key of that name signed it; in the same time whatever is wrong with the signature.
    #[must_use]
    pub fn signed(&self, name: &str, message: &[u8], signature: &[u8]) -> bool {
        let key = self.keys.iter().find(|key| key.name == name);
        key.and_then(|key| key.mac(self.purpose, message)).is_some_and(|mac| mac.verify_slice(signature).is_ok())
    }
}

impl Key {
    fn new(purpose: &'static str, secret: SecretString) -> Result<Self, KeyError> {
        if secret.expose_secret().len() < SECRET_MIN {
            return Err(KeyError::Short { purpose });
        }
        let digest = Sha256::new().chain_update(format!("lightsout {purpose} key name\n"));
        let digest = digest.chain_update(secret.expose_secret()).finalize();
        let name = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { name, secret })
    }

    fn mac(&self, purpose: &str, message: &[u8]) -> Option<Hmac<Sha256>> {
        let mac = Hmac::<Sha256>::new_from_slice(self.secret.expose_secret().as_bytes()).ok()?;
        Some(mac.chain_update(format!("lightsout {purpose} token 1\n")).chain_update(message))
    }
}
