//! Names with `*` in them: any text, compared without case.

/// True when the whole text fits the pattern. In linear time: the last star takes what it must, and no earlier choice is
/// looked at again.
#[must_use]
pub fn fits(pattern: &str, text: &str) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    let text = text.to_ascii_lowercase();
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut starred = false;
    let mut last = "";
    for part in parts {
        // What was in the middle is found at its first place; only the last part must stand at the end.
        if starred {
            let Some((_, after)) = rest.split_once(last) else { return false };
            rest = after;
        }
        starred = true;
        last = part;
    }
    if starred { rest.ends_with(last) } else { rest.is_empty() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_glob_matches_whole_names() {
        for (pattern, text, whole) in [
            ("a/read", "A/READ", true),
            ("a/read", "a/reads", false),
            ("a/*", "a/", true),
            ("a/*/b", "a/x/y/b", true),
            ("a/*/b", "a/b", false),
            ("*/b/*/c", "x/b/b/y/c", true),
            ("*a*a", "a", false),
            ("*a*a", "aa", true),
            ("", "a", false),
            ("**", "anything", true),
            ("Standard_NC*", "STANDARD_NC6S_V3", true),
        ] {
            assert_eq!(fits(pattern, text), whole, "{pattern} {text}");
        }
    }
}
