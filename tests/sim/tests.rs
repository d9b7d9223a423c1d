//! The simulation judged: one seed is one story, to the last row, and another seed another.

use crate::make::{Kind, story};
use crate::run::{Manner, Sim, Told};
use crate::story::Story;

fn told(seed: u64, manner: Manner) -> Told {
    let whole = story(seed, Kind::Weeks);
    Sim::tell(&Story { ends: whole.begins + 3 * 86_400, ..whole }, manner)
}

#[test]
fn one_seed_is_one_story_to_the_last_row() {
    let manner = Manner::default();
    let (first, second, other) = (told(3, manner), told(3, manner), told(5, manner));
    assert_eq!((&first.digest, first.rows), (&second.digest, second.rows));
    assert_ne!(first.digest, other.digest);
    assert!(first.rows > 20, "only {} rows", first.rows);
    assert_eq!(first.breaches, []);
}

#[test]
fn the_store_of_the_service_tells_the_same_story() {
    let (memory, store) = (told(3, Manner::default()), told(3, Manner { on_disk: true, ..Manner::default() }));
    assert_eq!(store.breaches, []);
    assert_eq!(memory.stops, store.stops);
}

#[test]
fn no_story_breaks_a_rule_and_stops_happen() {
    let told: Vec<Told> = [2, 3, 13].into_iter().map(|seed| told(seed, Manner::default())).collect();
    told.iter().for_each(|told| assert_eq!(told.breaches, []));
    let stops: u64 = told.iter().map(|told| told.stops).sum();
    assert!(stops > 5, "only {stops} stops: little was tried");
}
