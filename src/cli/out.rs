//! Where text goes: standard output with colours where they are wanted, and how wide it may be.

use std::io::{self, IsTerminal as _, Write as _};

use super::args::Color;
use super::render::Paint;

/// Columns where nobody says: files and pipes.
const WIDTH: u16 = 120;

/// Standard output as one command uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Out {
    choice: anstream::ColorChoice,
    width: u16,
}

impl Out {
    /// By the flag, and by what standard output is.
    #[must_use]
    pub fn new(color: Color) -> Self {
        let width =
            terminal_size::terminal_size_of(io::stdout()).map_or(WIDTH, |(terminal_size::Width(columns), _)| columns);
        Self { choice: color.into(), width }
    }

    /// Whether text for it may carry colours.
    #[must_use]
    pub fn paint(self) -> Paint {
        match anstream::AutoStream::new(io::stdout(), self.choice).current_choice() {
            anstream::ColorChoice::Never => Paint::Plain,
            anstream::ColorChoice::Auto | anstream::ColorChoice::AlwaysAnsi | anstream::ColorChoice::Always => {
                Paint::Colour
            }
        }
    }

    /// Columns for tables.
    #[must_use]
    pub const fn width(self) -> u16 {
        self.width
    }

    /// True when a person watches: then what takes long shows progress, on standard error.
    #[must_use]
    pub fn is_watched(self) -> bool {
        io::stdout().is_terminal() && io::stderr().is_terminal()
    }

    /// Writes text. A reader that went away (`| head`) is no error.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn text(self, text: &str) -> io::Result<()> {
        let mut stream = anstream::AutoStream::new(io::stdout().lock(), self.choice);
        heard(stream.write_all(text.as_bytes()).and_then(|()| stream.flush()))
    }

    /// Writes one JSON value and a line end; control characters are escapes in JSON.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn json(self, value: &impl serde::Serialize) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(value)?;
        text.push(b'\n');
        let mut stream = io::stdout().lock();
        heard(stream.write_all(&text).and_then(|()| stream.flush()))
    }
}

fn heard(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_as_asked_whatever_the_output_is() {
        assert_eq!(Out::new(Color::Never).paint(), Paint::Plain);
        assert_eq!(Out::new(Color::Always).paint(), Paint::Colour);
    }

    #[test]
    fn a_reader_that_left_is_no_error() {
        assert!(heard(Err(io::ErrorKind::BrokenPipe.into())).is_ok());
        assert!(heard(Err(io::ErrorKind::StorageFull.into())).is_err());
    }
}
