//! The kinds of values that settings take, beside those that every file may hold.

use toml::Spanned;
use toml::de::DeValue;

use super::tables::Kind;
use crate::document::{Findings, Located, Read, Trouble, Word, elements, join, parsed, wrong_type};
use crate::units::{Currency, Percent, Span};

/// A plain value: one that can be given from outside the file too.
pub(super) trait Plain: Read + Clone {
    /// What kind of TOML value it is.
    const KIND: Kind;
}

impl Plain for String {
    const KIND: Kind = Kind::Text;
}
impl Plain for Span {
    const KIND: Kind = Kind::Text;
}
impl<T: Word> Plain for T {
    const KIND: Kind = Kind::Text;
}
impl Plain for bool {
    const KIND: Kind = Kind::Truth;
}
impl Plain for u32 {
    const KIND: Kind = Kind::Number;
}
impl Plain for Percent {
    const KIND: Kind = Kind::Number;
}

/// Text of any length: a path or an address, and never shown, since it may be a secret in the wrong place.
impl Read for String {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        let Some(text) = value.get_ref().as_str().map(str::trim) else {
            wrong_type(value, key, "it in quotes", findings);
            return None;
        };
        if text.is_empty() {
            let at = findings.place(&value.span(), key);
            findings.error(&at, Trouble::new("it is empty", "write something, or leave the key out"));
            return None;
        }
        Some(text.to_owned())
    }
}

impl Plain for Currency {
    const KIND: Kind = Kind::Text;
}

impl Read for Currency {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        parsed(value, key, ("a currency in quotes, such as \"USD\"", findings), |text| {
            let help = "write its three letters, such as \"USD\" or \"EUR\"";
            text.parse().map_err(|_| Trouble::new(format!("\"{text}\" is not a currency"), help))
        })
    }
}

/// A list of text, of which the entries that can be read are kept: what is wrong with those is found in the same pass.
#[derive(Debug, Clone, Default)]
pub(super) struct Texts(pub(super) Vec<Located<String>>);

impl Read for Texts {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        Some(Self(elements(value, key, findings)?.into_iter().flatten().collect()))
    }
}

/// Tag names with a value each.
#[derive(Debug, Clone, Default)]
pub(super) struct TagValues(pub(super) Vec<(String, Located<String>)>);

impl Read for TagValues {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        let Some(table) = value.get_ref().as_table() else {
            wrong_type(value, key, "tags with their value, such as { env = \"dev\" }", findings);
            return None;
        };
        let mut read = |name: &str, value| Some((name.to_owned(), Read::read(value, &join(key, name), findings)?));
        Some(Self(table.iter().filter_map(|(name, value)| read(name.get_ref(), value)).collect()))
    }
}
