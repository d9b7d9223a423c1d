//! The store after a story, read with statements of its own.
#![expect(clippy::unwrap_used, reason = "a simulation that cannot go on has failed")]

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Row as _};

use crate::check::Breach;

async fn open(dir: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(dir.join("lightsout.db")).read_only(true).connect().await.unwrap()
}

fn millis(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_millisecond)
}

/// The last two parts of an ARM id that are names, as rows of the checker have them.
fn label(id: &str) -> String {
    let parts: Vec<&str> = id.split('/').collect();
    let at = |name: &str| parts.iter().position(|part| *part == name).and_then(|at| parts.get(at + 1));
    let (workspace, instance) = (at("workspaces"), at("computes"));
    format!("{}/{}", workspace.unwrap_or(&""), instance.unwrap_or(&""))
}

fn life(text: &str) -> i64 {
    if text.is_empty() { 0 } else { millis(text) }
}

/// Every attempt and every warning, in the order of writing.
pub(crate) async fn rows(dir: &Path) -> Vec<String> {
    let mut journal = open(dir).await;
    let attempts = sqlx::query(
        "SELECT a.instance, i.created, i.key, a.intended_at, a.ended_at, a.result FROM attempts a \
         JOIN intents i ON i.intent = a.intent ORDER BY a.rowid",
    );
    let mut rows = Vec::new();
    for row in attempts.fetch_all(&mut journal).await.unwrap() {
        let text = |column: &str| row.get::<Option<String>, _>(column).unwrap_or_default();
        let mut line = format!(
            "{} attempt i={} life={} key={}",
            millis(&text("intended_at")),
            label(&text("instance")),
            life(&text("created")),
            text("key").replace(' ', "_")
        );
        if !text("ended_at").is_empty() {
            line.push_str(&format!(" ended={} result={}", millis(&text("ended_at")), text("result")));
        }
        rows.push(line);
    }
    let messages =
        sqlx::query("SELECT instance, created, at, stop_at, body, delivered_at FROM messages WHERE kind = 'warning'");
    for row in messages.fetch_all(&mut journal).await.unwrap() {
        let text = |column: &str| row.get::<Option<String>, _>(column).unwrap_or_default();
        let body: serde_json::Value = serde_json::from_str(&text("body")).unwrap();
        let key = body.pointer("/notice/stop").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        rows.push(format!(
            "{} message i={} life={} key={} stop={} delivered={}",
            millis(&text("at")),
            label(&text("instance")),
            life(&text("created")),
            key.replace(' ', "_"),
            millis(&text("stop_at")),
            !text("delivered_at").is_empty()
        ));
    }
    rows
}

/// What is wrong with the ledger's rows: holes, ends that cross, and sums that do not add up (I8).
pub(crate) async fn ledger(dir: &Path) -> Vec<Breach> {
    let mut journal = open(dir).await;
    let mut found = Vec::new();
    let mut say = |of: &str, what: String| found.push(Breach { at: 0, rule: "I8", of: of.to_owned(), what });
    let (count, first, last): (i64, Option<i64>, Option<i64>) =
        sqlx::query_as("SELECT COUNT(*), MIN(seq), MAX(seq) FROM ledger").fetch_one(&mut journal).await.unwrap();
    if count > 0 && (first != Some(1) || last != Some(count)) {
        say("ledger", format!("{count} rows from {first:?} to {last:?}"));
    }
    let rows = sqlx::query(
        "SELECT s.instance, s.created, l.from_at, l.to_at, l.kind, l.seq FROM ledger l \
         JOIN ledger_subjects s ON s.id = l.subject WHERE l.kind = 'usage' AND l.corrects IS NULL \
         ORDER BY s.instance, s.created, l.seq",
    );
    let mut before: Option<(String, String, i64)> = None;
    for row in rows.fetch_all(&mut journal).await.unwrap() {
        let (instance, created): (String, String) = (row.get("instance"), row.get("created"));
        let (from, to): (i64, i64) = (row.get("from_at"), row.get("to_at"));
        if from > to {
            say(&label(&instance), format!("row {} ends before it begins", row.get::<i64, _>("seq")));
        }
        if let Some((_, _, end)) = before.as_ref().filter(|(id, life, _)| *id == instance && *life == created)
            && from < *end
        {
            say(&label(&instance), format!("row {} begins before the one before it ends", row.get::<i64, _>("seq")));
        }
        before = Some((instance, created, to));
    }
    let used: i64 = sqlx::query_scalar(
        "SELECT COALESCE(SUM(to_at - from_at), 0) FROM ledger WHERE kind = 'usage' AND state = 'running' AND corrects IS NULL",
    )
    .fetch_one(&mut journal)
    .await
    .unwrap();
    let summed: i64 = sqlx::query_scalar("SELECT COALESCE(SUM(credited), 0) FROM ledger_sums WHERE kind = 'usage'")
        .fetch_one(&mut journal)
        .await
        .unwrap();
    if used != summed {
        say("ledger", format!("its rows have {used} seconds of use, and its sums {summed}"));
    }
    found
}
