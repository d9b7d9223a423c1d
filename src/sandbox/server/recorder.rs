//! What was asked of the sandbox, for those who check what a client sends.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use jiff::Timestamp;

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestRecord {
    /// When, in the sandbox's time.
    pub at: Timestamp,
    /// HTTP method.
    pub method: String,
    /// Path, without the query, which may hold signatures.
    pub path: String,
    /// The api-version of an ARM request that is no read.
    pub api_version: String,
    /// The body of such a request as it was sent; only its first 64 KiB. Tokens, notices and price lists are not kept.
    pub body: Bytes,
    /// The kind of request, in the words of faults (`list-computes`).
    pub operation: &'static str,
    /// Status of the answer; 0 where none was given.
    pub status: u16,
    /// Its `If-None-Match` header; empty where it had none.
    pub if_none_match: String,
    /// Whether it carried an `Authorization` header.
    pub had_authorization: bool,
    /// Whether it carried a signature header, as notices do.
    pub had_signature: bool,
}

impl RequestRecord {
    /// Whether it went to ARM, and not to a token endpoint, the inbox or the price list.
    pub fn is_arm(&self) -> bool {
        !matches!(self.operation, "token" | "inbox" | "retail-prices")
    }
}

#[derive(Debug, Default)]
struct Kept {
    recent: VecDeque<RequestRecord>,
    counts: BTreeMap<(String, &'static str), u64>,
    arm_calls: u64,
}

/// The requests so far; clones share them.
#[derive(Debug, Clone)]
pub struct Recorder {
    kept: Arc<Mutex<Kept>>,
    recent_max: usize,
}

impl Recorder {
    pub(super) fn new(recent_max: usize) -> Self {
        Self { kept: Arc::default(), recent_max }
    }

    pub(super) fn note(&self, record: RequestRecord) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let count = kept.counts.entry((record.method.clone(), record.operation)).or_default();
        *count = count.saturating_add(1);
        kept.arm_calls = kept.arm_calls.saturating_add(u64::from(record.is_arm()));
        kept.recent.push_back(record);
        while kept.recent.len() > self.recent_max {
            kept.recent.pop_front();
        }
    }

    /// The latest requests, oldest first.
    pub fn recent(&self) -> Vec<RequestRecord> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).recent.iter().cloned().collect()
    }

    /// The recorded bodies of one kind of request (`create`), oldest first.
    pub fn bodies(&self, operation: &str) -> Vec<Bytes> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = kept.recent.iter().filter(|record| record.operation == operation);
        wanted.map(|record| record.body.clone()).collect()
    }

    /// How many requests there were, by method and operation.
    pub fn counts(&self) -> BTreeMap<(String, &'static str), u64> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).counts.clone()
    }

    /// How many there were of one kind, whatever the method.
    pub fn count(&self, operation: &str) -> u64 {
        self.counts().into_iter().filter(|((_, known), _)| *known == operation).map(|(_, count)| count).sum()
    }

    /// How many requests went to ARM.
    pub fn arm_calls(&self) -> u64 {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).arm_calls
    }

    /// Forgets everything.
    pub fn clear(&self) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Kept::default();
    }
}
