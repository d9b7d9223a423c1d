//! API tokens as they are kept: a line each, with a digest in place of the token, who it is for, and until when.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

use super::person::{Person, Way};
use super::role::Role;
use super::scope::{Scope, Scopes};

/// The beginning of every API token, by which scanners of leaked secrets can know one.
const PREFIX: &str = "lot1_";
/// Random bytes of a token: 256 bits.
pub const TOKEN_BYTES: usize = 32;
/// A token that is longer is none.
const TOKEN_MAX: usize = 128;

/// A token as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenRecord {
    /// What it is called.
    pub name: String,
    /// SHA-256 of the token, in hexadecimal digits.
    pub sha256: String,
    /// What it may be used for.
    pub scopes: Scopes,
    /// Whose instances count as its own; empty: it is nobody's, and acts on any instance.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// When it was made.
    pub made_at: Timestamp,
    /// By whom.
    pub made_by: String,
    /// From when on it is not believed.
    pub expires_at: Timestamp,
    /// When it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
}

/// Why the file of tokens cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenFileError {
    /// A line is no token.
    #[error("line {line} is no token: {problem}")]
    Line {
        /// Which, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
}

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefused {
    /// It is not one, or not one of ours.
    #[error("the token is not known here; mint one with `lightsout token mint`")]
    Unknown,
    /// Its time is over.
    #[error("the token has expired; mint another one with `lightsout token mint`")]
    Expired,
    /// Taken back.
    #[error("the token was revoked")]
    Revoked,
}

impl TokenRecord {
    /// The least role that its scopes need. A token that is for somebody's own instances acts on those alone.
    #[must_use]
    pub fn role(&self) -> Role {
        let of = |scope| match scope {
            Scope::Read => Role::Viewer,
            Scope::Hold if self.addresses.is_empty() => Role::Operator,
            Scope::Hold => Role::Owner,
            Scope::Operate => Role::Operator,
            Scope::Admin => Role::Admin,
        };
        self.scopes.iter().map(of).max().unwrap_or(Role::Viewer)
    }

    /// True when it is believed at an instant.
    #[must_use]
    pub fn is_good_at(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }

    fn person(&self) -> Person {
        Person {
            key: format!("token:{}", self.name),
            name: format!("token {}", self.name),
            addresses: self.addresses.clone(),
            role: self.role(),
            way: Way::Token(self.scopes),
        }
    }
}

/// A token's text, from its random bytes.
#[must_use]
pub fn spell(bytes: &[u8; TOKEN_BYTES]) -> String {
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// What is kept of a token.
#[must_use]
pub fn digest(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whose token it is. Every record is compared, each in the same time whatever is wrong with the token.
///
/// # Errors
/// When it is not to be believed.
pub fn judge(token: &str, records: &[TokenRecord], now: Timestamp) -> Result<Person, TokenRefused> {
    if !token.starts_with(PREFIX) || token.len() > TOKEN_MAX {
        return Err(TokenRefused::Unknown);
    }
    let digest = digest(token);
    let same = |record: &&TokenRecord| bool::from(record.sha256.as_bytes().ct_eq(digest.as_bytes()));
    let found = records.iter().fold(None, |found, record| if same(&record) { Some(record) } else { found });
    let record = found.ok_or(TokenRefused::Unknown)?;
    if record.revoked_at.is_some() {
        return Err(TokenRefused::Revoked);
    }
    if record.expires_at <= now {
        return Err(TokenRefused::Expired);
    }
    Ok(record.person())
}

/// Reads the file: a record a line. One that cannot be read spoils them all, since it may be the one that takes a token
/// back.
///
/// # Errors
/// When a line is no record.
pub fn read_tokens(text: &str) -> Result<Vec<TokenRecord>, TokenFileError> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let read = |(index, line): (usize, &str)| {
        let wrong = |problem: String| TokenFileError::Line { line: index.saturating_add(1), problem };
        let record: TokenRecord = serde_json::from_str(line).map_err(|error| wrong(error.to_string()))?;
        let whole = record.sha256.len() == 64 && record.sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
        if whole { Ok(record) } else { Err(wrong("its sha256 is not 64 hexadecimal digits".to_owned())) }
    };
    lines.map(read).collect()
}

/// The file's text.
#[must_use]
pub fn write_tokens(records: &[TokenRecord]) -> String {
    let lines = records.iter().filter_map(|record| serde_json::to_string(record).ok());
    lines.map(|line| line + "\n").collect()
}
