//! Text that comes from outside, made fit for a message: short, on one line, without tokens or signatures.

/// A message from Azure keeps this many characters.
const CHARS_MAX: usize = 400;

/// Shortens, escapes control characters, and masks what looks like a token, a signature or a key.
pub(super) fn clean(text: &str) -> String {
    // Masked before it is shortened: half a token must not slip through the cut.
    let bounded: String = text.chars().take(16 * CHARS_MAX).collect();
    let masked = mask(&bounded);
    let mut out = String::new();
    // An escape is counted as long as it is written.
    let mut count: usize = 0;
    for c in masked.trim().chars() {
        if count >= CHARS_MAX {
            out.push('…');
            break;
        }
        count = count.saturating_add(if c.is_control() || is_invisible(c) { c.escape_unicode().len() } else { 1 });
        if c == '\n' || c == '\r' || c == '\t' {
            out.push(' ');
        } else if c.is_control() || is_invisible(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// A name that may be shown as it is, mostly without a second copy of it.
pub(super) fn shown(text: &str) -> Box<str> {
    if text.len() <= CHARS_MAX && text.bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
        Box::from(text)
    } else {
        clean(text).into_boxed_str()
    }
}

/// Direction overrides and zero-width characters: they make a log line read otherwise than it is.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn mask(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let (word, separator) = split_word(rest);
        out.push_str(if is_secret(word, &out) { "(masked)" } else { word });
        out.push_str(separator);
        rest = rest.get(word.len().saturating_add(separator.len())..).unwrap_or_default();
    }
    out
}

/// One run of letters that a token or signature is made of, and the one character after it.
fn split_word(text: &str) -> (&str, &str) {
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '/' | '%' | '~');
    let end = text.find(|c| !inside(c)).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let next = rest.chars().next().map_or(0, char::len_utf8);
    (word, rest.get(..next).unwrap_or_default())
}

/// Query keys and header words whose value is a secret, in lower case.
const KEYS: [&str; 16] = [
    "sig",
    "code",
    "t",
    "c",
    "s",
    "h",
    "access_token",
    "refresh_token",
    "client_secret",
    "client_assertion",
    "assertion",
    "password",
    "secret",
    "x-identity-header",
    "key",
    "accountkey",
];

fn is_secret(word: &str, before: &str) -> bool {
    if word.is_empty() {
        return false;
    }
    let is_jwt = word.len() > 20 && word.starts_with("eyJ") && word.contains('.');
    let is_long = word.len() >= 64 && !word.contains('/') && word.bytes().any(|b| b.is_ascii_digit());
    is_jwt || is_long || follows_key(before)
}

fn follows_key(before: &str) -> bool {
    let lower_end = |text: &str| {
        text.rsplit(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase()
    };
    if before.to_ascii_lowercase().ends_with("bearer ") {
        return true;
    }
    let Some(key) = before.strip_suffix('=') else {
        return before
            .strip_suffix("\":\"")
            .or_else(|| before.strip_suffix("\": \""))
            .is_some_and(|key| KEYS.contains(&lower_end(key).as_str()));
    };
    KEYS.contains(&lower_end(key).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_signatures_are_masked() {
        for (text, never) in [
            ("Authorization: Bearer abc.def-ghi failed", "abc.def"),
            ("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sflKxw here", "sflKxw"),
            ("GET https://h/x?sig=AbC%2F12&se=9", "AbC"),
            ("https://h/x?api-version=1&t=6389&c=MIIH&s=Zm9v-YmFy&h=q1w2", "Zm9v"),
            (r#"{"access_token":"hunter2","x":1}"#, "hunter2"),
            ("client_secret=hunter2&scope=x", "hunter2"),
        ] {
            let shown = clean(text);
            assert!(!shown.contains(never) && shown.contains("(masked)"), "{shown}");
        }
        let plain = "could not stop ci-one in /subscriptions/0-1/resourceGroups/rg: StopCompute is not allowed when ComputeInstance disk is full.";
        assert_eq!(clean(plain), plain);
    }

    #[test]
    fn messages_are_one_short_line() {
        assert_eq!(clean("a\nb\u{1b}[31m\u{202e}c"), "a b\\u{1b}[31m\\u{202e}c");
        assert!(clean(&"word ".repeat(500)).chars().count() <= CHARS_MAX + 1);
        let cut = format!("{} eyJhbGciOiJIUzI1NiJ9.{}", "x ".repeat(190), "A".repeat(300));
        assert!(!clean(&cut).contains("eyJ"), "a token at the cut");
    }
}
