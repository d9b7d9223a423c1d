//! The plain values that every file may hold: truths, numbers, shares, lengths of time, and words out of a few.

use toml::Spanned;
use toml::de::DeValue;

use super::findings::{Findings, Trouble};
use super::nearest::nearest;
use super::reader::{Read, wrong_type};
use crate::units::{AmountError, Percent, Span};

/// The longest text that any of these may have, in characters: nothing here is prose.
pub(crate) const LONGEST_TEXT: usize = 300;

/// The text of a value, or a report of what it is instead.
fn text<'v>(value: &'v Spanned<DeValue<'_>>, key: &str, wanted: &str, findings: &mut Findings<'_>) -> Option<&'v str> {
    let text = value.get_ref().as_str();
    if text.is_none() {
        wrong_type(value, key, wanted, findings);
    }
    text
}

/// Reads a text by a parser that says what it does not like.
pub(crate) fn parsed<T>(
    value: &Spanned<DeValue<'_>>,
    key: &str,
    (wanted, findings): (&str, &mut Findings<'_>),
    parse: impl FnOnce(&str) -> Result<T, Trouble>,
) -> Option<T> {
    let text = text(value, key, wanted, findings)?;
    let longest = || Trouble::new(format!("this text has more than {LONGEST_TEXT} characters"), "write a shorter one");
    let read = if text.chars().count() > LONGEST_TEXT { Err(longest()) } else { parse(text) };
    match read {
        Ok(read) => Some(read),
        Err(trouble) => {
            let at = findings.place(&value.span(), key);
            findings.error(&at, trouble);
            None
        }
    }
}

/// What is wanted, for one who may have written it as text.
fn bare(value: &Spanned<DeValue<'_>>, wanted: &str) -> String {
    if value.get_ref().is_str() { format!("{wanted}, without quotes") } else { wanted.to_owned() }
}

/// The whole number of a value.
fn whole(value: &Spanned<DeValue<'_>>, key: &str, wanted: &str, findings: &mut Findings<'_>) -> Option<i64> {
    let Some(number) = value.get_ref().as_integer() else {
        wrong_type(value, key, &bare(value, wanted), findings);
        return None;
    };
    let read = i64::from_str_radix(number.as_str(), number.radix()).ok();
    if read.is_none() {
        let at = findings.place(&value.span(), key);
        findings.error(&at, Trouble::new("this number is far too large", format!("write {wanted}")));
    }
    read
}

impl Read for bool {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        let read = value.get_ref().as_bool();
        if read.is_none() {
            wrong_type(value, key, &bare(value, "true or false"), findings);
        }
        read
    }
}

impl Read for u32 {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        let wanted = "a whole number from 0, such as 20";
        let number = whole(value, key, wanted, findings)?;
        let read = Self::try_from(number).ok();
        if read.is_none() {
            let at = findings.place(&value.span(), key);
            let help = format!("write a whole number from 0 to {}", Self::MAX);
            findings.error(&at, Trouble::new(format!("{number} is out of range"), help));
        }
        read
    }
}

impl Read for Percent {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        let wanted = "a share in percent as a whole number from 0 to 100, such as 10";
        let number = whole(value, key, wanted, findings)?;
        let read = Self::new(number).ok();
        if read.is_none() {
            let at = findings.place(&value.span(), key);
            findings.error(&at, Trouble::new(format!("{number} is not a share"), format!("write {wanted}")));
        }
        read
    }
}

impl Read for Span {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        let wanted = "a length of time in quotes, such as \"90m\", \"1h30m\" or \"2d\"";
        parsed(value, key, (wanted, findings), |text| {
            text.parse().map_err(|error| match error {
                AmountError::TooLong(_) => {
                    Trouble::new(format!("\"{text}\" is longer than ten years"), "write a shorter one")
                }
                AmountError::Span(_) | AmountError::Percent(_) => Trouble::new(
                    format!("\"{text}\" is not a length of time"),
                    "write numbers with s, m, h, d or w, such as \"90m\", \"1h30m\" or \"2d\"",
                ),
            })
        })
    }
}

/// A value that is one of a few words.
pub(crate) trait Word: Copy + 'static {
    /// The words, and what each means.
    const WORDS: &'static [(&'static str, Self)];
}

impl<T: Word> Read for T {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        let words = || T::WORDS.iter().map(|(word, _)| *word);
        let wanted = words().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" or ");
        parsed(value, key, (&wanted, findings), |text| {
            let found = T::WORDS.iter().find(|(word, _)| *word == text);
            found.map(|(_, meaning)| *meaning).ok_or_else(|| {
                let help = nearest(text, words())
                    .map_or_else(|| format!("write {wanted}"), |meant| format!("did you mean \"{meant}\"?"));
                Trouble::new(format!("\"{text}\" is not known here"), help)
            })
        })
    }
}
