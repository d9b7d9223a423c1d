//! The answer to a question about prices: filter, order, page.

use serde_json::{Value, json};

use super::super::answer::Answer;
use super::super::handle::Ask;
use super::super::shared::Shared;
use super::filter::Filter;
use super::meters::meters;
use super::offers::offers;
use super::row::{Currency, Row};

/// What was asked, as far as this API knows it.
struct Question {
    currency: Currency,
    filter: Option<Filter>,
    /// The preview versions mind the case of values; the newest tells savings plans too.
    exact: bool,
    plans: bool,
    primary_only: bool,
    skip: usize,
}

impl Question {
    fn read(ask: &Ask<'_>) -> Option<Self> {
        let given = |name: &str| ask.query.get(name).map(|value| value.trim_matches('\'')).filter(|v| !v.is_empty());
        let (exact, plans) = match given("api-version") {
            None => (false, false),
            Some("2021-10-01-preview") => (true, false),
            Some("2023-01-01-preview") => (true, true),
            Some(_) => return None,
        };
        let primary_only = match given("meterRegion") {
            None => false,
            Some("primary") => true,
            Some(_) => return None,
        };
        let filter = match ask.query.get("$filter").filter(|text| !text.trim().is_empty()) {
            Some(text) => Some(Filter::read(text)?),
            None => None,
        };
        let skip = given("$skip").map_or(Some(0), |text| text.parse().ok())?;
        let currency = Currency::of(given("currencyCode").unwrap_or("USD"))?;
        Some(Self { currency, filter, exact, plans, primary_only, skip })
    }

    fn takes(&self, row: &Row) -> bool {
        (row.primary || !self.primary_only) && self.filter.as_ref().is_none_or(|filter| filter.takes(row, self.exact))
    }
}

impl Shared {
    /// A page of prices; anyone may ask.
    pub(in crate::sandbox) fn retail_prices(&self, ask: &Ask<'_>) -> Answer {
        let Some(question) = Question::read(ask) else {
            return refused();
        };
        let mut rows = {
            let (world, now) = self.world_now();
            [offers(world.prices(), now), meters(world.prices())].concat()
        };
        rows.retain(|row| question.takes(row));
        rows.sort_by_cached_key(Row::place);
        let size = self.options.retail_page_size.max(1);
        let next = question.skip.saturating_add(size);
        let page = rows.iter().skip(question.skip).take(size);
        let items: Vec<Value> = page.map(|row| row.write(question.currency, question.plans)).collect();
        Answer::json(
            200,
            &json!({
                "BillingCurrency": question.currency.0,
                "CustomerEntityId": "Default",
                "CustomerEntityType": "Retail",
                "Count": items.len(),
                "Items": items,
                "NextPageLink": (next < rows.len()).then(|| next_page(ask, next)),
            }),
        )
    }
}

/// The same question with another `$skip`, which stays readable, as the real one does.
fn next_page(ask: &Ask<'_>, next: usize) -> String {
    let skips = |part: &&str| !part.is_empty() && !part.starts_with("$skip=") && !part.starts_with("%24skip=");
    let kept: Vec<&str> = ask.raw_query.split('&').filter(skips).collect();
    let skip = format!("$skip={next}");
    let parts: Vec<&str> = kept.into_iter().chain([skip.as_str()]).collect();
    format!("{}{}?{}", ask.origin, ask.path, parts.join("&"))
}

/// The shape of this body is not verified against a real answer.
fn refused() -> Answer {
    Answer::json(400, &json!({ "Error": { "Code": "BadRequest", "Message": "Invalid OData parameters supplied" } }))
}
