//! How much room disks have.

use super::files::Root;
use crate::agent::facts::Room;
use crate::agent::parse::mounts;

/// The list of mounts is read so far.
const MOST: u64 = 1_024 * 1_024;

/// Every disk that can fill.
pub(super) fn disks(root: &Root) -> Vec<Room> {
    let text = root.text("/proc/self/mountinfo", MOST).unwrap_or_default();
    let room = |point: String| {
        let found = rustix::fs::statvfs(root.path(&point)).ok()?;
        let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
        Some(Room { free: bytes(found.f_bavail), size: bytes(found.f_blocks), mount: point })
    };
    mounts(&text).into_iter().filter_map(|mount| room(mount.point)).filter(|room| room.size > 0).collect()
}
