//! Whom a token is for, by its own claims: read to find a person's own instances, and believed for nothing else.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::error::{Act, AzureError};
use super::fleet::Azure;
use super::words::clean;
use crate::ports::{Clock, Fault};

/// Whoever a token is for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Me {
    /// Their object id.
    pub object_id: Option<String>,
    /// Names that they go by.
    pub names: Vec<String>,
}

impl<C: Clock> Azure<C> {
    /// Asks for a token and reads whom it is for.
    ///
    /// # Errors
    /// When there is none, or it does not tell.
    pub async fn who_am_i(&self) -> Result<Me, Fault> {
        let doing = "find out who is logged in";
        let bearer = self.line.tokens.bearer().await.map_err(|error| error.fault(Act::Read, doing))?;
        let text = bearer.header.to_str().unwrap_or_default();
        let told = me(text.trim_start_matches("Bearer ").trim());
        told.ok_or_else(|| {
            AzureError::Unreadable("its token does not say whom it is for".to_owned()).fault(Act::Read, doing)
        })
    }

    /// So many processes ask by this one's identity: each keeps to its part of what Azure lets that identity ask.
    pub fn share_limits(&self, sharers: u32) {
        self.line.share_limits(sharers);
    }
}

fn me(token: &str) -> Option<Me> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&payload).ok()?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(clean);
    let names = ["upn", "preferred_username", "unique_name", "email"].into_iter().filter_map(text).collect();
    let me = Me { object_id: text("oid"), names };
    (me != Me::default()).then_some(me)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_tells_whom_it_is_for_or_nothing() {
        let token = |claims: &str| format!("x.{}.y", URL_SAFE_NO_PAD.encode(claims));
        let ada = me(&token(r#"{"oid":"11","upn":"ada@example.org","unique_name":"ada@example.org"}"#)).unwrap();
        assert_eq!((ada.object_id.as_deref(), ada.names[0].as_str()), (Some("11"), "ada@example.org"));
        for nothing in ["", "opaque", "a.b.c", &token("{}"), &token(r#"{"oid":7}"#)] {
            assert_eq!(me(nothing), None, "{nothing}");
        }
    }
}
