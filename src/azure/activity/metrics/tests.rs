//! A batch as it comes, and broken in every way.

use proptest::prelude::*;

use super::*;

const BATCH: &str = include_str!("../../../../tests/fixtures/arm/monitor-batch.json");

fn percent(n: i64) -> Percent {
    Percent::new(n).unwrap()
}

fn lines(measured: &Measured) -> Vec<String> {
    let line = |(id, minutes): (&InstanceId, &Minutes)| {
        let spelt: String = minutes.values().map(|busy| if *busy { 'B' } else { 'q' }).collect();
        format!("{} {spelt}", id.name())
    };
    measured.instances.iter().map(line).collect()
}

#[test]
fn points_without_a_value_are_no_readings() {
    let measured = read(BATCH.as_bytes(), percent(5), 1000).unwrap();
    assert_eq!(lines(&measured), ["CI-GPU BBq", "ci-one qBq", "ci-void "]);
    assert_eq!(measured.whole.iter().map(|id| id.name().to_owned()).collect::<Vec<_>>(), ["ws-a"]);
    assert!(!measured.full);
}

#[test]
fn as_many_series_as_were_asked_for_may_be_cut() {
    assert!(read(BATCH.as_bytes(), percent(5), 2).unwrap().full);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_broken_batch_never_panics(at in 0_usize..4000, letter in "[ -~]", cut in 0_usize..4000) {
        let mut broken = BATCH.as_bytes().to_vec();
        let at = at % broken.len();
        broken.splice(at..=at, letter.bytes());
        drop(read(&broken, percent(5), 1000));
        broken.truncate(cut);
        drop(read(&broken, percent(5), 1000));
    }
}
