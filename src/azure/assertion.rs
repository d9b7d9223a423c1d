//! Proof of a certificate without OpenSSL: a short-lived JWT signed with the certificate's RSA key.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PSS_SHA256, RsaKeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use serde_json::json;

/// How long one assertion holds.
const LIFETIME: SignedDuration = SignedDuration::from_secs(600);

/// Why a certificate cannot be used. None of them holds a byte of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum CertificateError {
    #[error("it holds no certificate (BEGIN CERTIFICATE)")]
    NoCertificate,
    #[error("it holds no unencrypted key in PKCS#8 (BEGIN PRIVATE KEY); convert it with `openssl pkcs8 -topk8 -nocrypt`")]
    NoKey,
    #[error("its key is not an RSA key of 2048 to 8192 bits, the only kind that Entra takes")]
    NotRsa,
    #[error("it could not be signed with")]
    Signing,
}

/// A certificate and its key, ready to prove themselves.
pub(super) struct Certificate {
    thumbprint: String,
    key: RsaKeyPair,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("x5t#S256", &self.thumbprint).finish_non_exhaustive()
    }
}

impl Certificate {
    /// Reads the first certificate and the first key of a PEM file's text, in either order.
    pub(super) fn parse(pem: &[u8]) -> Result<Self, CertificateError> {
        let certificate = CertificateDer::from_pem_slice(pem).map_err(|_| CertificateError::NoCertificate)?;
        let key = PrivatePkcs8KeyDer::from_pem_slice(pem).map_err(|_| CertificateError::NoKey)?;
        let key = RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).map_err(|_| CertificateError::NotRsa)?;
        let thumbprint = URL_SAFE_NO_PAD.encode(digest(&SHA256, &certificate));
        Ok(Self { thumbprint, key })
    }

    /// A signed statement by `client` for the token endpoint `audience`.
    pub(super) fn assertion(&self, client: &str, audience: &str, now: Timestamp) -> Result<String, CertificateError> {
        let header = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": self.thumbprint });
        let issued = now.as_second();
        let claims = json!({
            "aud": audience, "iss": client, "sub": client, "jti": format!("{:032x}", fastrand::u128(..)),
            "iat": issued, "nbf": issued, "exp": issued.saturating_add(LIFETIME.as_secs()),
        });
        let mut token = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(&RSA_PSS_SHA256, &SystemRandom::new(), token.as_bytes(), &mut signature)
            .map_err(|_| CertificateError::Signing)?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(&signature, &mut token);
        Ok(token)
    }
}
