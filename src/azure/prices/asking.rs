//! The questions that are put to the public price list: as few as fit, each with the sizes it answers for. Pure.

use super::place::{Place, PriceUrl};
use crate::ledger::PriceKey;
use crate::units::{Currency, Region};

/// A longer URL is cut off or refused by servers on the way.
const URL_MAX: usize = 2_000;

/// A size, and the spellings under which it is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) key: PriceKey,
    pub(super) spellings: Vec<String>,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) url: PriceUrl,
    pub(super) keys: Vec<PriceKey>,
}

/// Every question about the sizes of one region, in their order.
pub(super) fn questions(place: &Place, currency: Currency, region: &Region, wanted: &[Wanted]) -> Vec<Question> {
    let ask = |sizes: &[Wanted]| place.ask(&query(currency, region, sizes));
    let mut all = Vec::new();
    let mut rest = wanted;
    while !rest.is_empty() {
        // One size always fits; a second one is taken while the URL stays short.
        let fits = (2..=rest.len()).take_while(|count| ask(first(rest, *count)).text().len() <= URL_MAX).last();
        let (these, those) = rest.split_at(fits.unwrap_or(1));
        all.push(Question { url: ask(these), keys: these.iter().map(|wanted| wanted.key.clone()).collect() });
        rest = those;
    }
    all
}

fn first(all: &[Wanted], count: usize) -> &[Wanted] {
    all.get(..count).unwrap_or(all)
}

/// The text of a question. Only plain names enter it (`spelling::is_plain`), so that nothing needs to be escaped.
fn query(currency: Currency, region: &Region, sizes: &[Wanted]) -> String {
    let names = sizes.iter().flat_map(|wanted| &wanted.spellings);
    let any: Vec<String> = names.map(|name| format!("armSkuName eq '{name}'")).collect();
    format!(
        "currencyCode='{currency}'&$filter=serviceName eq 'Virtual Machines' and armRegionName eq '{region}' \
         and priceType eq 'Consumption' and ({})",
        any.join(" or ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(size: &str) -> Wanted {
        let key = PriceKey::new(size, &Region::new("westeurope"));
        Wanted { key, spellings: vec![size.to_owned(), size.to_ascii_lowercase()] }
    }

    fn asked(wanted: &[Wanted]) -> Vec<Question> {
        let place = Place::new("https://prices.azure.com").unwrap();
        questions(&place, "EUR".parse().unwrap(), &Region::new("westeurope"), wanted)
    }

    #[test]
    fn a_question_is_the_documented_filter() {
        let all = asked(&[wanted("Standard_DS3_v2"), wanted("Standard_NC6s_v3")]);
        assert_eq!(all.len(), 1);
        let url = all[0].url.url();
        assert!(url.as_str().starts_with(
            "https://prices.azure.com/api/retail/prices?currencyCode=%27EUR%27&$filter=serviceName%20eq%20%27Virtual"
        ));
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        assert_eq!(pairs[0], ("currencyCode".to_owned(), "'EUR'".to_owned()));
        assert_eq!(
            pairs[1].1,
            "serviceName eq 'Virtual Machines' and armRegionName eq 'westeurope' and priceType eq 'Consumption' and \
             (armSkuName eq 'Standard_DS3_v2' or armSkuName eq 'standard_ds3_v2' or armSkuName eq 'Standard_NC6s_v3' \
             or armSkuName eq 'standard_nc6s_v3')"
        );
    }

    #[test]
    fn every_size_is_asked_once_in_short_urls_and_few() {
        let all: Vec<Wanted> = (0..100).map(|n| wanted(&format!("Standard_NC{n}ads_A100_v4"))).collect();
        let questions = asked(&all);
        let keys: Vec<&PriceKey> = questions.iter().flat_map(|question| &question.keys).collect();
        assert_eq!(keys, all.iter().map(|wanted| &wanted.key).collect::<Vec<_>>());
        assert!(questions.iter().all(|question| question.url.text().len() <= URL_MAX));
        assert!(questions.len() <= 8, "{}", questions.len());
        assert_eq!(asked(&[]), []);
    }
}
