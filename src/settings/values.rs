//! The kinds of plain values that the file holds, each with its own message when it cannot be read.

use toml::Spanned;
use toml::de::DeValue;

use super::place::nearest;
use super::reader::{Kind, Reader};
use crate::units::{Percent, Span};

/// A value that can be read from TOML; what is wrong with it goes to the reader.
pub(super) trait FromToml: Clone {
    /// What kind of TOML value it is.
    const KIND: Kind;

    /// Reads it; nothing when a problem was reported.
    fn from_toml(value: &Spanned<DeValue<'_>>, key: &str, reader: &mut Reader<'_>) -> Option<Self>;
}

/// At most 60 characters of a text.
pub(super) fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

impl FromToml for String {
    const KIND: Kind = Kind::Text;

    fn from_toml(value: &Spanned<DeValue<'_>>, key: &str, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(text) = value.get_ref().as_str().map(str::trim) else {
            reader.wrong_kind(value, key, "text", "write it in quotes");
            return None;
        };
        if text.is_empty() {
            reader.error(value, key, "it is empty", "write something, or leave the key out");
            return None;
        }
        Some(text.to_owned())
    }
}

impl FromToml for bool {
    const KIND: Kind = Kind::Truth;

    fn from_toml(value: &Spanned<DeValue<'_>>, key: &str, reader: &mut Reader<'_>) -> Option<Self> {
        let found = value.get_ref().as_bool();
        if found.is_none() {
            reader.wrong_kind(value, key, "true or false", "write it without quotes");
        }
        found
    }
}

fn whole(value: &Spanned<DeValue<'_>>, key: &str, reader: &mut Reader<'_>, expected: &str) -> Option<i64> {
    let found = value.get_ref().as_integer().and_then(|n| i64::from_str_radix(n.as_str(), n.radix()).ok());
    if found.is_none() {
        reader.wrong_kind(value, key, expected, "write it without quotes or unit, such as 5");
    }
    found
}

impl FromToml for u32 {
    const KIND: Kind = Kind::Number;

    fn from_toml(value: &Spanned<DeValue<'_>>, key: &str, reader: &mut Reader<'_>) -> Option<Self> {
        let number = whole(value, key, reader, "a whole number")?;
        let fits = Self::try_from(number).ok();
        if fits.is_none() {
            reader.error(value, key, format!("{number} is out of range"), "write a whole number from 0 to 4294967295");
        }
        fits
    }
}

impl FromToml for Percent {
    const KIND: Kind = Kind::Number;

    fn from_toml(value: &Spanned<DeValue<'_>>, key: &str, reader: &mut Reader<'_>) -> Option<Self> {
        let number = whole(value, key, reader, "a percentage")?;
        let share = Self::new(number).ok();
        if share.is_none() {
            reader.error(value, key, format!("{number} is not a percentage"), "write a whole number from 0 to 100");
        }
        share
    }
}

impl FromToml for Span {
    const KIND: Kind = Kind::Text;

    fn from_toml(value: &Spanned<DeValue<'_>>, key: &str, reader: &mut Reader<'_>) -> Option<Self> {
        let help = "write numbers with s, m, h, d or w in quotes, such as \"90s\", \"1h30m\" or \"2d\"";
        let Some(text) = value.get_ref().as_str() else {
            reader.wrong_kind(value, key, "a duration", help);
            return None;
        };
        let span = text.parse().ok();
        if span.is_none() {
            reader.error(value, key, format!("{:?} is not a duration", shortened(text)), help);
        }
        span
    }
}

/// A value that is one of a few words.
pub(super) trait Word: Copy + 'static {
    /// The words, and what each means.
    const WORDS: &'static [(&'static str, Self)];
}

impl<T: Word> FromToml for T {
    const KIND: Kind = Kind::Text;

    fn from_toml(value: &Spanned<DeValue<'_>>, key: &str, reader: &mut Reader<'_>) -> Option<Self> {
        let quoted: Vec<String> = T::WORDS.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let listed = quoted.join(" or ");
        let Some(text) = value.get_ref().as_str() else {
            reader.wrong_kind(value, key, "a word", &format!("write {listed}"));
            return None;
        };
        let found = T::WORDS.iter().find(|(name, _)| *name == text).map(|(_, meaning)| *meaning);
        if found.is_none() {
            let meant = nearest(text, T::WORDS.iter().map(|(name, _)| *name));
            let help = meant.map_or_else(|| format!("write {listed}"), |meant| format!("did you mean \"{meant}\"?"));
            reader.error(value, key, format!("{:?} is not one of the words", shortened(text)), help);
        }
        found
    }
}
