//! The words of the scenes for starts: what a machine costs, and who wants theirs to stay off.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

use futures_util::FutureExt;
use jiff::Timestamp;
use lightsout::facts::Hold;
use lightsout::ledger::{Price, PriceBook, PriceId, PriceKey, PriceSource, Priced, Quote};
use lightsout::ports::{Control, Declined, HoldRequest};
use lightsout::report::FleetView;
use lightsout::units::{Currency, Rate, Region, Span, When};

use crate::stage::Stage;

/// A book with one price: that of every compute here.
pub(crate) fn priced(rate: &str, now: Timestamp) -> PriceBook {
    let key = PriceKey::new("STANDARD_DS3_V2", &Region::new("westeurope"));
    let (source, rate) = (PriceSource::Sheet, Rate::parse(rate, Currency::USD).unwrap());
    let (meter, etag, effective) = ("D3 v2".into(), "".into(), When::NONE);
    let quote = Quote { key: key.clone(), source, rate, fetched_at: now, effective, meter, etag };
    let price = Price { id: PriceId(1), quote, confirmed_at: now };
    PriceBook::new([(key, Priced { price: Some(price), doubt: None, asked_at: now })].into())
}

/// Somebody wants an instance to stay off.
pub(crate) fn hold_off(stage: &mut Stage, name: &str, length: Span) -> Result<Hold, Declined> {
    let request = HoldRequest {
        instance: name.to_owned(),
        seconds: length.as_secs(),
        reason: "on leave".to_owned(),
        by: "ana".to_owned(),
        life: None,
        link: None,
        off: true,
    };
    stage.engine().hold(request).now_or_never().unwrap()
}

/// What every face shows as happening next with an instance.
pub(crate) fn next_told(view: &FleetView, name: &str, moment: impl Fn(Timestamp) -> String) -> String {
    let mut all = view.workspaces.values().flat_map(|workspace| &workspace.instances);
    let shown = all.find(|one| one.facts.id.name() == name).unwrap();
    let next = lightsout::report::next(view, shown);
    let when = next.at.map(|at| format!(" {}", moment(at))).unwrap_or_default();
    let words = shown.start.as_ref().map(|found| format!("; {} ({})", found.words, found.ground.label()));
    format!("{name}: {}{when}{}", next.words(), words.unwrap_or_default())
}
