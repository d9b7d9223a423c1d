//! Globs over names, owners, sizes and tags, and the scope that says which workspaces a policy governs.

use globset::{GlobBuilder, GlobMatcher};

use crate::units::WorkspaceId;

/// A glob, compiled, compared without case: `*`, `?`, `[ab]`, `{a,b}`.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    plain: Option<Plain>,
    matcher: GlobMatcher,
}

/// What most patterns are: one word in ASCII, whole or with one `*` at one end. Every instance is held against every
/// pattern at every look, and for these no automaton needs to run.
#[derive(Debug, Clone, Copy)]
enum Plain {
    Whole,
    Start,
    End,
}

impl Plain {
    fn of(text: &str) -> Option<Self> {
        let (word, plain) = match (text.strip_prefix('*'), text.strip_suffix('*')) {
            (None, None) => (text, Self::Whole),
            (None, Some(start)) => (start, Self::Start),
            (Some(end), None) => (end, Self::End),
            (Some(_), Some(_)) => return None,
        };
        let is_word = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.@ ".contains(&byte));
        (is_word && !word.is_empty()).then_some(plain)
    }

    fn matches(self, pattern: &str, text: &str) -> bool {
        let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
        let part = match self {
            Self::Whole => return text.eq_ignore_ascii_case(pattern),
            Self::Start => pattern.split_last().and_then(|(_, word)| Some((word, text.get(..word.len())?))),
            Self::End => pattern
                .split_first()
                .and_then(|(_, word)| Some((word, text.get(text.len().checked_sub(word.len())?..)?))),
        };
        part.is_some_and(|(word, part)| part.eq_ignore_ascii_case(word))
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}
impl Eq for Pattern {}

impl Pattern {
    /// Compiles a glob.
    ///
    /// # Errors
    /// When it is empty (which would look like everything and is nothing) or malformed; the reason in words.
    pub fn new(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err("an empty pattern matches nothing; write \"*\" for everything".to_owned());
        }
        let glob = GlobBuilder::new(text).case_insensitive(true).literal_separator(false).build();
        glob.map(|glob| Self { text: text.to_owned(), plain: Plain::of(text), matcher: glob.compile_matcher() })
            .map_err(|error| error.kind().to_string())
    }

    /// As written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// True when the whole text matches.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        match self.plain {
            // beyond ASCII a letter may have more than one other case
            Some(plain) if text.is_ascii() => plain.matches(&self.text, text),
            Some(_) | None => self.matcher.is_match(text),
        }
    }

    /// True when it holds no wildcard.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        !self.text.contains(['*', '?', '[', '{'])
    }
}

/// What of an instance a pattern can look at; borrowed, so that this room needs no facts.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The compute's name.
    pub name: &'a str,
    /// Every name its owner goes by: user name, object ids.
    pub owners: &'a [&'a str],
    /// VM size.
    pub size: &'a str,
    /// Tags.
    pub tags: &'a [(&'a str, &'a str)],
}

impl Subject<'_> {
    /// A tag's value; tag names compare without case.
    #[must_use]
    pub fn tag(&self, name: &str) -> Option<&str> {
        self.tags.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }
}

/// Which workspaces. Every list that is not empty must match; a scope of empty lists is refused by `compile` (G2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Subscription ids.
    pub subscriptions: Vec<Pattern>,
    /// Resource groups.
    pub resource_groups: Vec<Pattern>,
    /// Workspace names.
    pub workspaces: Vec<Pattern>,
    /// Workspace tags: name, and pattern of the value.
    pub tags: Vec<(String, Pattern)>,
}

impl Scope {
    /// True when it names nothing, and so means nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.subscriptions.is_empty()
            && self.resource_groups.is_empty()
            && self.workspaces.is_empty()
            && self.tags.is_empty()
    }

    /// True when the workspace is in it.
    #[must_use]
    pub fn covers(&self, workspace: &WorkspaceId, tags: &[(&str, &str)]) -> bool {
        let any = |patterns: &[Pattern], text: &str| patterns.is_empty() || patterns.iter().any(|p| p.matches(text));
        let tagged = |(name, pattern): &(String, Pattern)| {
            tags.iter().any(|(key, value)| key.eq_ignore_ascii_case(name) && pattern.matches(value))
        };
        !self.is_empty()
            && any(&self.subscriptions, workspace.subscription().as_str())
            && any(&self.resource_groups, workspace.resource_group())
            && any(&self.workspaces, workspace.name())
            && self.tags.iter().all(tagged)
    }

    /// How closely it names what it covers: exact names count more than globs, workspaces more than groups, groups more
    /// than subscriptions. When two policies cover a workspace the closer one governs it.
    #[must_use]
    pub fn closeness(&self, workspace: &WorkspaceId) -> u32 {
        let rank = |patterns: &[Pattern], text: &str, weight: u32| {
            let matching = patterns.iter().filter(|p| p.matches(text) && p.text() != "*");
            matching.map(|p| if p.is_exact() { weight.saturating_mul(2) } else { weight }).max().unwrap_or(0)
        };
        let tags = if self.tags.is_empty() { 0 } else { 1 };
        rank(&self.workspaces, workspace.name(), 64)
            .saturating_add(rank(&self.resource_groups, workspace.resource_group(), 16))
            .saturating_add(rank(&self.subscriptions, workspace.subscription().as_str(), 4))
            .saturating_add(tags)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Pattern;

    proptest! {
        /// The short way and the automaton say the same, whatever the pattern and the text.
        #[test]
        fn a_plain_pattern_matches_what_its_glob_matches(
            pattern in r"\*?[aAbB1._@ -]{1,4}\*?",
            text in r"[aAbB1._@ /\n-]{0,6}|[aAb\u{212a}é]{0,3}",
        ) {
            // the reader of policies trims none of these: they are refused or taken as they are
            if let Ok(pattern) = Pattern::new(&pattern) {
                prop_assert_eq!(pattern.matches(&text), pattern.matcher.is_match(&text), "{:?}", pattern);
            }
        }
    }
}
