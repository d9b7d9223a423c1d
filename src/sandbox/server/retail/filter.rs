//! The `$filter` of the Retail Prices API: comparisons of text joined by `and`, `or` and parentheses.

use super::row::{Field, Row};

/// Deeper than this, no filter is meant seriously.
const DEPTH_MAX: usize = 50;

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equals,
    Contains,
    StartsWith,
    EndsWith,
}

impl Comparison {
    fn of(name: &str) -> Option<Self> {
        match name {
            "contains" => Some(Self::Contains),
            "startswith" => Some(Self::StartsWith),
            "endswith" => Some(Self::EndsWith),
            _ => None,
        }
    }
}

/// What rows have to be like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Filter {
    Compare(Field, Comparison, String),
    All(Vec<Filter>),
    Any(Vec<Filter>),
}

impl Filter {
    /// Reads a filter; none if it cannot be read or names a field that there is not.
    pub(super) fn read(text: &str) -> Option<Self> {
        let tokens = tokens(text)?;
        let mut reader = Reader { tokens: &tokens, depth: 0 };
        let filter = reader.any()?;
        reader.tokens.is_empty().then_some(filter)
    }

    /// Whether a row is like that; `exact` minds the case of values.
    pub(super) fn takes(&self, row: &Row, exact: bool) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.takes(row, exact)),
            Self::Any(parts) => parts.iter().any(|part| part.takes(row, exact)),
            Self::Compare(field, comparison, wanted) => {
                let folded = |text: &str| if exact { text.to_owned() } else { text.to_lowercase() };
                let (value, wanted) = (folded(&row.field(*field)), folded(wanted));
                match comparison {
                    Comparison::Equals => value == wanted,
                    Comparison::Contains => value.contains(&wanted),
                    Comparison::StartsWith => value.starts_with(&wanted),
                    Comparison::EndsWith => value.ends_with(&wanted),
                }
            }
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Open,
    Close,
    Comma,
}

/// Takes a text apart; none if a quote stays open or a character is out of place.
fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut left = text.trim_start();
    let mut tokens = Vec::new();
    while let Some(first) = left.chars().next() {
        let length = match first {
            '(' | ')' | ',' => {
                tokens.push(match first {
                    '(' => Token::Open,
                    ')' => Token::Close,
                    _ => Token::Comma,
                });
                1
            }
            '\'' => {
                let (value, length) = quoted(left)?;
                tokens.push(Token::Text(value));
                length
            }
            _ => {
                let length = left.find(|c: char| !c.is_alphanumeric()).unwrap_or(left.len());
                tokens.push(Token::Word(left.get(..length).filter(|word| !word.is_empty())?.to_owned()));
                length
            }
        };
        left = left.get(length..)?.trim_start();
    }
    Some(tokens)
}

/// A text in quotes, in which two quotes stand for one, and how long it is as written.
fn quoted(text: &str) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut at = 1;
    loop {
        let rest = text.get(at..)?;
        let end = rest.find('\'')?;
        value.push_str(rest.get(..end)?);
        at = at.saturating_add(end).saturating_add(1);
        if !text.get(at..)?.starts_with('\'') {
            return Some((value, at));
        }
        value.push('\'');
        at = at.saturating_add(1);
    }
}

struct Reader<'a> {
    tokens: &'a [Token],
    depth: usize,
}

