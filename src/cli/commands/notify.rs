//! `notify test`: a message that says it is a test, on each channel, with what each answered. Nothing is written in the journal.

use serde::Serialize;

use super::context::{CommandError, Context};
use crate::cli::args::{NotifyArgs, NotifyCommand, NotifyTest};
use crate::cli::channels::channels;
use crate::cli::clock::SystemClock;
use crate::cli::exit::Exit;
use crate::cli::wire_up::WireError;
use crate::ports::{About, Clock as _, Declined, Message, MessageKind, Notify as _};
use crate::report::words;
use crate::units::{InstanceId, PolicyId, When};

/// An instance that is nobody's.
const EXAMPLE: &str = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/example/providers/Microsoft.MachineLearningServices/workspaces/example/computes/ci-example";

/// What a channel answered.
#[derive(Debug, Serialize)]
struct Answer {
    channel: String,
    taken: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    why: String,
}

/// Tries the channels.
///
/// # Errors
/// When settings are wrong, or name no such channel.
pub async fn notify(asked: &NotifyArgs, context: &Context) -> Result<Exit, CommandError> {
    match &asked.what {
        NotifyCommand::Test(test) => try_each(test, context).await,
    }
}

async fn try_each(asked: &NotifyTest, context: &Context) -> Result<Exit, CommandError> {
    let (settings, _) = context.usable()?;
    let channels = channels(&settings.notify, &context.environment).map_err(WireError::from)?;
    let is_meant = |name: &&str| asked.channel.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(name));
    let names: Vec<&str> = channels.channels().into_iter().filter(is_meant).collect();
    if names.is_empty() {
        let set_up = channels.channels().join(", ");
        let words = match &asked.channel {
            Some(wanted) if !set_up.is_empty() => {
                format!("no channel is called `{wanted}`; these are set up: {set_up}")
            }
            Some(_) | None => "no channel is set up; name one in [notify] of the settings".to_owned(),
        };
        return Err(Declined(words).into());
    }
    let mut answers = Vec::new();
    for message in message(asked, context)?.for_each_channel(&names) {
        let channel = message.channel.as_deref().unwrap_or_default().to_owned();
        let answer = channels.deliver(&message).await;
        let why = answer.as_ref().err().map(|fault| format!("{}; {}", fault.words(), fault.kind.remedy()));
        answers.push(Answer { channel, taken: answer.is_ok(), why: why.unwrap_or_default() });
    }
    let look = context.look(None);
    let line = |one: &Answer| match one.taken {
        true => format!("{}  {}", look.paint.good("taken "), one.channel),
        false => format!("{}  {}: {}", look.paint.bad("FAILED"), one.channel, words::clean(&one.why)),
    };
    context.print(&answers, || answers.iter().map(line).collect::<Vec<_>>().join("\n"))?;
    Ok(if answers.iter().all(|one| one.taken) { Exit::Well } else { Exit::Unexpected })
}

fn message(asked: &NotifyTest, context: &Context) -> Result<Message, CommandError> {
    let (at, by) = (SystemClock.now(), context.who());
    let instance = InstanceId::parse(EXAMPLE).map_err(|error| Declined(format!("the example: {error}")))?;
    Ok(Message {
        id: format!("test|{by}|{at}"),
        kind: MessageKind::Test,
        about: About::Instance { instance, created: When::NONE },
        notice: None,
        policy: PolicyId::new("example"),
        ground: "test".to_owned(),
        owner: asked.to.clone(),
        notify: Vec::new(),
        words: format!("{by} tries the channels of Lightsout; nothing is stopped, and there is nothing to do"),
        at,
        attempts: 0,
        channel: None,
        address: None,
        not_before: None,
        also: Vec::new(),
    })
}
