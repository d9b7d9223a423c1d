//! Time zones by the names that Windows, and so Azure's schedules, have for them.

/// The table, a zone a line; its source and licence stand in its head.
const TABLE: &str = include_str!("windows_zones.csv");

fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(','))
}

/// The Windows name of a zone, by its IANA name or its Windows name, in any case; none where nobody has one for it.
#[must_use]
pub fn windows_zone(name: &str) -> Option<&'static str> {
    if name.eq_ignore_ascii_case("UTC") {
        return Some("UTC");
    }
    let by_iana = rows().find(|(iana, _)| iana.eq_ignore_ascii_case(name));
    by_iana.or_else(|| rows().find(|(_, windows)| windows.eq_ignore_ascii_case(name))).map(|(_, windows)| windows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_found_by_either_name() {
        for (name, windows) in [
            ("Europe/Madrid", "Romance Standard Time"),
            ("europe/berlin", "W. Europe Standard Time"),
            ("America/Los_Angeles", "Pacific Standard Time"),
            ("Asia/Kolkata", "India Standard Time"),
            ("Asia/Calcutta", "India Standard Time"),
            ("romance standard time", "Romance Standard Time"),
            ("UTC", "UTC"),
            ("Etc/UTC", "UTC"),
        ] {
            assert_eq!(windows_zone(name), Some(windows), "{name}");
        }
        for nobody in ["", "Mars/Base", "Time", "Europe"] {
            assert_eq!(windows_zone(nobody), None, "{nobody}");
        }
        assert!(rows().count() > 500 && rows().all(|(iana, windows)| !iana.is_empty() && !windows.is_empty()));
    }
}
