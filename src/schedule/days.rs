//! The set of weekdays a window starts on.

use std::fmt;

use jiff::civil::Weekday;

/// The week, Monday first, with the short and the full English name of each day.
const WEEK: [(Weekday, &str, &str); 7] = [
    (Weekday::Monday, "Mon", "monday"),
    (Weekday::Tuesday, "Tue", "tuesday"),
    (Weekday::Wednesday, "Wed", "wednesday"),
    (Weekday::Thursday, "Thu", "thursday"),
    (Weekday::Friday, "Fri", "friday"),
    (Weekday::Saturday, "Sat", "saturday"),
    (Weekday::Sunday, "Sun", "sunday"),
];

/// A set of weekdays, kept as seven bits with Monday lowest.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct WeekdaySet(u8);

impl WeekdaySet {
    /// Every day of the week.
    pub const ALL: WeekdaySet = WeekdaySet(0b111_1111);

    /// Adds one day.
    pub fn insert(&mut self, day: Weekday) {
        self.0 |= bit(day);
    }

    /// Adds the days from `first` to `last`, both included, passing Sunday where `last` comes earlier in the week.
    pub fn insert_range(&mut self, first: Weekday, last: Weekday) {
        let mut day = first;
        self.insert(day);
        while day != last {
            day = day.next();
            self.insert(day);
        }
    }

    /// Whether the day is in the set.
    pub fn contains(self, day: Weekday) -> bool {
        self.0 & bit(day) != 0
    }

    /// Whether no day is in the set.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The days of the set, Monday first.
    pub fn iter(self) -> impl Iterator<Item = Weekday> {
        WEEK.iter().map(|(day, _, _)| *day).filter(move |day| self.contains(*day))
    }

    /// The stretches of days that follow each other, as (first, last), Monday first and without passing Sunday.
    fn runs(self) -> Vec<(Weekday, Weekday)> {
        let mut runs: Vec<(Weekday, Weekday)> = Vec::new();
        for day in self.iter() {
            match runs.last_mut() {
                Some((_, last)) if last.next() == day && day != Weekday::Monday => *last = day,
                Some(_) | None => runs.push((day, day)),
            }
        }
        runs
    }
}

/// The bit of one day.
fn bit(day: Weekday) -> u8 {
    1 << day.to_monday_zero_offset()
}

/// The day of an English name, three letters or in full, in any case.
pub(super) fn day_named(text: &str) -> Option<Weekday> {
    let lower = text.to_ascii_lowercase();
    WEEK.iter().find(|(_, short, full)| lower == *full || lower == short.to_ascii_lowercase()).map(|(day, _, _)| *day)
}

/// The three-letter English name of a day.
pub(super) fn short_name(day: Weekday) -> &'static str {
    WEEK.iter().find(|(known, _, _)| *known == day).map_or("?", |(_, short, _)| short)
}

impl fmt::Display for WeekdaySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == WeekdaySet::ALL {
            return f.write_str("daily");
        }
        for (index, (first, last)) in self.runs().into_iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            match (first == last, first.next() == last) {
                (true, _) => f.write_str(short_name(first))?,
                (false, true) => write!(f, "{},{}", short_name(first), short_name(last))?,
                (false, false) => write!(f, "{}-{}", short_name(first), short_name(last))?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for WeekdaySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WeekdaySet({self})")
    }
}
