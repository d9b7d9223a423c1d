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
