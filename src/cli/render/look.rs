//! How text is laid out: colours or none, width, zones, and the tables.

use std::collections::BTreeMap;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::report::{FleetView, words};
use crate::units::PolicyId;

/// Whether text carries colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Paint {
    /// None: files, pipes, `NO_COLOR`.
    #[default]
    Plain,
    /// A terminal.
    Colour,
}

impl Paint {
    fn wrap(self, code: &str, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Colour => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        }
    }
    /// A heading.
    #[must_use]
    pub fn strong(self, text: &str) -> String {
        self.wrap("1", text)
    }
    /// Beside the point.
    #[must_use]
    pub fn faint(self, text: &str) -> String {
        self.wrap("2", text)
    }
    /// Something is wrong.
    #[must_use]
    pub fn bad(self, text: &str) -> String {
        self.wrap("1;31", text)
    }
    /// Something is about to happen.
    #[must_use]
    pub fn soon(self, text: &str) -> String {
        self.wrap("1;33", text)
    }
    /// Well.
    #[must_use]
    pub fn good(self, text: &str) -> String {
        self.wrap("32", text)
    }
}

/// Each policy's zone; UTC where none is known.
#[derive(Debug, Clone, Default)]
pub struct Zones(pub BTreeMap<PolicyId, TimeZone>);

impl Zones {
    /// As the view names them. A zone that this machine does not know is left out, so that UTC stands in its place.
    #[must_use]
    pub fn of_view(view: &FleetView) -> Self {
        let known = view.policies.iter().filter_map(|policy| {
            let zone = TimeZone::get(policy.zone.as_deref()?).ok()?;
            Some((policy.id.clone(), zone))
        });
        Self(known.collect())
    }

    /// The zone of a policy.
    #[must_use]
    pub fn of(&self, policy: Option<&PolicyId>) -> TimeZone {
        policy.and_then(|policy| self.0.get(policy)).cloned().unwrap_or(TimeZone::UTC)
    }
}

/// Everything about the page that is not about the fleet.
#[derive(Debug, Clone)]
pub struct Look {
    /// Colours?
    pub paint: Paint,
    /// Columns of the terminal; tables wrap within.
    pub width: u16,
    /// Zones of the policies.
    pub zones: Zones,
    /// The reader's now, for ages.
    pub now: Timestamp,
}

impl Look {
    /// An instant in a policy's zone, with how far away it is.
    #[must_use]
    pub fn when(&self, at: Timestamp, policy: Option<&PolicyId>) -> String {
        format!("{}, {}", words::moment(at, &self.zones.of(policy)), words::from_now(at, self.now))
    }

    /// Rows under a header, indented, no wider than the terminal. Cells are cleaned here, whoever wrote them.
    #[must_use]
    pub fn table(&self, header: &[&str], rows: &[Vec<String>]) -> String {
        self.lines(&mut Self::filled(header, rows))
    }

    /// The same for figures: all but the first column stand flush right.
    #[must_use]
    pub fn figures(&self, header: &[&str], rows: &[Vec<String>]) -> String {
        let mut table = Self::filled(header, rows);
        table.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
        self.lines(&mut table)
    }

    fn filled(header: &[&str], rows: &[Vec<String>]) -> Table {
        let mut table = Table::new();
        table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(header.to_vec());
        for row in rows {
            table.add_row(row.iter().map(|cell| words::clean(cell)));
        }
        table
    }

    fn lines(&self, table: &mut Table) -> String {
        table.set_width(self.width.max(40));
        let mut text = String::new();
        for (place, line) in table.lines().enumerate() {
            let line = format!(" {}", line.trim_end());
            text.push_str(&if place == 0 { self.paint.faint(&line) } else { line });
            text.push('\n');
        }
        text
    }
}
