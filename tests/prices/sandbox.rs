//! The simulated Azure, which shares no type with the client: what it means to charge is what the client reads.

use std::sync::Arc;

use lightsout::azure::{Azure, IdentityOptions};
use lightsout::ledger::PriceSource;
use lightsout::ports::{FaultKind, Observe as _, Prices as _};
use lightsout::sandbox::{DEMO_SUBSCRIPTIONS, Sandbox, SandboxClock, SandboxOptions, demo, list_prices};
use lightsout::units::SubscriptionId;

use crate::world::{TOKEN, TestClock, custom, token_file};
use crate::{key, words};

/// The Monday on which the demo begins.
const BEGINNING: &str = "2026-03-16T00:00:00Z";

struct Still;

impl SandboxClock for Still {
    fn now(&self) -> jiff::Timestamp {
        BEGINNING.parse().unwrap()
    }
}

async fn between(change: impl FnOnce(&mut SandboxOptions)) -> (Sandbox, Azure<TestClock>) {
    let mut options = SandboxOptions::new(demo(1, BEGINNING.parse().unwrap()), Arc::new(Still));
    options.static_token = Some(TOKEN.into());
    change(&mut options);
    let sandbox = Sandbox::start(options).await.unwrap();
    let token = token_file();
    let mut options = custom(&sandbox.base_url(), IdentityOptions::TokenFile { path: token.path().to_owned() });
    options.watch.subscriptions = DEMO_SUBSCRIPTIONS.iter().map(|id| SubscriptionId::new(id)).collect();
    options.prices.sources = vec![PriceSource::VmSizes, PriceSource::Retail];
    options.prices.retail_endpoint = sandbox.base_url();
    let azure = Azure::new(options, TestClock::new()).unwrap();
    // The token is read here, before its file goes.
    assert!(azure.discover().await.faults.is_empty());
    (sandbox, azure)
}

#[tokio::test]
async fn both_lists_say_what_the_sandbox_charges() {
    let prices = || list_prices().unlisted("Standard_D13_v2");
    let (sandbox, azure) = between(|options| options.world.prices = prices()).await;
    let keys = [
        key("STANDARD_DS3_V2", "eastus2"),
        key("Standard_NC6s_v3", "eastus2"),
        key("standard_d13_v2", "eastus2"),
        key("STANDARD_DS3_V2", "spaincentral"),
        key("Standard_NC24ads_A100_v4", "spaincentral"),
    ];
    let quoted = azure.quotes(&keys).await;
    assert!(quoted.iter().all(|one| one.faults.is_empty()), "{quoted:?}");
    let listed = [
        "standard_ds3_v2 in eastus2: 0.293 USD/h",
        "standard_nc6s_v3 in eastus2: 3.06 USD/h",
        "standard_d13_v2 in eastus2: not_listed",
        "standard_ds3_v2 in spaincentral: 0.3223 USD/h",
        "standard_nc24ads_a100_v4 in spaincentral: 4.0403 USD/h",
    ];
    assert_eq!(words(&quoted[1]), listed, "one row of thirteen, however the size was spelt");
    let mut estimated = listed.map(str::to_owned);
    estimated[4] = "standard_nc24ads_a100_v4 in spaincentral: not_listed".to_owned();
    assert_eq!(words(&quoted[0]), estimated, "without an estimate there is none");
    assert_eq!((sandbox.recorder().count("vm-sizes"), sandbox.recorder().count("retail-prices")), (2, 2));
    assert_eq!(azure.size(&keys[0]).and_then(|size| size.vcpus), Some(4));
}

#[tokio::test]
async fn fault_45_each_list_may_fail_alone() {
    let denied = "Microsoft.MachineLearningServices/locations/vmSizes/read";
    let (_sandbox, azure) = between(|options| options.denied = vec![denied.into()]).await;
    let quoted = azure.quotes(&[key("Standard_DS3_v2", "eastus2")]).await;
    assert_eq!((quoted[0].faults[0].kind, quoted[0].answers.len()), (FaultKind::Denied, 0));
    assert_eq!(words(&quoted[1]), ["standard_ds3_v2 in eastus2: 0.293 USD/h"], "spelt by the pattern of names alone");

    let (_sandbox, azure) = between(|options| options.faults = vec!["retail-prices => html".parse().unwrap()]).await;
    let quoted = azure.quotes(&[key("Standard_DS3_v2", "eastus2")]).await;
    assert_eq!(words(&quoted[0]), ["standard_ds3_v2 in eastus2: 0.293 USD/h"]);
    assert_eq!((quoted[1].answers.len(), quoted[1].faults.len()), (0, 1));
}
