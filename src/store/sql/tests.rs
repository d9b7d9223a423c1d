//! Tests of how statements are spelt.

use super::query::numbered;
use super::{Builder, Dialect};

#[test]
fn placeholders_are_numbered_for_postgres() {
    assert_eq!(numbered("a = ? AND b = ? LIMIT ?"), "a = $1 AND b = $2 LIMIT $3");
    assert_eq!(numbered("a = ?1 AND b IN (?2, ?1)"), "a = $1 AND b IN ($2, $1)");
    assert_eq!(numbered("SELECT 1"), "SELECT 1");
}

#[test]
fn rows_and_lists_are_spelt_out() {
    let mut builder = Builder::new("INSERT INTO t (a, b, c) ");
    builder.push_values([("x", 1_i64), ("y", 2)], |mut row, (text, number)| {
        row.push_bind(text).push("1").push_bind(number);
    });
    builder.push(" WHERE d IN (");
    let mut list = builder.separated(", ");
    list.push_bind(true);
    list.push_bind(None::<&str>);
    builder.push(")");
    let spelt = format!("{:?}", builder.build());
    assert!(spelt.contains("VALUES (?, 1, ?), (?, 1, ?) WHERE d IN (?, ?)"), "{spelt}");
    assert!(spelt.contains("Number(Some(1)), Text(None)]"), "{spelt}");
}

#[test]
fn texts_of_a_group_are_joined() {
    assert_eq!(Dialect::Sqlite.joined("name", '\n'), "group_concat(name, '\n')");
    assert_eq!(Dialect::Postgres.joined("name", '\u{1e}'), "string_agg(name, '\u{1e}')");
}
