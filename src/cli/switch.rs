//! The freeze switch as settings have it: this replica's own file, and where replicas share a server the row of all of them.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::SignedDuration;
use tokio::time::timeout;

use super::store_place::{holder, server};
use super::wire_up::{WireError, freeze_switch};
use crate::facts::Freeze;
use crate::ports::{FreezeSwitch as _, with_causes};
use crate::settings::{Environment, Settings};
use crate::store::{FileFreeze, FreezeFileError, Lease, Store, StoreError};

/// A server that says nothing for so long is as good as none.
const PATIENCE: Duration = Duration::from_secs(10);

/// The switch could not be set.
#[derive(Debug, thiserror::Error)]
pub enum SwitchError {
    /// The file.
    #[error(transparent)]
    File(#[from] FreezeFileError),
    /// The server could not be told to freeze: the one file was written all the same.
    #[error("the other replicas are not frozen, since the database cannot be written; this one is, by {}", file.display())]
    Alone {
        /// The file of this replica.
        file: PathBuf,
        /// Why.
        #[source]
        source: Box<WireError>,
    },
    /// The server could not be told to lift it.
    #[error("the freeze of all replicas is not lifted, since the database cannot be written")]
    Row(#[source] Box<WireError>),
}

/// Freezes every replica where several share a server, else this process's file does it.
///
/// # Errors
/// When it cannot be written. Where the server cannot, this replica is frozen by its file.
pub async fn freeze_all(file: &FileFreeze, store: &Store, why: &str, who: &str) -> Result<(), SwitchError> {
    if !store.is_shared() {
        return Ok(file.write(&told(why, who))?);
    }
    written(store.freeze_all(why, who)).await.map_err(|error| alone(file, &told(why, who), error))
}

/// Lifts it: the row, and this replica's file; false when there was neither.
///
/// # Errors
/// When either cannot be written; the file stays where the row did.
pub async fn lift_freeze(file: &FileFreeze, store: &Store) -> Result<bool, SwitchError> {
    let lifted = if store.is_shared() {
        written(store.lift_freeze()).await.map_err(|error| SwitchError::Row(Box::new(error)))?
    } else {
        false
    };
    Ok(file.lift()? || lifted)
}

fn told(why: &str, who: &str) -> String {
    format!("{why} (by {who})")
}

/// This replica is frozen by its file all the same.
fn alone(file: &FileFreeze, told: &str, error: WireError) -> SwitchError {
    match file.write(told) {
        Ok(()) => SwitchError::Alone { file: file.path().to_owned(), source: Box::new(error) },
        Err(error) => error.into(),
    }
}

async fn written<T>(writing: impl Future<Output = Result<T, StoreError>>) -> Result<T, WireError> {
    Ok(timeout(PATIENCE, writing).await.unwrap_or(Err(StoreError::Silent))?)
}

/// The switch for whoever is no replica.
#[derive(Debug)]
pub struct Switch {
    file: FileFreeze,
    /// The way to the server, where there is one.
    shared: Option<Result<(Store, Lease), WireError>>,
}

impl Switch {
    /// Of these settings. A server that cannot be reached is told of when something is asked of it.
    pub async fn open(settings: &Settings, environment: &Environment) -> Self {
        let file = freeze_switch(settings);
        let shared = match server(settings, environment) {
            Ok(None) => None,
            Ok(Some(server)) => Some(written(Store::replica(&server, &holder(settings))).await),
            Err(error) => Some(Err(error)),
        };
        Self { file, shared }
    }

    /// The file of this replica.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Whether this replica is frozen, read now: by its file, or with all others.
    pub async fn now(&self) -> Freeze {
        match (self.file.freeze(), &self.shared) {
            (Freeze::Off, Some(shared)) => of_all(shared).await,
            (Freeze::Off, None) => Freeze::Off,
            (frozen @ (Freeze::On(_) | Freeze::Unreadable(_)), _) => frozen,
        }
    }

    /// Freezes every replica, or this process's own file where nobody shares anything.
    ///
    /// # Errors
    /// As [`freeze_all`].
    pub async fn freeze_all(self, why: &str, who: &str) -> Result<Self, SwitchError> {
        let Self { file, shared } = self;
        match shared {
            None => file.write(&told(why, who))?,
            Some(Ok((ref store, _))) => freeze_all(&file, store, why, who).await?,
            Some(Err(error)) => return Err(alone(&file, &told(why, who), error)),
        }
        Ok(Self { file, shared })
    }

    /// Lifts it.
    ///
    /// # Errors
    /// As [`lift_freeze`].
    pub async fn lift(self) -> Result<(Self, bool), SwitchError> {
        let Self { file, shared } = self;
        let lifted = match shared {
            None => file.lift()?,
            Some(Ok((ref store, _))) => lift_freeze(&file, store).await?,
            Some(Err(error)) => return Err(SwitchError::Row(Box::new(error))),
        };
        Ok((Self { file, shared }, lifted))
    }
}

/// What cannot be read counts as frozen.
async fn of_all(shared: &Result<(Store, Lease), WireError>) -> Freeze {
    let unreadable = |error: &dyn std::error::Error| {
        let cause = with_causes(error.to_string(), error.source());
        Freeze::Unreadable(format!("the freeze switch of all replicas cannot be read: {cause}"))
    };
    match shared {
        Ok((store, lease)) => match written(lease.look(SignedDuration::ZERO)).await {
            Ok(_) => store.freeze_of_all(SignedDuration::ZERO),
            Err(error) => unreadable(&error),
        },
        Err(error) => unreadable(error),
    }
}
