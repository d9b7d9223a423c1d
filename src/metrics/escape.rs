//! Label values as the exposition formats want them.

use std::borrow::Cow;

/// Escapes backslash, quote and line feed.
pub(super) fn label(value: &str) -> Cow<'_, str> {
    if !value.contains(['\\', '"', '\n']) {
        return Cow::Borrowed(value);
    }
    let mut text = String::with_capacity(value.len().saturating_add(8));
    for c in value.chars() {
        match c {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            other => text.push(other),
        }
    }
    Cow::Owned(text)
}

/// A word from outside made fit for a label: at most 64 characters, no controls.
pub(super) fn word(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_label_is_escaped() {
        assert_eq!(label("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
        assert!(matches!(label("plain"), Cow::Borrowed("plain")));
        assert_eq!(word("a\u{1b}[31m\nb"), "a[31mb");
        assert_eq!(word(&"x".repeat(500)).len(), 64);
    }
}
