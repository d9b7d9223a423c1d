//! Reads rows: `MILLISECONDS KIND key=value key=value …`, blanks in values are underscores.

/// One row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a> {
    /// By the true clock.
    pub(crate) at: i64,
    pub(crate) kind: &'a str,
    rest: &'a str,
}

impl<'a> Row<'a> {
    /// None for a line that is no row.
    pub(crate) fn read(line: &'a str) -> Option<Self> {
        let (at, rest) = line.split_once(' ')?;
        let (kind, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        Some(Self { at: at.parse().ok()?, kind, rest })
    }

    /// A value; nothing where there is none.
    pub(crate) fn text(&self, key: &str) -> &'a str {
        let found = self.rest.split(' ').filter_map(|pair| pair.split_once('=')).find(|(found, _)| *found == key);
        found.map_or("", |(_, value)| value)
    }

    pub(crate) fn number(&self, key: &str) -> i64 {
        self.text(key).parse().unwrap_or(0)
    }

    pub(crate) fn is(&self, key: &str) -> bool {
        self.text(key) == "true"
    }
}
