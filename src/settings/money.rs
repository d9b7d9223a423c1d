//! What was written of prices and of the ledger, and what it means.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::amount::Amount;
use super::compile::each;
use super::document::{ConvertDocument, LedgerDocument, PricesDocument, ResidualDocument};
use super::fields::Value;
use super::findings::{Findings, Http, path};
use super::prices::{Convert, Ledger, Prices, Residual};
use crate::document::nearest;
use crate::ledger::PriceSource;
use crate::units::{Currency, Rate, Span};

/// Reads `[prices]`.
pub(super) fn prices(document: &PricesDocument, found: &mut Findings) -> Prices {
    let default = Prices::default();
    let currency = document.currency.or(default.currency);
    let refresh =
        found.within(&document.refresh, "prices.refresh", default.refresh, (Span::hours(1), Span::hours(7 * 24)));
    let most = (Span::hours(1), Span::hours(31 * 24));
    let stale_after = found.within(&document.stale_after, "prices.stale_after", default.stale_after, most);
    let written = document.stale_after.0.as_ref().or(document.refresh.0.as_ref());
    if let Some(written) = written.filter(|_| stale_after < refresh) {
        let problem = format!("{stale_after} is shorter than the {refresh} from one look to the next");
        found.error(&written.at, "prices.stale_after", problem, "choose at least prices.refresh");
    }
    let endpoint = document.retail_endpoint.0.as_ref();
    let endpoint = endpoint.and_then(|written| found.origin(written, "prices.retail_endpoint", Http::OnLoopback));
    Prices {
        sources: sources(document, found),
        sheet: sheet(&document.sheet, found),
        currency,
        retail_endpoint: endpoint.unwrap_or(default.retail_endpoint),
        refresh,
        stale_after,
        residual: residual(&document.residual.or_empty(), currency),
        convert: convert(&document.convert.or_empty(), currency, found),
    }
}

fn sources(document: &PricesDocument, found: &mut Findings) -> Vec<PriceSource> {
    let key = "prices.sources";
    let Some(written) = &document.sources.0 else { return Prices::default().sources };
    let all = each(&document.sources, key, found, |text| {
        let words = || PriceSource::ALL.iter().map(|source| source.label());
        let known = || words().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" or ");
        PriceSource::of(text).ok_or_else(|| {
            let help = nearest(text, words()).map(|meant| format!("did you mean \"{meant}\"?"));
            (format!("{text:?} is not a source of prices"), help.unwrap_or_else(|| format!("write {}", known())))
        })
    });
    let twice = |source: &PriceSource| all.iter().filter(|other| *other == source).count() > 1;
    if let Some(source) = all.iter().find(|source| twice(source)) {
        let problem = format!("\"{}\" is named twice", source.label());
        found.error(&written.at, key, problem, "name each source once, what counts most first");
    }
    // The default names the sheet for those who will have one; who writes a list of their own means it.
    let meant = all.contains(&PriceSource::Sheet) && all != Prices::default().sources;
    if meant && document.sheet.0.is_none() {
        let problem = "\"sheet\" is named, and there is none";
        found.warning(&written.at, key, problem, "name the file with sheet in [prices], or take \"sheet\" out");
    }
    all
}

fn sheet(value: &Value<String>, found: &mut Findings) -> Option<PathBuf> {
    let written = value.0.as_ref()?;
    let kind = Path::new(&written.value).extension();
    if !kind.is_some_and(|kind| kind.eq_ignore_ascii_case("toml") || kind.eq_ignore_ascii_case("csv")) {
        let help = "name a file that ends in .toml or .csv";
        found.error(&written.at, "prices.sheet", "it is neither TOML nor CSV by its name", help);
    }
    path(value)
}

/// What was written is in the currency of prices; what was not is Azure's, in USD.
fn residual(document: &ResidualDocument, currency: Currency) -> Residual {
    let default = Residual::default();
    let rate = |value: &Value<Amount>, default: Rate| value.get().map_or(default, |amount| amount.rate(currency));
    Residual {
        disk: rate(&document.disk, default.disk),
        public_ip: rate(&document.public_ip, default.public_ip),
        load_balancer: rate(&document.load_balancer, default.load_balancer),
    }
}

fn convert(document: &ConvertDocument, currency: Currency, found: &mut Findings) -> Convert {
    let mut rates = BTreeMap::new();
    let report_in = document.report_in.get().copied();
    for (name, written) in &document.rates.0.0 {
        let key = format!("prices.convert.rates.{name}");
        let mut wrong = |problem: &str, help: &str| found.error(&written.at, &key, problem, help);
        match name.parse::<Currency>() {
            Err(_) => wrong("it is not a currency", "write three letters, such as { USD = \"0.92\" }"),
            Ok(known) if Some(known) == report_in => {
                wrong("sums are in this currency", "leave it out: one of it is worth one of it");
            }
            Ok(known) => {
                if rates.insert(known, written.value.0).is_some() {
                    wrong("it is named twice", "keep one of them");
                }
            }
        }
    }
    match (&document.report_in.0, document.rates.0.0.first()) {
        (None, Some((_, written))) => {
            let help = "write report_in = \"EUR\" beside rates, or leave rates out";
            found.error(&written.at, "prices.convert.rates", "it is not said into which currency", help);
        }
        (Some(written), _) if written.value != currency && !rates.contains_key(&currency) => {
            let problem = format!("there is no rate for {currency}, in which prices come: they stay in it");
            let help = format!("write rates = {{ {currency} = \"…\" }}: what one {currency} is worth");
            found.warning(&written.at, "prices.convert.report_in", problem, help);
        }
        (None, None) | (Some(_), _) => {}
    }
    Convert { report_in, rates }
}

/// Reads `[ledger]`.
pub(super) fn ledger(document: &LedgerDocument, found: &mut Findings) -> Ledger {
    let default = Ledger::default();
    let credit = (Span::hours(1), Span::hours(7 * 24));
    let regret = (Span::ZERO, Span::hours(24));
    let restart = (Span::ZERO, Span::hours(2));
    Ledger {
        team_tag: document.team_tag.or(default.team_tag),
        owners: path(&document.owners),
        horizon: found.within(&document.horizon, "ledger.horizon", default.horizon, credit),
        regret_within: found.within(&document.regret_within, "ledger.regret_within", default.regret_within, regret),
        restart_cost: found.within(&document.restart_cost, "ledger.restart_cost", default.restart_cost, restart),
    }
}
