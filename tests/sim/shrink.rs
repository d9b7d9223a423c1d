//! The shortest story that still goes wrong in the same way: events are left out, first many at once, then one by one.

use jiff::Timestamp;

use crate::check::Breach;
use crate::story::{Event, Story};

/// So many tries are enough for anyone.
const TRIES: usize = 4000;

/// A story that goes wrong, made shorter.
pub(crate) struct Shrunk {
    pub(crate) story: Story,
    pub(crate) breach: Breach,
    pub(crate) tries: usize,
}

/// What is wrong with a story, when it is told.
pub(crate) type Judge<'a> = &'a dyn Fn(&Story) -> Vec<Breach>;

struct Search<'a> {
    rule: &'static str,
    judge: Judge<'a>,
    tries: usize,
    best: Story,
    breach: Breach,
}

impl Search<'_> {
    /// Whether it still goes wrong; then it is the best so far, and ends where it does.
    fn take(&mut self, story: Story) -> bool {
        if self.tries >= TRIES {
            return false;
        }
        self.tries += 1;
        let Some(breach) = (self.judge)(&story).into_iter().find(|breach| breach.rule == self.rule) else {
            return false;
        };
        self.best = story;
        self.breach = breach;
        self.cut();
        true
    }

    /// Nothing after the breach is needed.
    fn cut(&mut self) {
        let end = self.breach.at.div_euclid(1000) + 1;
        if self.breach.at > 0 {
            self.best.events.retain(|(at, _)| *at <= end);
            self.best.ends = self.best.ends.min(end + 1);
        }
    }

    fn with(&self, events: Vec<(i64, Event)>) -> Story {
        Story { events, ..self.best.clone() }
    }

    /// Others than those that the breach names are mostly not needed.
    fn alone(&mut self) {
        let name = self.breach.of.rsplit('/').next().unwrap_or_default().to_owned();
        let keep = |event: &Event| event.who().is_none_or(|who| crate::story::name(who) == name);
        let events = self.best.events.iter().filter(|(_, event)| keep(event)).cloned().collect();
        let story = self.with(events);
        self.take(story);
    }

    /// What happened long before is mostly not needed: a later beginning, with machines made then.
    fn later(&mut self) {
        for hours in [6, 12, 24, 48, 96, 240] {
            let begins = self.breach.at.div_euclid(1000) - hours * 3600;
            if self.breach.at <= 0 || begins <= self.best.begins {
                continue;
            }
            let made = |event: &Event| matches!(event, Event::Create(..));
            let mut events = Vec::new();
            for (at, event) in &self.best.events {
                if *at >= begins || made(event) {
                    events.push(((*at).max(begins), event.clone()));
                }
            }
            let story = Story { begins, ..self.with(events) };
            if self.take(story) {
                return;
            }
        }
    }

    /// Leaves out one part after the other, ever smaller ones.
    fn fewer(&mut self) {
        let mut size = self.best.events.len().div_ceil(2).max(1);
        loop {
            let mut from = 0;
            let mut left_out = false;
            while from < self.best.events.len() {
                let part = from..(from + size).min(self.best.events.len());
                let rest = self.best.events.iter().enumerate().filter(|(at, _)| !part.contains(at));
                let story = self.with(rest.map(|(_, event)| event.clone()).collect());
                if self.take(story) {
                    left_out = true;
                } else {
                    from += size;
                }
            }
            if size == 1 && !left_out || self.tries >= TRIES {
                return;
            }
            size = if left_out { size } else { size.div_ceil(2) }.max(1);
            if size == 1 && !left_out {
                continue;
            }
        }
    }
}

/// Shrinks a story that ends in a breach of that rule.
pub(crate) fn shrink(story: &Story, breach: &Breach, judge: Judge<'_>) -> Shrunk {
    let (best, breach) = (story.clone(), breach.clone());
    let mut search = Search { rule: breach.rule, judge, tries: 0, best, breach };
    search.cut();
    search.alone();
    search.later();
    search.fewer();
    Shrunk { story: search.best, breach: search.breach, tries: search.tries }
}

/// A story in the language of the scenes.
pub(crate) fn script(story: &Story, breach: &Breach) -> String {
    let mut text = String::new();
    let mut line = |words: &str| {
        text.push_str(words);
        text.push('\n');
    };
    line(&format!("# {breach}"));
    line(&format!("# seed {}, a workspace is read every {} s", story.seed, story.interval));
    line("zone UTC");
    for (which, written) in story.written.iter().enumerate() {
        let which = u8::try_from(which).unwrap_or(0);
        line(&format!("policy p{which}"));
        written.toml(which).lines().filter(|one| !one.starts_with("name")).for_each(|one| line(&format!("  {one}")));
        line("end");
    }
    let mut now = story.begins;
    line(&format!("at {}", stamp(now)));
    for (at, event) in &story.events {
        if *at > now {
            line(&format!("run until {}", stamp(*at)));
            now = *at;
        }
        event.words().lines().for_each(&mut line);
    }
    line(&format!("run until {}", stamp(story.ends)));
    text
}

fn stamp(at: i64) -> String {
    Timestamp::from_second(at).map_or_else(|_| at.to_string(), |at| at.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::make::{Kind, story};

    #[test]
    fn a_story_of_hundreds_of_events_comes_down_to_the_two_that_matter() {
        let whole = story(5, Kind::Weeks);
        let (tag, start) = (Event::Tag(1, true), Event::Lift(0));
        let mut events = whole.events.clone();
        events.insert(events.len() / 3, (whole.begins + 90_000, tag.clone()));
        events.insert(events.len() / 2, (whole.begins + 180_000, start.clone()));
        events.sort_by_key(|(at, _)| *at);
        let whole = Story { events, ..whole };
        let at = (whole.begins + 180_000) * 1000;
        let judge = |story: &Story| {
            let place = |event: &Event| story.events.iter().position(|(_, one)| one == event);
            let breach = Breach { at, rule: "I3", of: "ws-1/ci-1".to_owned(), what: String::new() };
            if place(&tag).zip(place(&start)).is_some_and(|(tag, start)| tag < start) {
                vec![breach]
            } else {
                Vec::new()
            }
        };
        let breach = judge(&whole).remove(0);
        let shrunk = shrink(&whole, &breach, &judge);
        let left: Vec<&Event> = shrunk.story.events.iter().map(|(_, event)| event).collect();
        assert_eq!(left, [&tag, &start], "after {} tries", shrunk.tries);
        let told = script(&shrunk.story, &shrunk.breach);
        assert!(told.contains("tag ci-1 lightsout-keep=true") && told.contains("lift ci-0"), "{told}");
    }
}
