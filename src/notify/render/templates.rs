//! The words of e-mail: templates in the binary, each of which an operator may write anew.
//!
//! A letter has three parts. Each is rendered by the operator's template for the kind of message, else by the operator's for
//! all kinds, else by the one in the binary. One that fails is passed over, and that is said: a message is never lost for its
//! looks. What a template prints in HTML is always escaped; there is no way for it to print text from outside as it is.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value, escape_formatter};

use super::parts::Parts;
use super::samples::samples;
use super::sheet::{Link, Sheet};
use crate::ports::MessageKind;
use crate::report::words;

/// A part of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Its subject.
    Subject,
    /// Its plain text.
    Text,
    /// Its HTML.
    Html,
}

impl Part {
    const ALL: [Self; 3] = [Self::Subject, Self::Text, Self::Html];

    /// The template for all kinds.
    const fn file(self) -> &'static str {
        match self {
            Self::Subject => "subject.txt",
            Self::Text => "letter.txt",
            Self::Html => "letter.html",
        }
    }

    /// The template for one kind.
    fn file_of(self, kind: MessageKind) -> String {
        let kind = kind.label();
        match self {
            Self::Subject => format!("{kind}.subject.txt"),
            Self::Text => format!("{kind}.txt"),
            Self::Html => format!("{kind}.html"),
        }
    }

    const fn built_in(self) -> &'static str {
        match self {
            Self::Subject => include_str!("../templates/subject.txt"),
            Self::Text => include_str!("../templates/letter.txt"),
            Self::Html => include_str!("../templates/letter.html"),
        }
    }
}

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{file}:{line}: {problem}")]
pub struct TemplateError {
    /// The template.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// What is wrong.
    pub problem: String,
}

impl TemplateError {
    fn of(file: &str, error: &Error) -> Self {
        let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
        let named = if error.kind() == ErrorKind::UndefinedError { "; nothing is called so here" } else { "" };
        Self {
            file: error.name().unwrap_or(file).to_owned(),
            line: error.line().and_then(|line| u32::try_from(line).ok()).unwrap_or(1),
            problem: format!("{}{detail}{named}", error.kind()),
        }
    }
}

/// The templates in the binary.
static BUILT_IN: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut all = environment();
    for part in Part::ALL {
        // a test renders each of them
        drop(all.add_template(part.file(), part.built_in()));
    }
    all
});

fn environment() -> Environment<'static> {
    let mut all = Environment::new();
    all.set_undefined_behavior(UndefinedBehavior::Strict);
    // a tag on a line of its own leaves no line behind
    if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).keep_trailing_newline(true).build() {
        all.set_syntax(syntax);
    }
    all.set_formatter(printed);
    // names, tags and reasons come from whoever can create an instance: none of them is safe
    all.remove_filter("safe");
    all
}

/// In HTML everything is escaped as the page does it, whatever a template says of escaping.
fn printed(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    if !state.name().ends_with(".html") || value.is_safe() || value.is_undefined() {
        return escape_formatter(out, state, value);
    }
    let text = value.to_string();
    out.write_str(&words::html(&text)).map_err(|_| Error::new(ErrorKind::WriteFailure, "it is too long"))
}

/// The templates of letters.
#[derive(Debug, Clone, Default)]
pub struct Templates {
    own: Option<Arc<Environment<'static>>>,
}

impl Templates {
    /// These templates before those in the binary, by file name; and what is wrong with them. Those that cannot be read, or
    /// fail on any kind of message, are left out. A name that begins with `_` is for others to include.
    #[must_use]
    pub fn with(texts: Vec<(String, String)>) -> (Self, Vec<TemplateError>) {
        let mut own = environment();
        let mut found: BTreeSet<TemplateError> = BTreeSet::new();
        for part in Part::ALL {
            drop(own.add_template_owned(format!("built-in/{}", part.file()), part.built_in()));
        }
        let known: BTreeSet<String> = names().collect();
        for (name, text) in texts {
            if !known.contains(&name) && !name.starts_with('_') {
                let problem = format!("no template is called so; known are {}", listed(&known));
                found.insert(TemplateError { file: name, line: 1, problem });
            } else if let Err(error) = own.add_template_owned(name.clone(), text) {
                found.insert(TemplateError::of(&name, &error));
            }
        }
        let tried = Self { own: Some(Arc::new(own.clone())) };
        for (sheet, links) in samples() {
            let (_, troubles) = tried.letter(&sheet, &links);
            found.extend(troubles);
        }
        found.iter().for_each(|trouble| own.remove_template(&trouble.file));
        (Self { own: Some(Arc::new(own)) }, found.into_iter().collect())
    }

    /// A letter, and which of the operator's templates could not be used for it.
    #[must_use]
    pub fn letter(&self, sheet: &Sheet, links: &[Link]) -> (Letter, Vec<TemplateError>) {
        let mut troubles = Vec::new();
        let parts = Value::from(Serde(Parts::of(sheet, links)));
        let mut part = |part: Part| self.part(part, sheet, &parts, &mut troubles);
        let subject = part(Part::Subject);
        // a subject is one line
        let subject = words::clean(subject.split_whitespace().collect::<Vec<_>>().join(" ").trim());
        let letter = Letter { subject, text: part(Part::Text), html: part(Part::Html) };
        (letter, troubles)
    }

    fn part(&self, part: Part, sheet: &Sheet, parts: &Value, troubles: &mut Vec<TemplateError>) -> String {
        for name in [part.file_of(sheet.kind), part.file().to_owned()] {
            let template = self.own.as_ref().and_then(|own| own.get_template(&name).ok());
            match template.map(|template| template.render(parts.clone())) {
                Some(Ok(text)) => return text,
                Some(Err(error)) => troubles.push(TemplateError::of(&name, &error)),
                None => {}
            }
        }
        let built_in = BUILT_IN.get_template(part.file()).and_then(|template| template.render(parts.clone()));
        built_in.unwrap_or_else(|_| format!("{}\n\n{}", sheet.headline, sheet.words))
    }
}

/// A letter's parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// One line.
    pub subject: String,
    /// Plain text, its lines ended by `\n`.
    pub text: String,
    /// A whole HTML document.
    pub html: String,
}

/// The message as plain text, by the template in the binary.
#[must_use]
pub fn text(sheet: &Sheet, links: &[Link]) -> String {
    Templates::default().letter(sheet, links).0.text
}

/// The message as a whole HTML document, by the template in the binary.
#[must_use]
pub fn html(sheet: &Sheet, links: &[Link]) -> String {
    Templates::default().letter(sheet, links).0.html
}

/// Every name that a template may have.
fn names() -> impl Iterator<Item = String> {
    let for_all = Part::ALL.into_iter().map(|part| part.file().to_owned());
    let each = MessageKind::ALL.into_iter().flat_map(|kind| Part::ALL.map(|part| part.file_of(kind)));
    for_all.chain(each)
}

fn listed(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
