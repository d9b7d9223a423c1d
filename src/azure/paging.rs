//! Following `nextLink` to its end: every link pinned, none followed twice, and not for ever (faults 10 to 12).

use std::collections::HashSet;

use jiff::Timestamp;

use super::error::AzureError;
use super::origin::{PinnedUrl, with_api_version};
use super::throttle::Urgency;
use super::transport::{Ask, Lane, Line};
use crate::ports::Clock;

/// Pages of one list; at Azure's sizes that is more than any region may hold.
const PAGES_MAX: usize = 500;

/// Which list.
#[derive(Debug)]
pub(super) struct List<'a> {
    pub(super) operation: &'static str,
    pub(super) lane: &'a Lane,
    pub(super) api_version: &'a str,
    pub(super) first: PinnedUrl,
}

/// Reads every page in turn. `read` gets the moment before the page was asked for and its body, and gives the link to
/// the next. Any page that fails makes the whole list fail: there is no partial state.
pub(super) async fn each_page<C: Clock>(
    line: &Line<C>,
    list: List<'_>,
    mut read: impl FnMut(Timestamp, &[u8]) -> Result<Option<String>, AzureError>,
) -> Result<(), AzureError> {
    let mut url = list.first;
    let mut visited: HashSet<String> = HashSet::new();
    for _ in 0..PAGES_MAX {
        let asked_at = line.clock.now();
        let answer = line.get(Ask { operation: list.operation, url: &url, lane: list.lane, urgency: Urgency::Normal }).await?;
        let Some(link) = read(asked_at, answer.json()?)? else { return Ok(()) };
        let next = line.origin.pin(&link, &list.lane.subscription).inspect_err(|why| line.usage.foreign(why))?;
        visited.insert(url.url().as_str().to_owned());
        url = with_api_version(next, list.api_version);
        if visited.contains(url.url().as_str()) {
            return Err(AzureError::Endless("a page links back to an earlier one"));
        }
    }
    Err(AzureError::Endless("it has more than 500 pages"))
}
