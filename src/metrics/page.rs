//! The exposition as one immutable buffer: a scrape copies nothing and computes nothing of the fleet (B9).
//!
//! The classic text is the buffer itself. OpenMetrics differs in the head lines of each family only, so it is served
//! as its own head lines between slices of the same buffer.

use std::fmt::Write as _;
use std::ops::Range;

use axum::body::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::escape;
use super::names::Family;

/// Which exposition format is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Prometheus text 0.0.4.
    Classic,
    /// OpenMetrics 1.0.0.
    OpenMetrics,
}

impl Format {
    /// The content type it is served with.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Classic => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// A sample's value, without floats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    /// A whole number.
    Count(u64),
    /// Thousandths, printed as a decimal.
    Milli(i64),
    /// Millionths: amounts of money.
    Micro(i64),
    /// Billionths: money an hour.
    Nano(i64),
}

impl Value {
    /// One or nought.
    pub(super) const fn of_bool(yes: bool) -> Self {
        Self::Count(if yes { 1 } else { 0 })
    }
    /// A size.
    pub(super) fn of_len(n: usize) -> Self {
        Self::Count(u64::try_from(n).unwrap_or(u64::MAX))
    }
    /// An instant as seconds since 1970.
    pub(super) fn at(at: Timestamp) -> Self {
        Self::Milli(at.as_millisecond())
    }
    /// A length in seconds.
    pub(super) fn length(length: SignedDuration) -> Self {
        Self::Milli(i64::try_from(length.as_millis()).unwrap_or(i64::MAX))
    }
}

/// A page being written.
#[derive(Debug, Default)]
pub(super) struct Draft {
    text: String,
    parts: Vec<(Family, Range<usize>)>,
}

impl Draft {
    /// Begins a family; every family begins once.
    pub(super) fn family(&mut self, family: &Family) {
        head(&mut self.text, family, Format::Classic);
        let start = self.text.len();
        self.parts.push((*family, start..start));
    }

    /// One sample of the family begun last.
    pub(super) fn sample(&mut self, labels: &[&str], value: Value) {
        let Some((family, range)) = self.parts.last_mut() else {
            return;
        };
        debug_assert_eq!(family.labels.len(), labels.len(), "labels of {}", family.name);
        self.text.push_str(family.name);
        for (place, (name, value)) in family.labels.iter().zip(labels).enumerate() {
            self.text.push_str(if place == 0 { "{" } else { "," });
            self.text.push_str(name);
            self.text.push_str("=\"");
            self.text.push_str(&escape::label(value));
            self.text.push('"');
        }
        self.text.push_str(if family.labels.is_empty() { " " } else { "} " });
        number(&mut self.text, value);
        range.end = self.text.len();
    }

    /// The family begun last with one sample and no labels.
    pub(super) fn single(&mut self, family: &Family, value: Value) {
        self.family(family);
        self.sample(&[], value);
    }

    /// Ends the page.
    pub(super) fn finish(self) -> Page {
        Page { text: Bytes::from(self.text), parts: self.parts }
    }
}

fn number(text: &mut String, value: Value) {
    let written = match value {
        Value::Count(n) => writeln!(text, "{n}"),
        Value::Milli(n) => decimal(text, n, 3),
        Value::Micro(n) => decimal(text, n, 6),
        Value::Nano(n) => decimal(text, n, 9),
    };
    debug_assert!(written.is_ok(), "a String takes every text");
}

/// So many parts of ten to the minus `digits`, exactly.
fn decimal(text: &mut String, parts: i64, digits: u32) -> std::fmt::Result {
    let sign = if parts < 0 { "-" } else { "" };
    let (size, one) = (parts.unsigned_abs(), 10_u64.pow(digits));
    let (whole, rest) = (size.checked_div(one).unwrap_or(0), size.checked_rem(one).unwrap_or(0));
    let width = usize::try_from(digits).unwrap_or(0);
    if rest == 0 { writeln!(text, "{sign}{whole}") } else { writeln!(text, "{sign}{whole}.{rest:0width$}") }
}

/// A family's head lines.
fn head(text: &mut String, family: &Family, format: Format) {
    let (name, kind) = match format {
        Format::Classic => (family.name, family.kind.classic()),
        Format::OpenMetrics => {
            (family.name.strip_suffix(family.kind.suffix()).unwrap_or(family.name), family.kind.open())
        }
    };
    let written = write!(text, "# HELP {name} {}\n# TYPE {name} {kind}\n", family.help);
    debug_assert!(written.is_ok(), "a String takes every text");
}

/// A finished page.
#[derive(Debug, Default, Clone)]
pub(super) struct Page {
    text: Bytes,
    parts: Vec<(Family, Range<usize>)>,
}

impl Page {
    /// Its pieces in a format, in order; the samples are slices of the one buffer.
    pub(super) fn pieces(&self, format: Format) -> Vec<Bytes> {
        match format {
            Format::Classic => vec![self.text.clone()],
            Format::OpenMetrics => {
                let piece = |(family, range): &(Family, Range<usize>)| {
                    let mut lines = String::new();
                    head(&mut lines, family, format);
                    [Bytes::from(lines), self.text.slice(range.clone())]
                };
                self.parts.iter().flat_map(piece).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::names;
    use super::*;

    #[test]
    fn both_formats_share_samples_and_differ_in_heads() {
        let mut draft = Draft::default();
        draft.family(&names::ARM_THROTTLED);
        draft.sample(&["s\"1"], Value::Count(3));
        draft.single(&names::UNGOVERNED, Value::Nano(293_000_000));
        draft.single(&names::LEDGER_ROWS, Value::Micro(-12_000_001));
        draft.single(&names::LAST_SWEEP_LENGTH, Value::Milli(-1_050));
        let page = draft.finish();
        let join = |format| page.pieces(format).concat();
        let classic = String::from_utf8(join(Format::Classic)).unwrap();
        assert!(classic.contains("# TYPE lightsout_arm_throttled_total counter\nlightsout_arm_throttled_total{subscription=\"s\\\"1\"} 3\n"), "{classic}");
        assert!(classic.ends_with("lightsout_last_sweep_duration_seconds -1.050\n"));
        assert!(classic.contains("lightsout_ungoverned_workspaces 0.293000000\n"), "{classic}");
        assert!(classic.contains("lightsout_ledger_rows -12.000001\n"), "{classic}");
        let open = String::from_utf8(join(Format::OpenMetrics)).unwrap();
        assert!(
            open.contains(
                "# TYPE lightsout_arm_throttled counter\nlightsout_arm_throttled_total{subscription=\"s\\\"1\"} 3\n"
            ),
            "{open}"
        );
    }
}
