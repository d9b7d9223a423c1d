//! Asking the public price list for sizes, region by region; one question that fails costs its own sizes alone.

use std::collections::HashSet;

use futures_util::StreamExt as _;

use super::asking::{Question, Wanted, questions};
use super::desk::by_region;
use super::open_line::OpenLine;
use super::row::{Row, Rows};
use super::select::select;
use super::spelling::{is_plain, spelt};
use crate::azure::error::{Act, AzureError};
use crate::azure::fleet::Azure;
use crate::ledger::{NoPrice, PriceKey, PriceSource};
use crate::ports::{Clock, Fault, FaultKind, Quoted};

/// Pages of one question: a few hundred rows are the answer, at a hundred to a thousand a page.
const PAGES_MAX: usize = 30;
/// Rows of one question.
const ROWS_MAX: usize = 20_000;
/// Questions under way at once: the list has limits that are not published.
const ASKED_AT_ONCE: usize = 2;

/// What the pages of one question held.
#[derive(Debug, Default)]
struct Gathered {
    rows: Vec<Row>,
    unreadable: usize,
    etag: String,
}

impl<C: Clock> Azure<C> {
    /// Asks the list for these; without a list there is nothing to say.
    pub(super) async fn ask_retail(&self, keys: &[PriceKey]) -> Quoted {
        let mut quoted = Quoted { source: PriceSource::Retail, answers: Vec::new(), faults: Vec::new() };
        let Some(list) = &self.desk.list else { return quoted };
        let (plain, odd): (Vec<_>, Vec<_>) =
            keys.iter().cloned().partition(|key| is_plain(key.size()) && is_plain(key.region().as_str()));
        quoted.answers.extend(odd.into_iter().map(|key| (key, Err(NoPrice::NotListed))));
        let all: Vec<Question> = by_region(&plain)
            .into_iter()
            .flat_map(|(region, keys)| {
                let wanted: Vec<Wanted> = keys.into_iter().map(|key| self.wanted(key)).collect();
                questions(&list.place, self.options.prices.currency, &region, &wanted)
            })
            .collect();
        let mut answered: Vec<_> = futures_util::stream::iter(all.into_iter().enumerate())
            .map(|(number, question)| async move {
                let found = self.pages(list, &question).await;
                (number, question, found)
            })
            .buffer_unordered(ASKED_AT_ONCE)
            .collect()
            .await;
        answered.sort_by_key(|(number, _, _)| *number);
        for (_, question, found) in answered {
            self.note_answers(&mut quoted, &question, found);
        }
        quoted
    }

    fn wanted(&self, key: PriceKey) -> Wanted {
        let known = self.desk.size(&key).map_or_else(|| key.size().to_owned(), |size| size.name.to_string());
        let mut spellings = vec![spelt(key.size())];
        // What stands in a list of sizes is Azure's to write: only a plain name may enter a filter.
        if known != spelt(key.size()) && is_plain(&known) {
            spellings.insert(0, known);
        }
        Wanted { key, spellings }
    }

    fn note_answers(&self, quoted: &mut Quoted, question: &Question, found: Result<Gathered, AzureError>) {
        let place = question.keys.first().map(|key| key.region().to_string()).unwrap_or_default();
        let about = format!("the list prices of {} size(s) in {place}", question.keys.len());
        let found = match found {
            Ok(found) => found,
            Err(error) => return quoted.faults.push(of_list(error, format!("read {about}"))),
        };
        if found.unreadable > 0 {
            let doing = format!("understand {} row(s) of {about}; they were left out", found.unreadable);
            quoted.faults.push(Fault::new(FaultKind::Garbled, doing));
        }
        let at = self.line.clock.now();
        for key in &question.keys {
            let mut answer = select(&found.rows, key, at);
            if let Ok(quote) = &mut answer {
                quote.etag = found.etag.as_str().into();
            }
            quoted.answers.push((key.clone(), answer));
        }
    }

    /// Reads every page of a question; any that fails makes the whole question fail.
    async fn pages(&self, list: &OpenLine, question: &Question) -> Result<Gathered, AzureError> {
        let mut gathered = Gathered::default();
        let mut url = question.url.clone();
        let mut visited: HashSet<String> = HashSet::new();
        for _ in 0..PAGES_MAX {
            let answer = list.get(&url, &*self.line.clock, &self.line.usage).await?;
            if visited.is_empty() {
                gathered.etag = answer.header("etag").unwrap_or_default().chars().take(120).collect();
            }
            let page = Rows::read(answer.json()?)?;
            gathered.rows.extend(page.rows);
            gathered.unreadable = gathered.unreadable.saturating_add(page.unreadable);
            if gathered.rows.len() > ROWS_MAX {
                return Err(AzureError::Endless("it has more than 20,000 prices"));
            }
            let Some(link) = page.next else { return Ok(gathered) };
            visited.insert(url.text().to_owned());
            url = list.place.next(&link).inspect_err(|why| self.line.usage.foreign(why))?;
            if visited.contains(url.text()) {
                return Err(AzureError::Endless("a page links back to an earlier one"));
            }
        }
        Err(AzureError::Endless("it has more than 30 pages"))
    }
}

/// The list asks nobody who they are: a no from it is nothing that another identity or role would cure.
fn of_list(error: AzureError, doing: String) -> Fault {
    let mut fault = error.fault(Act::Read, doing);
    if matches!(fault.kind, FaultKind::Denied | FaultKind::Unauthenticated) {
        fault.kind = FaultKind::Refused;
    }
    fault
}
