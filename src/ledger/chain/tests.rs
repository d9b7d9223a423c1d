//! The chain shows every change.

use std::sync::Arc;

use super::super::meter::{Basis, Bound, Interval};
use super::*;

fn digests() -> Digests {
    Digests {
        subjects: [(SubjectId(1), digest("one")), (SubjectId(2), digest("two"))].into(),
        terms: [(TermsId(1), digest("terms"))].into(),
        prices: [(PriceId(1), digest("price"))].into(),
    }
}

fn usage(seq: i64, subject: i64, from: i64, to: i64) -> Entry {
    Entry {
        seq,
        kind: EntryKind::Usage,
        subject: SubjectId(subject),
        terms: TermsId(1),
        price: Some(PriceId(1)),
        interval: Interval {
            from: Bound::sharp(from),
            to: Bound::sharp(to),
            state: MeterState::Running,
            basis: Basis::Observed,
        },
        seen: (Some(1), None),
        corrects: None,
        detail: None,
    }
}

fn audit(rows: &[Entry], spoil: impl FnOnce(&mut Vec<(Entry, Hash)>)) -> Result<Head, Broken> {
    let digests = digests();
    let mut before = BEGINNING;
    let mut sealed: Vec<(Entry, Hash)> = rows
        .iter()
        .map(|row| {
            before = seal(&before, row, &digests).unwrap();
            (row.clone(), before)
        })
        .collect();
    spoil(&mut sealed);
    let lives = [(SubjectId(1), 1), (SubjectId(2), 2)].into();
    let corrected = rows.iter().filter_map(|row| row.corrects).collect();
    let mut auditor = Auditor::new(&digests, &lives, &corrected);
    sealed.iter().try_for_each(|(row, hash)| auditor.follow(row, hash))?;
    Ok(auditor.head())
}

fn rows() -> Vec<Entry> {
    let correction = Entry { corrects: Some(1), price: None, ..usage(4, 1, 0, 100) };
    vec![usage(1, 1, 0, 100), usage(2, 2, 50, 60), usage(3, 1, 100, 150), correction]
}

#[test]
fn whole_rows_stand() {
    let head = audit(&rows(), |_| {}).unwrap();
    assert_eq!(head.seq, 4);
    assert_eq!(head.hex().len(), 64);
}

#[test]
fn every_field_is_covered() {
    let spoils: [fn(&mut Entry); 15] = [
        |row| row.kind = EntryKind::Avoided,
        |row| row.subject = SubjectId(2),
        |row| row.price = None,
        |row| row.interval.from.at -= 1,
        |row| row.interval.from.low -= 1,
        |row| row.interval.from.high += 1,
        |row| row.interval.to.at += 1,
        |row| row.interval.to.low -= 1,
        |row| row.interval.to.high += 1,
        |row| row.interval.state = MeterState::Stopped,
        |row| row.interval.basis = Basis::Assumed,
        |row| row.seen.0 = None,
        |row| row.seen.1 = Some(9),
        |row| row.corrects = Some(1),
        |row| row.detail = Some(Arc::from("")),
    ];
    for (number, spoil) in spoils.into_iter().enumerate() {
        let found = audit(&rows(), |sealed| spoil(&mut sealed[2].0));
        assert_eq!(found, Err(Broken::Changed(3)), "spoil {number}");
    }
}

#[test]
fn a_row_cut_out_or_swapped_shows() {
    assert_eq!(audit(&rows(), |sealed| drop(sealed.remove(1))), Err(Broken::Missing(2)));
    assert_eq!(audit(&rows(), |sealed| sealed.swap(0, 1)), Err(Broken::Missing(1)));
    let resealed = audit(&rows(), |sealed| {
        sealed.remove(1);
        for (number, (row, _)) in sealed.iter_mut().enumerate() {
            row.seq = i64::try_from(number).unwrap() + 1;
        }
    });
    assert_eq!(resealed, Err(Broken::Changed(2)));
}

#[test]
fn time_is_neither_lost_nor_doubled() {
    let hole = [usage(1, 1, 0, 100), usage(2, 1, 101, 150)];
    assert_eq!(audit(&hole, |_| {}), Err(Broken::Seam { seq: 2, from: 101, ended: 100 }));
    let twice = [usage(1, 1, 0, 100), usage(2, 1, 99, 150)];
    assert_eq!(audit(&twice, |_| {}), Err(Broken::Seam { seq: 2, from: 99, ended: 100 }));
    let empty = [usage(1, 1, 5, 5)];
    assert_eq!(audit(&empty, |_| {}), Err(Broken::Seam { seq: 1, from: 5, ended: 5 }));
}

#[test]
fn a_correction_fits_what_it_corrects() {
    let wrong = |seq, subject, from, corrects, words: &str| {
        let mut all = rows();
        all.push(Entry { corrects: Some(corrects), ..usage(seq, subject, from, 100) });
        let found = audit(&all, |_| {}).unwrap_err().to_string();
        assert!(found.contains(words), "{found}");
    };
    wrong(5, 1, 0, 9, "is not there");
    wrong(5, 1, 0, 4, "is a correction itself");
    wrong(5, 2, 0, 1, "is of another instance");
    wrong(5, 1, 1, 1, "covers another time");
}

#[test]
fn what_is_referred_to_has_to_be_there() {
    let lost = [Entry { price: Some(PriceId(7)), ..usage(1, 1, 0, 1) }];
    let digests = digests();
    let found = seal(&BEGINNING, &lost[0], &digests);
    assert_eq!(found, Err(Broken::Dangling { seq: 1, what: "price 7".to_owned() }));
}
