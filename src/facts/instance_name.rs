//! The rules that Azure has for the name of a new instance, each in words, so that nobody has to be refused to learn them.

/// Which of Azure's rules a name breaks; none: it may be made. Names that Azure itself tells are never held against these.
#[must_use]
pub fn broken_name_rules(name: &str) -> Vec<&'static str> {
    let mut broken = Vec::new();
    let length = name.chars().count();
    if !(3..=24).contains(&length) {
        broken.push("it has 3 to 24 characters");
    }
    if !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        broken.push("it starts with a letter from a to z");
    }
    if !name.chars().all(|one| one.is_ascii_alphanumeric() || one == '-') {
        broken.push("it has letters from a to z, digits and hyphens alone");
    }
    let tail = name.rsplit_once('-').map(|(_, tail)| tail);
    if tail.is_some_and(|tail| !tail.is_empty() && tail.bytes().all(|one| one.is_ascii_digit())) {
        broken.push("what follows its last hyphen has a letter (`-7` at the end is refused, `-a7` is not)");
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_is_named_and_good_names_break_none() {
        for fine in ["ci-ada", "abc", "A1-b2-c3d", "a23456789012345678901234", "ci-7a", "ci-"] {
            assert!(broken_name_rules(fine).is_empty(), "{fine}: {:?}", broken_name_rules(fine));
        }
        for (name, words) in [
            ("ab", "3 to 24"),
            ("a234567890123456789012345", "3 to 24"),
            ("1ab", "starts with a letter"),
            ("-ab", "starts with a letter"),
            ("ci_ada", "hyphens alone"),
            ("ci-ädä", "hyphens alone"),
            ("ci-7", "last hyphen"),
            ("ci-ada-0042", "last hyphen"),
        ] {
            assert!(broken_name_rules(name).iter().any(|rule| rule.contains(words)), "{name}: {words}");
        }
        assert_eq!(broken_name_rules("").len(), 2, "no more is said of nothing than helps");
    }
}
