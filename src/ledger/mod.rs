//! Cost arithmetic: prices, metered intervals, what stopping avoided, and sums that an auditor can redo.
//!
//! Pure: equal rows in, equal figures out. An unknown price stays unknown, a gap stays a gap, and nothing is rounded before
//! it is shown (RULES section 7).

mod account;
mod book;
mod chain;
mod entry;
mod meter;
mod month;
mod outlook;
mod price;
mod reconcile;
mod saving;
mod sheet;
mod spent;
mod sum;

pub use account::{
    Account, AccountError, Adjusted, Avoids, Baseline, BaselineFigure, Cell, Charge, ChargeMeter, Charges, Costs, Day,
    Evidence, Exchange, Figures, GroundFigures, Group, GroupName, Grouping, Period, PriceLine, Question, Range,
    References, Residuals, Standing, Stretch, Tally, Usage, WEEKS_MIN,
};
pub use book::{PriceBook, Priced};
pub use chain::{Auditor, BEGINNING, Broken, Digests, Hash, Head, Life, digest, hex, seal};
pub use entry::{Entry, EntryKind, Governance, Residual, Subject, SubjectId, Terms, TermsId};
pub use meter::{Basis, Bound, GAP, Interval, Look, MeterState, Open, Seconds, Turned, first, turn};
pub use month::Month;
pub use outlook::{Outlook, outlook};
pub use price::{NoPrice, Price, PriceId, PriceKey, PriceSource, Quote};
pub use reconcile::{
    BillLine, BillSource, Bills, Cause, Compared, DaySpan, MeterDays, Metered, MeteredCost, Part, PartSum, Reconciled,
    Summary, Tolerance, compare, confirmed, day_of, midnight, millionths, workspace_of,
};
pub use saving::{Avoided, AvoidedDetail, Claim, ClaimEnd, ClaimRules, Counterfactual, Limit};
pub use sheet::{Sheet, SheetLine, SheetTerms};
pub use spent::{Spent, SpentTotal, percent_of};
pub use sum::Sum;
