//! How each operation of a command ended, what is printed of all, and the exit code.

use serde::Serialize;

use crate::cli::commands::context::{CommandError, Context};
use crate::cli::exit::Exit;
use crate::cli::render::Look;
use crate::report::words::clean;

/// How one ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum How {
    /// Seen done.
    Done,
    /// Only the request was shown.
    Shown,
    /// Asked for, and not waited for, as was wanted.
    Asked,
    /// Under way when waiting ended.
    UnderWay,
    /// Nothing was sent.
    Refused,
    /// Azure refused it, or it failed there.
    Failed,
}

impl How {
    const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Shown => "shown",
            Self::Asked => "asked",
            Self::UnderWay => "under way",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// One of them.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Ended {
    /// As it was typed, or WORKSPACE/NAME.
    pub(super) instance: String,
    /// What was to be done.
    pub(super) verb: &'static str,
    /// How it ended.
    pub(super) outcome: How,
    /// In words, with what to do.
    pub(super) words: String,
    /// The request, where that was all that was wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) request: Option<crate::azure::ShownRequest>,
}

impl Ended {
    pub(super) fn new(instance: &str, verb: &'static str, outcome: How, words: impl Into<String>) -> Self {
        Self { instance: instance.to_owned(), verb, outcome, words: words.into(), request: None }
    }
}

/// Left while it was being sent.
pub(super) fn unanswered(instance: &str, verb: &'static str) -> Ended {
    let words = format!(
        "interrupted while it was being sent: the {verb} may have arrived; `lightsout instance show {instance}` shows"
    );
    Ended::new(instance, verb, How::UnderWay, words)
}

#[derive(Serialize)]
struct All<'a> {
    operations: &'a [Ended],
}

/// Prints all and gives the exit code: one that failed outweighs one whose end was not seen.
///
/// # Errors
/// When it cannot be written as JSON.
pub(super) fn told(all: &[Ended], context: &Context) -> Result<Exit, CommandError> {
    context.print(&All { operations: all }, || text(all, &context.look(None)))?;
    let any = |wanted: &[How]| all.iter().any(|one| wanted.contains(&one.outcome));
    Ok(if any(&[How::Refused, How::Failed]) {
        Exit::StopFailed
    } else if any(&[How::UnderWay]) {
        Exit::Unreadable
    } else {
        Exit::Well
    })
}

fn text(all: &[Ended], look: &Look) -> String {
    if all.len() > 2 && all.iter().all(|one| one.request.is_none()) {
        let row = |one: &Ended| vec![one.instance.clone(), one.outcome.word().to_owned(), one.words.clone()];
        return look.table(&["instance", "outcome", ""], &all.iter().map(row).collect::<Vec<_>>());
    }
    let mut text = String::new();
    for one in all {
        let name = clean(&one.instance);
        let line = format!("{name}: {}", clean(&one.words));
        let line = match one.outcome {
            How::Done => look.paint.good(&line),
            How::Shown | How::Asked => line,
            How::UnderWay => look.paint.soon(&line),
            How::Refused | How::Failed => look.paint.bad(&line),
        };
        text.push_str(&line);
        text.push('\n');
        if let Some(request) = &one.request {
            text.push_str(&shown(request));
        }
    }
    text
}

/// A request as it would leave, without the bearer.
fn shown(request: &crate::azure::ShownRequest) -> String {
    let mut text = format!("{} {}\n", request.method, request.url);
    for (name, value) in &request.headers {
        text.push_str(&format!("{name}: {value}\n"));
    }
    if let Some(body) = &request.body {
        // control characters are escapes in JSON
        text.push_str(&format!("\n{body:#}\n"));
    }
    text
}
