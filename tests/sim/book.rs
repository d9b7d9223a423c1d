//! Where the journal is kept: in memory, for years of a fleet, or in the service's own store, for weeks of a few machines.

use lightsout::store::Store;

use crate::memory::MemoryBook;

/// The journal.
pub(crate) enum Book {
    /// In memory.
    Memory(Box<MemoryBook>),
    /// As the service keeps it.
    Store {
        /// The service's own.
        store: Box<Store>,
        /// Goes with the value.
        dir: tempfile::TempDir,
    },
}

impl Book {
    /// The same once more, where it can be had.
    pub(crate) fn twin(&self) -> Option<Self> {
        match self {
            Self::Memory(memory) => Some(Self::Memory(memory.clone())),
            Self::Store { .. } => None,
        }
    }
}
