//! The export format: JSON lines, the first of which says what it is. `README.md` describes it to those who write it.
//!
//! A reader that does not know a line's kind says so: what is not understood may have mattered.

use std::sync::Arc;

use super::line::{Head, Line};
use super::record::{Life, Past};
use crate::facts::MadeHold;

/// What the first line calls the format.
pub const FORMAT: &str = "lightsout-history";
/// The version that is written, and the newest that is read.
pub const VERSION: u32 = 1;

/// Why an export cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// A line is no line of the format.
    #[error("{file}:{line}: is no line of a {FORMAT} file, version {VERSION}: {why}; export the history again")]
    Line {
        /// The file.
        file: Arc<str>,
        /// From 1.
        line: usize,
        /// Why not.
        why: String,
    },
    /// It does not begin with a head.
    #[error(
        "{file}:1: does not say what it is; the first line of a {FORMAT} file is its head, as `lightsout replay --export` writes it"
    )]
    NoHead {
        /// The file.
        file: Arc<str>,
    },
    /// A newer program wrote it.
    #[error(
        "{file}:1: is of version {found} of the format, and this lightsout reads up to {VERSION}; use the one that wrote it"
    )]
    Newer {
        /// The file.
        file: Arc<str>,
        /// Its version.
        found: u32,
    },
}

/// Writes a record, line by line.
///
/// # Errors
/// When a value cannot be written as JSON.
pub fn write(past: &Past) -> serde_json::Result<String> {
    let mut text = String::new();
    let mut put = |line: &Line| -> serde_json::Result<()> {
        text.push_str(&serde_json::to_string(line)?);
        text.push('\n');
        Ok(())
    };
    put(&Line::Head(Head { format: FORMAT.to_owned(), version: VERSION, from: past.from, to: past.to }))?;
    for (of, life) in (0_u32..).zip(&past.lives) {
        put(&Line::Instance(of, life.id.clone(), life.created))?;
        life.facts.iter().try_for_each(|facts| put(&Line::Facts(of, facts.clone())))?;
        life.states.iter().try_for_each(|change| put(&Line::State(of, change.clone())))?;
        life.heard.iter().try_for_each(|heard| put(&Line::Heard(of, heard.clone())))?;
        life.decided.iter().try_for_each(|decided| put(&Line::Decided(of, decided.clone())))?;
        life.told.iter().try_for_each(|told| put(&Line::Told(of, told.clone())))?;
        life.stops.iter().try_for_each(|stop| put(&Line::Stop(of, stop.clone())))?;
        life.starts.iter().try_for_each(|start| put(&Line::Start(of, start.clone())))?;
        let hold = |made: &MadeHold| Line::Hold(of, Box::new(made.hold.clone()), made.ends_at);
        life.holds.iter().try_for_each(|made| put(&hold(made)))?;
        life.metered.iter().try_for_each(|metered| put(&Line::Metered(of, *metered)))?;
        life.credits.iter().try_for_each(|credit| put(&Line::Credit(of, credit.clone())))?;
    }
    Ok(text)
}

/// Reads one file.
///
/// # Errors
/// With the first line that is none of the format.
pub fn read(file: &str, text: &str) -> Result<Past, FormatError> {
    let file: Arc<str> = file.into();
    let wrong = |line: usize, why: String| FormatError::Line { file: file.clone(), line, why };
    let mut lines = (1_usize..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let no_head = || FormatError::NoHead { file: file.clone() };
    let (_, first) = lines.next().ok_or_else(no_head)?;
    let Ok(Line::Head(head)) = serde_json::from_str(first) else { return Err(no_head()) };
    if head.format != FORMAT {
        return Err(no_head());
    }
    if head.version > VERSION {
        return Err(FormatError::Newer { file: file.clone(), found: head.version });
    }
    let mut lives: Vec<Life> = Vec::new();
    for (number, text) in lines {
        let line: Line = serde_json::from_str(text).map_err(|error| wrong(number, error.to_string()))?;
        take(&mut lives, line).map_err(|why| wrong(number, why))?;
    }
    Ok(Past::new(head.from, head.to, lives))
}

fn take(lives: &mut Vec<Life>, line: Line) -> Result<(), String> {
    match line {
        Line::Head(_) => return Err("a file has one head".to_owned()),
        Line::Instance(of, id, created) => {
            if usize::try_from(of).ok() != Some(lives.len()) {
                return Err(format!("instances are numbered from 0 on, and {} comes next", lives.len()));
            }
            lives.push(Life::new(id, created));
        }
        Line::Facts(of, facts) => life(lives, of)?.facts.push(facts),
        Line::State(of, change) => life(lives, of)?.states.push(change),
        Line::Heard(of, heard) => life(lives, of)?.heard.push(heard),
        Line::Decided(of, decided) => life(lives, of)?.decided.push(decided),
        Line::Told(of, told) => life(lives, of)?.told.push(told),
        Line::Stop(of, stop) => life(lives, of)?.stops.push(stop),
        Line::Start(of, start) => life(lives, of)?.starts.push(start),
        Line::Hold(of, hold, ends_at) => life(lives, of)?.holds.push(MadeHold { hold: *hold, ends_at }),
        Line::Metered(of, metered) => life(lives, of)?.metered.push(metered),
        Line::Credit(of, credit) => life(lives, of)?.credits.push(credit),
    }
    Ok(())
}

fn life(lives: &mut [Life], of: u32) -> Result<&mut Life, String> {
    let place = usize::try_from(of).ok();
    let life = place.and_then(|place| lives.get_mut(place));
    life.ok_or_else(|| format!("it is about instance {of}, of which no line before it tells"))
}
