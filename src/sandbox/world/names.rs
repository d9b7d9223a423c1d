//! The rules of an instance's name.

/// Whether a name is in use, and in which workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// It is free.
    No,
    /// A compute of that workspace has it, by its ARM id.
    In(String),
}

/// Says what is wrong with a name: 3 to 24 letters, digits and hyphens, a letter first, and not only digits behind the last
/// hyphen.
///
/// # Errors
/// The rule that it breaks.
pub fn judge_name(name: &str) -> Result<(), &'static str> {
    if !(3..=24).contains(&name.len()) {
        return Err("must be between 3 and 24 characters long");
    }
    if !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return Err("must start with a letter");
    }
    if !name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-') {
        return Err("may only hold letters, digits and hyphens");
    }
    let behind = name.rsplit_once('-').map(|(_, behind)| behind);
    if behind.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit())) {
        return Err("needs at least one letter behind its last hyphen");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_judged_by_azures_own_pattern() {
        for good in ["abc", "ci-ana", "ci-2a", "A-b-c", "abc-", "a12345678901234567890123", "ci-1-a"] {
            assert_eq!(judge_name(good), Ok(()), "{good}");
        }
        for (bad, words) in [
            ("ab", "24 characters"),
            ("a123456789012345678901234", "24 characters"),
            ("1abc", "start with a letter"),
            ("-abc", "start with a letter"),
            ("ci_ana", "hyphens"),
            ("ci ana", "hyphens"),
            ("cí-ana", "hyphens"),
            ("ci-1", "behind its last hyphen"),
            ("ci-a-007", "behind its last hyphen"),
        ] {
            assert!(judge_name(bad).is_err_and(|said| said.contains(words)), "{bad}");
        }
    }
}
