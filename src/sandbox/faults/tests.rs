//! Faults are read as written, and meet exactly the requests they name.

use jiff::Timestamp;

use super::{Effect, FaultOperation, FaultRule, Faults};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn a_line_names_matcher_and_effect() {
    let rule: FaultRule =
        "list-computes,path=ws-a,nth=3,count=2,percent=50,from=2026-11-02T00:00:00Z => throttle:17".parse().unwrap();
    assert_eq!(rule.on, FaultOperation::ListComputes);
    assert_eq!((rule.path.as_deref(), rule.skip, rule.count, rule.percent), (Some("ws-a"), 2, Some(2), Some(50)));
    assert_eq!(rule.effect, Effect::Throttle(Some("17".into())));
    assert_eq!(rule.from, Some(at("2026-11-02T00:00:00Z")));
}

#[test]
fn arguments_may_hold_colons_and_equals() {
    let set: FaultRule = r#"get => set:/properties/properties/state="Half=Open:""#.parse().unwrap();
    assert_eq!(set.effect, Effect::Set("/properties/properties/state".into(), serde_json::json!("Half=Open:")));
    let link: FaultRule = "list-computes => next-link:http://127.0.0.1:9/x".parse().unwrap();
    assert_eq!(link.effect, Effect::NextLink("http://127.0.0.1:9/x".into()));
}

#[test]
fn mistakes_are_named() {
    for (text, says) in [
        ("stop", "write OPERATION"),
        ("halt => hang", "operation `halt` is unknown"),
        ("stop => explode", "effect `explode` is unknown"),
        ("stop,size=3 => hang", "key `size` is unknown"),
        ("stop,count=x => hang", "`x` is no number"),
        ("stop => delay", "is no effect with an argument"),
        ("stop => set:/a", "is no POINTER=JSON"),
    ] {
        let error = text.parse::<FaultRule>().unwrap_err().to_string();
        assert!(error.contains(says), "{text}: {error}");
    }
}

#[test]
fn a_mistaken_operation_is_told_every_word() {
    let error = "halt => hang".parse::<FaultRule>().unwrap_err().to_string();
    for operation in FaultOperation::ALL {
        assert!(error.contains(&format!(" {}", operation.label())), "{} in {error}", operation.label());
    }
}

#[test]
fn a_file_holds_many() {
    let rules = FaultRule::from_toml("[[fault]]\non = \"stop\"\neffect = \"conflict\"\nnth = 2\n[[fault]]\non = \"token\"\neffect = \"status:503,9\"\n").unwrap();
    assert_eq!(rules.len(), 2);
    assert_eq!(rules[0].skip, 1);
    assert_eq!(rules[1].effect, Effect::Status(503, Some("9".into())));
    assert!(FaultRule::from_toml("[[fault]]\non = \"stop\"\neffect = \"hang\"\nwhen = 1\n").is_err());
}

#[test]
fn a_rule_skips_counts_and_keeps_to_its_place_and_time() {
    let faults = Faults::new(1);
    let now = at("2026-11-02T10:00:00Z");
    faults.push(FaultRule::new(FaultOperation::Stop, Effect::Conflict).at_path("WS-A").after(1).times(2));
    let hits: Vec<usize> =
        (0..5).map(|_| faults.meet(FaultOperation::Stop, "/x/ws-a/computes/c/stop", now).len()).collect();
    assert_eq!(hits, [0, 1, 1, 0, 0]);
    assert!(faults.meet(FaultOperation::Stop, "/x/ws-b/computes/c/stop", now).is_empty());
    assert!(faults.meet(FaultOperation::Start, "/x/ws-a/computes/c/start", now).is_empty());
    assert_eq!(faults.spoilt(), 2);
    faults.clear();
    let mut rule = FaultRule::new(FaultOperation::Any, Effect::Hang);
    rule.to = Some(now);
    faults.push(rule);
    assert!(faults.meet(FaultOperation::Get, "/", now).is_empty());
}

#[test]
fn a_share_is_drawn_from_the_seed() {
    let draw = |seed| {
        let faults = Faults::new(seed);
        let mut rule = FaultRule::new(FaultOperation::Get, Effect::NotFound);
        rule.percent = Some(30);
        faults.push(rule);
        (0..200).map(|_| faults.meet(FaultOperation::Get, "/", Timestamp::UNIX_EPOCH).len()).collect::<Vec<_>>()
    };
    assert_eq!(draw(4), draw(4));
    assert_ne!(draw(4), draw(5));
    let share: usize = draw(4).iter().sum();
    assert!((30..=90).contains(&share), "{share} of 200");
}
