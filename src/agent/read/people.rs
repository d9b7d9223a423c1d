//! Terminals, who is at them, and users' names and homes.

use std::os::unix::fs::MetadataExt as _;

use jiff::Timestamp;

use super::files::Root;
use crate::agent::facts::Tty;
use crate::agent::parse::{Login, logins, people};

/// The device numbers of pseudo-terminals begin here.
const PTS: u32 = 136 << 8;
/// These files are read so far.
const MOST: u64 = 1_024 * 1_024;

/// Who is logged in. A machine without `utmp` has nobody's names, and its terminals all the same.
pub(super) fn logged_in(root: &Root) -> Vec<Login> {
    root.bytes("/run/utmp", MOST)
        .or_else(|_| root.bytes("/var/run/utmp", MOST))
        .map_or_else(|_| Vec::new(), |bytes| logins(&bytes))
}

/// Open terminals: pseudo-terminals, and others at which somebody is.
pub(super) fn terminals(root: &Root, logins: &[Login]) -> Result<Vec<Tty>, String> {
    let names = root.names("/dev/pts").map_err(|error| format!("could not read /dev/pts: {error}"))?;
    let pseudo =
        names.iter().filter_map(|name| name.parse::<u32>().ok()).map(|number| (format!("pts/{number}"), number));
    let mut found: Vec<Tty> = pseudo.filter_map(|(line, number)| tty(root, line, device(number))).collect();
    let plain = |line: &str| !line.starts_with("pts/") && !line.contains("..");
    found.extend(logins.iter().filter(|login| plain(&login.line)).filter_map(|login| tty(root, login.line.clone(), 0)));
    Ok(found)
}

/// As `/proc` writes a device's number.
fn device(number: u32) -> u32 {
    PTS | (number & 0xff) | ((number & !0xff) << 12)
}

fn tty(root: &Root, line: String, device: u32) -> Option<Tty> {
    // A terminal that closes while it is read is gone.
    let found = std::fs::metadata(root.path(&format!("/dev/{line}"))).ok()?;
    let last_input = Timestamp::from_second(found.atime()).ok()?;
    Some(Tty { line, device, uid: found.uid(), last_input })
}

/// User numbers, names and homes.
pub(super) fn users(root: &Root) -> Vec<(u32, String, String)> {
    root.text("/etc/passwd", MOST).map_or_else(|_| Vec::new(), |text| people(&text))
}
