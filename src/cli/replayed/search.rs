//! A search over policies: every combination of values replayed, and the knee of money against regrets.

use serde::Serialize;

use super::ReplayError;
use crate::past::Past;
use crate::policy::PolicySet;
use crate::replay::{Asked, Checked, Compared, Figures, Knee, Point, knee, replay};
use crate::units::Currency;

/// One combination of values, replayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tried {
    /// The values, for people.
    pub name: String,
    /// Settings and their values.
    pub settings: Vec<(String, String)>,
    /// What came of it.
    #[serde(flatten)]
    pub figures: Compared,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// In the order of the values.
    pub tried: Vec<Tried>,
    /// The currency in which money is compared.
    pub currency: Currency,
    /// The knee, as if nobody had used a machine where the record does not tell, at its least.
    pub knee_least: Knee,
    /// The knee by the most that the record allows.
    pub knee_most: Knee,
    /// What the record cannot tell, and what was assumed.
    pub notes: Vec<String>,
}

impl Tried {
    /// Its point by the least.
    #[must_use]
    pub fn least(&self, currency: Currency) -> Point {
        point(&self.figures.replayed.least, currency)
    }

    /// Its point by the most.
    #[must_use]
    pub fn most(&self, currency: Currency) -> Point {
        point(&self.figures.replayed.most, currency)
    }
}

fn point(figures: &Figures, currency: Currency) -> Point {
    Point { cost: figures.cost.get(currency).rounded().as_micros(), regrets: figures.regrets.into() }
}

/// Policies with one combination of values.
type Candidate = (Vec<(String, String)>, PolicySet);

/// Replays them all, side by side as far as the machine allows.
///
/// # Errors
/// When nothing was to be tried.
pub fn search(
    past: &Past,
    asked: &Asked<'_>,
    candidates: &[(Vec<(String, String)>, PolicySet)],
) -> Result<Found, ReplayError> {
    let width = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(candidates.len().max(1));
    let one =
        |candidate: &Candidate| replay(past, &Asked { policies: &candidate.1, ..asked.clone() }, Checked::default());
    let results = std::thread::scope(|scope| {
        let part = |lane: usize| {
            let mine = candidates.iter().enumerate().filter(move |(place, _)| place.checked_rem(width) == Some(lane));
            scope.spawn(move || mine.map(|(place, candidate)| (place, one(candidate))).collect::<Vec<_>>())
        };
        let lanes: Vec<_> = (0..width).map(part).collect();
        let joined = lanes.into_iter().map(|lane| lane.join().unwrap_or_default());
        let mut all: Vec<_> = joined.flatten().collect();
        all.sort_by_key(|(place, _)| *place);
        all
    });
    let notes = results.first().map(|(_, one)| one.notes.clone()).unwrap_or_default();
    let alone = candidates.first().is_some_and(|(settings, _)| settings.len() == 1);
    let name = |settings: &[(String, String)]| {
        let words = settings.iter().map(|(key, value)| if alone { value.clone() } else { format!("{key}={value}") });
        words.collect::<Vec<_>>().join(" ")
    };
    let tried: Vec<Tried> = candidates
        .iter()
        .zip(results)
        .map(|((settings, _), (_, one))| Tried { name: name(settings), settings: settings.clone(), figures: one.total })
        .collect();
    if tried.len() != candidates.len() || tried.is_empty() {
        return Err(ReplayError::Setting("--sweep: no value could be tried; name at least one".to_owned()));
    }
    let currency = dearest(&tried);
    let least: Vec<Point> = tried.iter().map(|one| one.least(currency)).collect();
    let most: Vec<Point> = tried.iter().map(|one| one.most(currency)).collect();
    Ok(Found { currency, knee_least: knee(&least), knee_most: knee(&most), tried, notes })
}

/// Currencies are never added to each other: the one with the most in it is looked at.
fn dearest(tried: &[Tried]) -> Currency {
    let costs = tried.iter().flat_map(|one| one.figures.replayed.most.cost.iter());
    costs.max_by_key(|cost| cost.exact()).map_or(Currency::USD, |cost| cost.currency())
}
