//! Who speaks for the instance to the service: the token out of its file, or the managed identity.

use super::identity::{IdentityError, Managed};
use super::record::Moment;
use super::token::Token;
use crate::units::InstanceId;

/// One of both.
#[derive(Debug)]
pub enum Speaker {
    /// A token of the service's own.
    Token(Token),
    /// Tokens of the managed identity.
    Managed(Box<Managed>),
}

impl Speaker {
    /// The instance, where it is known.
    #[must_use]
    pub fn instance(&self) -> Option<&InstanceId> {
        match self {
            Self::Token(token) => Some(token.instance()),
            Self::Managed(managed) => managed.instance(),
        }
    }

    /// Sees to it that there is something to show, and says whom it is of.
    ///
    /// # Errors
    /// When there is nothing.
    pub async fn ready(&mut self, now: Moment) -> Result<InstanceId, IdentityError> {
        match self {
            Self::Token(token) => Ok(token.instance().clone()),
            Self::Managed(managed) => managed.ready(now).await,
        }
    }

    /// What is shown, for the one header that it goes into.
    pub(super) fn secret(&self) -> Option<&str> {
        match self {
            Self::Token(token) => Some(token.secret()),
            Self::Managed(managed) => managed.secret(),
        }
    }

    /// True when there is another one to show, after the service refused this.
    ///
    /// # Errors
    /// When another one was to be had, and was not.
    pub async fn renew(&mut self, now: Moment) -> Result<bool, IdentityError> {
        match self {
            // Its file is read again by whoever reads files.
            Self::Token(_) => Ok(false),
            Self::Managed(managed) => managed.renew(now).await,
        }
    }

    /// The service took what was shown.
    pub fn taken(&mut self) {
        match self {
            Self::Token(_) => {}
            Self::Managed(managed) => managed.taken(),
        }
    }

    /// What to do where the service refuses what is shown.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Token(_) => "the token is not taken: it may have been withdrawn; ask for a new one",
            Self::Managed(_) => {
                "the managed identity's token is not taken: service.entra_audience has to be the service's \
                 [agents] entra_audience, and the instance of the service's entra_tenant"
            }
        }
    }

    /// What is worth saying when somebody checks.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        match self {
            Self::Token(_) => None,
            Self::Managed(managed) => managed.words(),
        }
    }
}
