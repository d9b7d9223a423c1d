//! What a caller of ARM asks for when it makes an instance, checked, and what its setup scripts will come to.

use jiff::SignedDuration;
use serde_json::{Map, Value};

use super::machine::State;
use super::spec::NativeSchedule;

/// A request for an instance, as the wire gave it and the rules of one instance took it.
#[derive(Debug, Clone)]
pub struct Creation {
    /// ARM id of the workspace.
    pub workspace: String,
    /// Name of the instance.
    pub name: String,
    /// Object id of the caller, who becomes `createdBy`.
    pub caller: String,
    /// Object id of the person it is made for, whose it is then.
    pub assigned_to: Option<String>,
    /// VM size in its proper case.
    pub vm_size: String,
    /// Tags.
    pub tags: Vec<(String, String)>,
    /// The idle timer in minutes.
    pub idle_minutes: Option<u32>,
    /// Whether it gets a managed identity.
    pub identity: bool,
    /// Names of its custom applications.
    pub custom_services: Vec<String>,
    /// What of its schedules the simulation fires.
    pub schedules: Vec<NativeSchedule>,
    /// Its setup scripts.
    pub scripts: Scripts,
    /// What is only shown again.
    pub asked: Asked,
}

/// What a request wrote, shown again as it was written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Asked {
    /// The region as the caller spelt it.
    pub location: String,
    /// The description, where there is one.
    pub description: Option<String>,
    /// `disableLocalAuth`, where it was said.
    pub disable_local_auth: Option<bool>,
    /// The identity as it was asked for.
    pub identity: Option<Value>,
    /// The inner properties that Azure shows again.
    pub properties: Map<String, Value>,
}

impl Asked {
    /// Whether the instance has no public address; said by `enableNodePublicIp: false` only.
    pub(in crate::sandbox) fn has_no_address(&self) -> bool {
        self.properties.get("enableNodePublicIp") == Some(&Value::Bool(false))
    }
}

/// Where a script comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScriptText {
    /// In the request, decoded.
    Inline(String),
    /// In the request, and not base64.
    Unreadable,
    /// A path on the workspace's file share. The sandbox has no share: a file whose name begins with `missing` is not
    /// there, one whose name begins with `fails` fails, and any other runs well.
    Share(String),
}

/// One setup script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// What it is.
    pub text: ScriptText,
    /// How long it may run.
    pub timeout: SignedDuration,
}

/// Both setup scripts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scripts {
    /// Runs once, when the instance is made.
    pub creation: Option<Script>,
    /// Runs whenever the instance comes up.
    pub startup: Option<Script>,
}

/// Why a setup did not end well: the state it ends in, with a code and a message for `errors`.
pub(super) type Failure = (State, &'static str, String);

/// How long a script runs that says nothing of it.
const SCRIPT_TAKES: SignedDuration = SignedDuration::from_secs(45);

impl Scripts {
    /// What running those that are due comes to: how long it takes, and why it fails, if it does. None where none is due.
    pub(super) fn run(&self, making: bool) -> Option<(SignedDuration, Option<Failure>)> {
        let creation = self.creation.as_ref().filter(|_| making);
        let mut due = creation.into_iter().chain(&self.startup).peekable();
        due.peek()?;
        let mut took = SignedDuration::ZERO;
        for script in due {
            let (lasts, failure) = script.run();
            took = took.saturating_add(lasts);
            if failure.is_some() {
                return Some((took, failure));
            }
        }
        Some((took, None))
    }
}

impl Script {
    /// How long it takes, and why it fails, if it does. The convention of this sandbox: a line `exit N` other than `exit 0`
    /// fails, and each line `sleep N` takes so many seconds. Codes and words are not verified against Azure.
    fn run(&self) -> (SignedDuration, Option<Failure>) {
        let user = |code, words: String| Some((State::UserSetupFailed, code, words));
        let platform = |words: String| Some((State::SetupFailed, "SetupScriptUnreadable", words));
        match &self.text {
            ScriptText::Unreadable => {
                (SignedDuration::ZERO, platform("The inline setup script is not base64.".to_owned()))
            }
            ScriptText::Share(path) => {
                let file = path.rsplit('/').next().unwrap_or_default();
                if file.starts_with("missing") {
                    (SignedDuration::ZERO, platform(format!("The setup script {path} was not found.")))
                } else if file.starts_with("fails") {
                    (SCRIPT_TAKES, user("SetupScriptFailed", format!("The setup script {path} exited with code 1.")))
                } else {
                    (SCRIPT_TAKES, None)
                }
            }
            ScriptText::Inline(text) => {
                let told = |word: &str| {
                    let words = text.lines().filter_map(|line| line.trim().strip_prefix(word));
                    words.filter_map(|rest| rest.trim().parse::<u32>().ok()).collect::<Vec<u32>>()
                };
                let slept = told("sleep ").into_iter().map(|seconds| SignedDuration::from_secs(i64::from(seconds)));
                let takes = slept.fold(SCRIPT_TAKES, SignedDuration::saturating_add);
                let code = told("exit ").into_iter().find(|code| *code != 0);
                if takes > self.timeout {
                    let words = format!("The setup script did not end within {} minutes.", self.timeout.as_mins());
                    return (self.timeout, user("SetupScriptTimedOut", words));
                }
                let failed = |code: u32| format!("The setup script exited with code {code}.");
                (takes, code.and_then(|code| user("SetupScriptFailed", failed(code))))
            }
        }
    }
}
