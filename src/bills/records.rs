//! Records of a CSV file, one after another, with the line that each begins in. Files are large; only a record is held.

use std::borrow::Cow;
use std::io::{self, Chain, Read};

use csv::{ByteRecord, Reader, ReaderBuilder, Terminator};

use super::guard::Guard;

/// One record.
#[derive(Debug)]
pub(super) struct Record<'a> {
    /// The line that it begins in, from 1.
    pub(super) line: u64,
    fields: &'a ByteRecord,
}

/// Reads records. A line feed is put behind the file, so that every record ends with one and lines can be counted back.
pub(super) struct Records<R> {
    from: Reader<Chain<Guard<R>, &'static [u8]>>,
    record: ByteRecord,
}

impl<R: Read> Records<R> {
    pub(super) fn new(from: Guard<R>) -> Self {
        // a carriage return before the line feed is trimmed off the last field
        let mut builder = ReaderBuilder::new();
        builder.has_headers(false).flexible(true).terminator(Terminator::Any(b'\n'));
        Self { from: builder.from_reader(from.chain(&b"\n"[..])), record: ByteRecord::new() }
    }

    /// The next record; none at the end. Empty lines are skipped.
    pub(super) fn next(&mut self) -> io::Result<Option<Record<'_>>> {
        loop {
            let begins = self.from.position().line();
            let read = self.from.read_byte_record(&mut self.record).map_err(io::Error::from);
            if !read.map_err(|error| io::Error::new(error.kind(), format!("line {begins}: {error}")))? {
                return Ok(None);
            }
            self.from.get_mut().get_mut().0.record_ended();
            if !self.record.as_slice().trim_ascii().is_empty() || self.record.len() > 1 {
                break;
            }
        }
        let within = self.record.as_slice().iter().filter(|byte| **byte == b'\n').count();
        let within = u64::try_from(within).unwrap_or(u64::MAX);
        let line = self.from.position().line().saturating_sub(1).saturating_sub(within);
        Ok(Some(Record { line, fields: &self.record }))
    }
}

impl Record<'_> {
    /// The field at a place, without blanks around it; nothing where there is none. What is no UTF-8 is replaced.
    pub(super) fn field(&self, place: usize) -> Cow<'_, str> {
        text(self.fields.get(place).unwrap_or_default())
    }

    /// Every field.
    pub(super) fn all(&self) -> Vec<String> {
        self.fields.iter().map(|field| text(field).into_owned()).collect()
    }
}

fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes.trim_ascii())
}
