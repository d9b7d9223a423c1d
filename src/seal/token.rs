//! A claim and its signature as one word of letters that urls and headers carry as they are.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Keys;

/// A token takes at most so many bytes.
const TOKEN_MAX: usize = 2_048;

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// It is not one.
    Malformed,
    /// Its signature is wrong, or its key is not known any more.
    Forged,
}

/// What a token claims, with the name of the key that signed it.
pub trait Claims: Serialize + DeserializeOwned {
    /// The beginning of every token of this kind, by which scanners of leaked secrets can know one.
    const PREFIX: &'static str;
    /// The name of the key that signed it.
    fn key(&self) -> &str;
}

/// Signs a claim with the present key.
#[must_use]
pub fn seal<C: Claims>(keys: &Keys, claim: &C) -> Option<String> {
    let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(claim).ok()?);
    let signature = URL_SAFE_NO_PAD.encode(keys.sign(payload.as_bytes())?);
    Some(format!("{}{payload}.{signature}", C::PREFIX))
}

/// Reads a token and checks its signature.
///
/// # Errors
/// When it is none, or was not signed by one of these keys.
pub fn open<C: Claims>(keys: &Keys, token: &str) -> Result<C, Broken> {
    let body = token.strip_prefix(C::PREFIX).filter(|_| token.len() <= TOKEN_MAX).ok_or(Broken::Malformed)?;
    let (payload, signature) = body.split_once('.').ok_or(Broken::Malformed)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Broken::Malformed)?;
    let claim = URL_SAFE_NO_PAD.decode(payload).map_err(|_| Broken::Malformed)?;
    let claim: C = serde_json::from_slice(&claim).map_err(|_| Broken::Malformed)?;
    if !keys.signed(claim.key(), payload.as_bytes(), &signature) {
        return Err(Broken::Forged);
    }
    Ok(claim)
}
