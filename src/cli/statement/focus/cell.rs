//! One value of a FOCUS row, and how it is written.

use jiff::Timestamp;
use rust_decimal::Decimal;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Words.
    Text,
    /// An exact number with at most nine decimals.
    Decimal,
    /// An instant, UTC.
    Time,
}

/// One value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    /// None.
    Null,
    /// Words.
    Text(String),
    /// A number.
    Decimal(Decimal),
    /// Seconds since 1970.
    Time(i64),
}

impl Cell {
    /// Words, or none where there are none.
    pub(super) fn words(text: &str) -> Self {
        if text.is_empty() { Self::Null } else { Self::Text(text.to_owned()) }
    }

    /// As text: a number always with a point, an instant as ISO 8601.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Text(text) => text.clone(),
            Self::Decimal(number) => {
                let text = number.normalize().to_string();
                if text.contains('.') { text } else { format!("{text}.0") }
            }
            Self::Time(second) => Timestamp::from_second(*second).map_or_else(|_| String::new(), |at| at.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_a_point_and_instants_a_zone() {
        let decimal = |text: &str| Cell::Decimal(text.parse().unwrap()).text();
        assert_eq!([decimal("1"), decimal("0.5"), decimal("-2.500"), decimal("0.000")], ["1.0", "0.5", "-2.5", "0.0"]);
        assert_eq!(Cell::Time(1_800_000_000).text(), "2027-01-15T08:00:00Z");
        assert_eq!((Cell::words(""), Cell::Null.text()), (Cell::Null, String::new()));
    }
}
