//! The journal after a story, as rows for the checker, and its ledger judged row by row.
#![expect(clippy::unwrap_used, reason = "a simulation that cannot go on has failed")]

use crate::book::Book;
use crate::check::Breach;
use crate::memory::{Memory, Post, Stop};
use crate::world::{label, life, word};

/// Every attempt and every warning, in the order of writing.
pub(crate) async fn rows(book: &Book) -> Vec<String> {
    match book {
        Book::Memory(memory) => memory.with(of_memory),
        Book::Store { dir, .. } => crate::on_disk::rows(dir.path()).await,
    }
}

fn of_memory(memory: &mut Memory) -> Vec<String> {
    let mut rows: Vec<String> = memory.stops.values().flatten().map(attempt).collect();
    rows.extend(memory.posts.values().filter_map(message));
    rows
}

fn attempt(stop: &Stop) -> String {
    let step = &stop.intent.step;
    let mut row = format!(
        "{} attempt i={} life={} key={}",
        stop.intent.at.as_millisecond(),
        label(&step.instance),
        life(step.created),
        step.key.0.replace(' ', "_")
    );
    if let Some((at, result)) = &stop.end {
        row.push_str(&format!(" ended={} result={}", at.as_millisecond(), word(result)));
    }
    row
}

fn message(post: &Post) -> Option<String> {
    let message = &post.message;
    let (id, created) = message.instance()?;
    let notice = message.notice.as_ref()?;
    Some(format!(
        "{} message i={} life={} key={} stop={} delivered={}",
        message.at.as_millisecond(),
        label(id),
        life(created),
        notice.stop.0.replace(' ', "_"),
        notice.stop_at.as_millisecond(),
        post.delivered_at.is_some()
    ))
}

/// What is wrong with the ledger (I8); one in memory has none.
pub(crate) async fn ledger(book: &Book) -> Vec<Breach> {
    match book {
        Book::Memory(_) => Vec::new(),
        Book::Store { dir, store } => {
            let mut found = crate::on_disk::ledger(dir.path()).await;
            let damage = store.examine().await.unwrap();
            found.extend(damage.into_iter().map(|what| Breach { at: 0, rule: "I8", of: "ledger".to_owned(), what }));
            found
        }
    }
}
