//! The known word that a misspelt one most likely stands for.

/// No word is meant that is further away than this, however long it is: two variables of one section differ by little more.
const FURTHEST: usize = 4;

/// The known word closest to what was written, where it is close enough to be meant.
pub(crate) fn nearest<'k>(written: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let folded = written.to_lowercase();
    let near = known.map(|word| (distance(&folded, &word.to_lowercase()), word));
    near.filter(|(steps, word)| *steps <= word.chars().count().div_ceil(3).min(FURTHEST))
        .min_by_key(|(steps, _)| *steps)
        .map(|(_, word)| word)
}

/// How many letters must be put in, left out, changed or swapped with their neighbour.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    if from.chars().count().abs_diff(to.len()) > 16 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=to.len()).collect();
    let mut older: Vec<usize> = Vec::new();
    let mut last = None;
    for (line, letter) in from.chars().enumerate() {
        let mut next = vec![line.saturating_add(1)];
        for (column, other) in to.iter().enumerate() {
            let at = |row: &[usize], place: usize| row.get(place).copied().unwrap_or(usize::MAX);
            let changed = at(&row, column).saturating_add(usize::from(letter != *other));
            let added = at(&row, column.saturating_add(1)).min(at(&next, column)).saturating_add(1);
            let swapped = match column.checked_sub(1) {
                Some(before) if last == Some(*other) && to.get(before) == Some(&letter) => {
                    at(&older, before).saturating_add(1)
                }
                Some(_) | None => usize::MAX,
            };
            next.push(changed.min(added).min(swapped));
        }
        older = std::mem::replace(&mut row, next);
        last = Some(letter);
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_finds_its_word_and_a_stranger_finds_none() {
        let known = ["allowed", "zone", "holidays", "no_action"];
        for (written, meant) in [
            ("alowed", Some("allowed")),
            ("Allowed", Some("allowed")),
            ("zoen", Some("zone")),
            ("holiday", Some("holidays")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(written, known.into_iter()), meant, "{written}");
        }
        assert_eq!(nearest("AZURE_IDENTITY_CLIENT_SECRET", ["AZURE_IDENTITY_CLIENT_ID"].into_iter()), None);
        assert_eq!(distance("abcd", "acbd"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
