//! How Azure spells the names of VM sizes, where all that is known of one is its letters. Pure.

/// A size as Azure's pattern of names has it: `standard_nc24ads_a100_v4` is `Standard_NC24ads_A100_v4`. The pattern has
/// exceptions: a spelling is only ever asked beside another.
pub(super) fn spelt(size: &str) -> String {
    let parts = size.split('_').enumerate();
    parts.map(|(at, part)| spelt_part(at, &part.to_ascii_lowercase())).collect::<Vec<_>>().join("_")
}

fn spelt_part(at: usize, part: &str) -> String {
    let is_version = part.strip_prefix('v').is_some_and(|n| n.len() <= 2 && n.bytes().all(|b| b.is_ascii_digit()));
    match (at, part) {
        // The family in capitals, what follows its number not.
        (1, _) => {
            let end = part.find(|c: char| c.is_ascii_digit()).unwrap_or(part.len());
            let (family, rest) = part.split_at(end);
            format!("{}{rest}", family.to_ascii_uppercase())
        }
        (0, _) | (_, "promo") => capitalised(part),
        _ if is_version => part.to_owned(),
        // An accelerator, such as A100 or T4.
        _ => part.to_ascii_uppercase(),
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}", first.to_ascii_uppercase(), letters.as_str()))
}

/// True for a name or region that can stand in a filter as it is; Azure has no others.
pub(super) fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.len() <= 80 && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_spelt_as_azure_spells_them() {
        for size in [
            "Standard_DS3_v2",
            "Standard_NC24ads_A100_v4",
            "Standard_B16als_v2",
            "Standard_NC6s_v3",
            "Standard_NC4as_T4_v3",
            "Standard_E64-16s_v3",
            "Standard_HB176-24rs_v4",
            "Standard_ND96isr_H100_v5",
            "Standard_NC6_Promo",
            "Standard_D13",
            "Standard_M128ms",
            "Basic_A1",
        ] {
            assert_eq!(spelt(&size.to_ascii_lowercase()), size);
            assert_eq!(spelt(&size.to_ascii_uppercase()), size);
        }
        for odd in ["", "_", "x", "standard", "standard_", "standard_ü_v2"] {
            assert_eq!(spelt(odd).to_lowercase(), odd);
        }
    }

    #[test]
    fn what_could_end_a_filter_is_not_plain() {
        assert!(is_plain("Standard_HB176-24rs_v4") && is_plain("westeurope"));
        for odd in ["", "a b", "a'b", "a&b", "a%27", "a#", "ä", &"x".repeat(81)] {
            assert!(!is_plain(odd), "{odd}");
        }
    }
}