impl Reader<'_> {
    fn any(&mut self) -> Option<Filter> {
        self.joined("or", Self::all).map(|mut parts| match parts.len() {
            1 => parts.remove(0),
            _ => Filter::Any(parts),
        })
    }

    fn all(&mut self) -> Option<Filter> {
        self.joined("and", Self::one).map(|mut parts| match parts.len() {
            1 => parts.remove(0),
            _ => Filter::All(parts),
        })
    }

    fn joined(&mut self, by: &str, part: fn(&mut Self) -> Option<Filter>) -> Option<Vec<Filter>> {
        let mut parts = vec![part(self)?];
        while self.word().is_some_and(|word| word == by) {
            self.step()?;
            parts.push(part(self)?);
        }
        Some(parts)
    }

    fn one(&mut self) -> Option<Filter> {
        match self.step()? {
            Token::Open => self.in_parentheses(),
            Token::Word(word) => match Comparison::of(&word) {
                Some(comparison) => self.call(comparison),
                None => {
                    let field = Field::of(&word)?;
                    let equals = self.step()? == Token::Word("eq".into());
                    equals.then_some(Filter::Compare(field, Comparison::Equals, self.text()?))
                }
            },
            Token::Text(_) | Token::Close | Token::Comma => None,
        }
    }

    fn in_parentheses(&mut self) -> Option<Filter> {
        self.depth = self.depth.saturating_add(1);
        if self.depth > DEPTH_MAX {
            return None;
        }
        let inner = self.any()?;
        self.depth = self.depth.saturating_sub(1);
        (self.step()? == Token::Close).then_some(inner)
    }

    /// `contains(field, 'text')`.
    fn call(&mut self, comparison: Comparison) -> Option<Filter> {
        let opened = self.step()? == Token::Open;
        let field = Field::of(self.word()?)?;
        self.step()?;
        let parted = self.step()? == Token::Comma;
        let wanted = self.text()?;
        (opened && parted && self.step()? == Token::Close).then_some(Filter::Compare(field, comparison, wanted))
    }

    fn word(&self) -> Option<&str> {
        match self.tokens.first()? {
            Token::Word(word) => Some(word),
            Token::Text(_) | Token::Open | Token::Close | Token::Comma => None,
        }
    }

    fn text(&mut self) -> Option<String> {
        match self.step()? {
            Token::Text(text) => Some(text),
            Token::Word(_) | Token::Open | Token::Close | Token::Comma => None,
        }
    }

    fn step(&mut self) -> Option<Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::super::spec::list_prices;
    use super::super::offers::offers;
    use super::*;

    fn taken(text: &str, exact: bool) -> usize {
        let filter = Filter::read(text).unwrap();
        let rows = offers(&list_prices(), "2026-03-16T00:00:00Z".parse().unwrap());
        rows.iter().filter(|row| filter.takes(row, exact)).count()
    }

    #[test]
    fn conditions_are_joined_and_bound_as_usual() {
        let here = "armRegionName eq 'eastus2' and armSkuName eq 'Standard_DS3_v2'";
        assert_eq!(taken(here, true), 13);
        assert_eq!(taken(&format!("{here} and priceType eq 'Reservation'"), true), 2);
        assert_eq!(taken(&format!("({here}) and (priceType eq 'Reservation' or contains(skuName, 'Spot'))"), true), 5);
        // `and` binds closer than `or`.
        assert_eq!(taken(&format!("skuName eq 'none' or {here}"), true), 13);
        assert_eq!(taken(&format!("{here} and endswith(productName, ' Windows')"), true), 6);
        assert_eq!(taken("armRegionName eq 'eastus2' and meterName eq 'D3 v2/DS3 v2'", true), 8);
    }

    #[test]
    fn values_mind_their_case_only_when_exact() {
        let text = "armSkuName eq 'STANDARD_DS3_V2' and armRegionName eq 'eastus2'";
        assert_eq!((taken(text, true), taken(text, false)), (0, 13));
    }

    #[test]
    fn two_quotes_are_one() {
        let Some(Filter::Compare(_, _, text)) = Filter::read("skuName eq 'it''s'") else { panic!("a comparison") };
        assert_eq!(text, "it's");
    }

    #[test]
    fn what_cannot_be_read_is_none() {
        for text in [
            "",
            "armSkuName",
            "armSkuName eq",
            "armSkuName eq Standard",
            "armSkuName ne 'x'",
            "armskuname eq 'x'",
            "vmSize eq 'x'",
            "armSkuName eq 'x",
            "armSkuName eq 'x' and",
            "(armSkuName eq 'x'",
            "armSkuName eq 'x')",
            "contains(armSkuName 'x')",
            "retailPrice gt 1",
            &format!("{}armSkuName eq 'x'{}", "(".repeat(60), ")".repeat(60)),
        ] {
            assert_eq!(Filter::read(text), None, "{text}");
        }
    }
}
