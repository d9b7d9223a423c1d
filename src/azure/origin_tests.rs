//! The pin against every trick of fault 11, and the law: accepted means origin in the set.

use proptest::prelude::*;

use super::*;

const SUB: &str = "aaaa-1";

fn arm() -> Origin {
    Origin::new("https://management.azure.com").unwrap()
}

fn pin(text: &str) -> Result<PinnedUrl, Foreign> {
    arm().pin(text, &SubscriptionId::new(SUB))
}

#[test]
fn the_same_origin_below_the_same_subscription_is_followed() {
    for good in [
        "https://management.azure.com/subscriptions/aaaa-1/x?$skip=2",
        "https://management.azure.com:443/subscriptions/AAAA-1/x",
        "HTTPS://MANAGEMENT.AZURE.COM/Subscriptions/aaaa-1/x",
        "/subscriptions/aaaa-1/resourceGroups/rg?x",
    ] {
        assert!(pin(good).is_ok(), "{good}");
    }
}

#[test]
fn every_other_place_is_refused() {
    for bad in [
        "http://management.azure.com/subscriptions/aaaa-1/x",
        "https://management.azure.com:8443/subscriptions/aaaa-1/x",
        "https://management.azure.com.evil/subscriptions/aaaa-1/x",
        "https://management.azure.com./subscriptions/aaaa-1/x",
        "https://evil.example/subscriptions/aaaa-1/x",
        "https://management.azure.com@evil.example/subscriptions/aaaa-1/x",
        "https://user@management.azure.com/subscriptions/aaaa-1/x",
        "https://user:pw@management.azure.com/subscriptions/aaaa-1/x",
        "//evil.example/subscriptions/aaaa-1/x",
        "/\\evil.example/subscriptions/aaaa-1/x",
        "https:\\\\evil.example/subscriptions/aaaa-1/x",
        "https://127.0.0.1/subscriptions/aaaa-1/x",
        "https://[::1]/subscriptions/aaaa-1/x",
        "https://2130706433/subscriptions/aaaa-1/x",
        "https://managément.azure.com/subscriptions/aaaa-1/x",
        "https://xn--managment-f4a.azure.com/subscriptions/aaaa-1/x",
        "ftp://management.azure.com/subscriptions/aaaa-1/x",
        "javascript:alert(1)",
        "nextLink",
        "",
        " https://management.azure.com/subscriptions/aaaa-1/x",
        "https://management.azure.com/subscriptions/aaaa-1/x#y",
        "https://management.azure.com\t/subscriptions/aaaa-1/x",
    ] {
        assert!(pin(bad).is_err(), "{bad}");
    }
    assert!(pin(&format!("https://management.azure.com/subscriptions/aaaa-1/{}", "x".repeat(20_000))).is_err());
}

#[test]
fn another_subscription_is_refused_however_it_is_written() {
    for bad in [
        "https://management.azure.com/subscriptions/bbbb-2/x",
        "https://management.azure.com/subscriptions/aaaa-12/x",
        "https://management.azure.com/subscriptions/aaaa-1",
        "https://management.azure.com/subscriptions/aaaa-1/",
        "https://management.azure.com/subscriptions/aaaa-1/../bbbb-2/x",
        "https://management.azure.com/subscriptions/aaaa-1/%2e%2e/bbbb-2/x",
        "https://management.azure.com/subscriptions/aaaa-1/..%2fbbbb-2/x",
        "https://management.azure.com/subscriptions/aaaa-1/%252e%252e/bbbb-2/x",
        "https://management.azure.com/subscriptions/aaaa-1//evil/x",
        "/",
        "/providers/x",
    ] {
        assert!(pin(bad).is_err(), "{bad}");
    }
}

#[test]
fn our_api_version_replaces_another_and_leaves_the_rest_alone() {
    let changed = |text: &str| with_api_version(pin(text).unwrap(), "2025-12-01").url().query().map(str::to_owned);
    let at = "https://management.azure.com/subscriptions/aaaa-1/x";
    assert_eq!(changed(&format!("{at}?api-version=2025-12-01&$skip=a%2Bb")).as_deref(), Some("api-version=2025-12-01&$skip=a%2Bb"));
    assert_eq!(changed(&format!("{at}?api-version=2020-08-01&$skip=a%2Bb")).as_deref(), Some("$skip=a%2Bb&api-version=2025-12-01"));
    assert_eq!(changed(&format!("{at}?API-Version=1&api-version=2025-12-01")).as_deref(), Some("api-version=2025-12-01"));
    assert_eq!(changed(at).as_deref(), Some("api-version=2025-12-01"));
}

#[test]
fn a_segment_cannot_leave_its_place() {
    let url = arm().build(&["subscriptions", "aaaa-1", "a/b?c#d%2e", "x y"], "v");
    assert_eq!(url.url().as_str(), "https://management.azure.com/subscriptions/aaaa-1/a%2Fb%3Fc%23d%252e/x%20y?api-version=v");
    assert!(!format!("{url:?}").contains("api-version"), "the query of a pinned URL may be a signature");
}

proptest! {
    /// RULES 5: accepted ⇒ origin in the set, for text built from the pieces that attacks are made of.
    #[test]
    fn accepted_means_our_origin(pieces in proptest::collection::vec(prop_oneof![
        Just("https://"), Just("http://"), Just("//"), Just("/"), Just("\\"), Just("management.azure.com"), Just("evil.example"),
        Just("@"), Just(":"), Just("443"), Just("subscriptions"), Just("aaaa-1"), Just("bbbb"), Just(".."), Just("%2e"), Just("%2f"),
        Just("?"), Just("#"), Just("."), Just("x"), Just("\t"), Just("[::1]"), Just("。"), Just("xn--")
    ], 0..14), free in "\\PC{0,12}") {
        let text = format!("{}{free}", pieces.concat());
        if let Ok(url) = pin(&text) {
            let url = url.url();
            prop_assert_eq!(url.origin().ascii_serialization(), "https://management.azure.com");
            prop_assert!(url.username().is_empty() && url.password().is_none());
            prop_assert!(url.path().to_ascii_lowercase().starts_with("/subscriptions/aaaa-1/"));
        }
    }
}
