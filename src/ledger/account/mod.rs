//! Accounts: rows of the ledger added up for a period, in groups, exactly. Equal rows and an equal question, equal figures.

mod baseline;
mod costs;
mod error;
mod evidence;
mod figures;
mod group;
mod question;
mod references;
mod result;
mod standing;
mod tally;
#[cfg(test)]
mod tests;

pub use baseline::{Adjusted, Baseline, BaselineFigure, WEEKS_MIN};
pub use costs::{Costs, Exchange, Range};
pub use error::AccountError;
pub use evidence::{Evidence, PriceLine};
pub use figures::{Avoids, Figures, Residuals, Usage};
pub use group::{GroupName, Grouping};
pub use question::{Day, Period, Question};
pub use references::References;
pub use result::{Account, Cell, GroundFigures, Group};
pub use standing::Standing;
pub use tally::{Stretch, Tally};
