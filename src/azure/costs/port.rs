//! Asking for the bill of each subscription: month by month, page by page, each page the same question again.

use std::collections::HashSet;

use sha2::{Digest as _, Sha256};

use super::definition::definition;
use super::rows::Rows;
use crate::azure::allow::{CostLeave, is_cost_query};
use crate::azure::error::{Act, AzureError};
use crate::azure::fleet::Azure;
use crate::azure::origin::{Foreign, Origin, PinnedUrl, with_api_version};
use crate::azure::throttle::Urgency;
use crate::azure::transport::{Ask, Lane};
use crate::azure::usage::operation;
use crate::ledger::{BillLine, BillSource, DaySpan, Hash};
use crate::ports::{AskBills, BillQuestion, Billed, Clock, Fault, FaultKind, Statement};
use crate::rights::COST_ACTION;
use crate::units::{Region, SubscriptionId};

const API_VERSION: &str = "2025-03-01";
/// Pages of a month of one bill.
const PAGES_MAX: usize = 200;
/// Lines of one bill: a thousand workspaces, ten meters, 35 days.
const LINES_MAX: usize = 400_000;

/// What the pages of one bill held.
#[derive(Default)]
struct Gathered {
    lines: Vec<BillLine>,
    unreadable: usize,
    read: Sha256,
}

impl<C: Clock> AskBills for Azure<C> {
    async fn bills(&self, question: &BillQuestion) -> Billed {
        let mut billed = Billed::default();
        let Some(leave) = CostLeave::of(&self.options) else { return billed };
        // one after another: the tenant's units are few, and nobody waits
        for subscription in &question.subscriptions {
            let about = format!(
                "the costs of subscription {subscription} from {} to {}",
                question.days.first, question.days.last
            );
            match self.costs(leave, subscription, &question.days).await {
                Ok(found) => {
                    if found.unreadable > 0 {
                        let doing = format!("understand {} row(s) of {about}; they were left out", found.unreadable);
                        billed.faults.push(Fault::new(FaultKind::Garbled, doing));
                    }
                    billed.statements.push(Statement {
                        source: BillSource::CostManagement,
                        name: API_VERSION.to_owned(),
                        subscription: subscription.clone(),
                        days: question.days,
                        lines: found.lines,
                        digest: Some(Hash::from(found.read.finalize())),
                    });
                }
                Err(error) => {
                    let is_denied = error.kind(Act::Read) == FaultKind::Denied;
                    let needs = if is_denied { format!(", which needs {COST_ACTION}") } else { String::new() };
                    billed.faults.push(error.fault(Act::Read, format!("read {about}{needs}")));
                }
            }
        }
        billed
    }
}

impl<C: Clock> Azure<C> {
    /// Reads the pages of every month; any that fails makes the whole bill fail.
    async fn costs(
        &self,
        leave: CostLeave,
        subscription: &SubscriptionId,
        days: &DaySpan,
    ) -> Result<Gathered, AzureError> {
        let mut gathered = Gathered::default();
        for days in months(days) {
            self.cost_pages((leave, subscription), &days, &mut gathered).await?;
        }
        Ok(gathered)
    }

    async fn cost_pages(
        &self,
        (leave, subscription): (CostLeave, &SubscriptionId),
        days: &DaySpan,
        gathered: &mut Gathered,
    ) -> Result<(), AzureError> {
        let body = definition(days);
        // A lane of its own: what Cost Management asks to wait for holds up no reading of the fleet.
        let lane = Lane { subscription: subscription.clone(), region: Region::new("costmanagement") };
        let segments = ["subscriptions", subscription.as_str(), "providers", "Microsoft.CostManagement", "query"];
        let mut url = self.line.origin.build(&segments, API_VERSION);
        let mut visited: HashSet<String> = HashSet::new();
        for _ in 0..PAGES_MAX {
            let ask = Ask::new(operation::COST_QUERY, &url, &lane, Urgency::Normal).with_body(&body);
            let answer = self.line.query(ask, leave).await?;
            gathered.read.update(&answer.body);
            let page = if answer.status == 204 { Rows::default() } else { Rows::read(answer.json()?)? };
            gathered.lines.extend(page.lines.into_iter().filter(|line| days.holds(line.day)));
            gathered.unreadable = gathered.unreadable.saturating_add(page.unreadable);
            if gathered.lines.len() > LINES_MAX {
                return Err(AzureError::Endless("it has more than 400,000 lines"));
            }
            let Some(link) = page.next else { return Ok(()) };
            visited.insert(url.url().as_str().to_owned());
            let next = next_of(&self.line.origin, &link, subscription);
            url = next.inspect_err(|why| self.line.usage.foreign(why))?;
            if visited.contains(url.url().as_str()) {
                return Err(AzureError::Endless("a page links back to an earlier one"));
            }
        }
        Err(AzureError::Endless("it has more than 200 pages"))
    }
}

/// The days of each calendar month. Azure's own guidance has it that a question for single days reaches back from its last
/// day for a month at most, and that the days before are left out without a word: those would read as billed nothing. Within
/// a calendar month that cannot happen. It costs no more, since a question costs a unit for each month. [The limit itself is
/// not verified against Azure.]
fn months(days: &DaySpan) -> Vec<DaySpan> {
    let mut months = Vec::new();
    let mut first = days.first;
    while first <= days.last {
        let last = first.last_of_month().min(days.last);
        months.push(DaySpan { first, last });
        let Ok(next) = last.tomorrow() else { break };
        first = next;
    }
    months
}

/// A `nextLink`: the same origin and subscription, and the query itself.
fn next_of(origin: &Origin, link: &str, subscription: &SubscriptionId) -> Result<PinnedUrl, Foreign> {
    let url = with_api_version(origin.pin(link, subscription)?, API_VERSION);
    if is_cost_query(&url) { Ok(url) } else { Err(Foreign::NotCosts) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_question_reaches_beyond_a_month() {
        let spelt = |first: &str, last: &str| {
            let days = DaySpan { first: first.parse().unwrap(), last: last.parse().unwrap() };
            months(&days).iter().map(|one| format!("{}..{}", one.first, one.last)).collect::<Vec<_>>()
        };
        assert_eq!(spelt("2026-11-03", "2026-11-03"), ["2026-11-03..2026-11-03"]);
        assert_eq!(spelt("2026-02-13", "2026-03-16"), ["2026-02-13..2026-02-28", "2026-03-01..2026-03-16"]);
        assert_eq!(
            spelt("2025-12-31", "2026-03-01"),
            ["2025-12-31..2025-12-31", "2026-01-01..2026-01-31", "2026-02-01..2026-02-28", "2026-03-01..2026-03-01"]
        );
        assert_eq!(spelt("9999-12-31", "9999-12-31"), ["9999-12-31..9999-12-31"]);
    }
}
