//! Which disks are mounted where: `/proc/self/mountinfo`.

/// Filesystems on disks of the machine's own.
const ON_DISK: [&str; 6] = ["ext4", "ext3", "ext2", "xfs", "btrfs", "f2fs"];

/// One filesystem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Where it is mounted; of several places the shortest.
    pub point: String,
    device: String,
}

/// Filesystems on disks that can fill, each once.
#[must_use]
pub fn mounts(text: &str) -> Vec<Mount> {
    let mut found: Vec<Mount> = Vec::new();
    for mount in text.lines().filter_map(mount) {
        match found.iter_mut().find(|known| known.device == mount.device) {
            Some(known) if mount.point.len() < known.point.len() => known.point = mount.point,
            Some(_) => {}
            None => found.push(mount),
        }
    }
    found
}

/// `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw`.
fn mount(line: &str) -> Option<Mount> {
    let (left, right) = line.split_once(" - ")?;
    let kind = right.split(' ').next()?;
    let mut left = left.split(' ').skip(2);
    let (device, point) = (left.next()?, left.nth(1)?);
    ON_DISK.contains(&kind).then(|| Mount { point: unescaped(point), device: device.to_owned() })
}

/// Spaces and the like are written as three octal digits.
fn unescaped(text: &str) -> String {
    ["\\040", "\\011", "\\012", "\\134"]
        .iter()
        .zip([" ", "\t", "\n", "\\"])
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filesystem_is_named_once_by_its_shortest_place() {
        let text = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n23 22 0:5 / /dev rw - devtmpfs udev rw\n\
                    24 22 8:1 /var/lib /run/bind rw - ext4 /dev/sda1 rw\n25 22 8:17 / /mnt/my\\040disk rw - xfs /dev/sdb1 \
                    rw\n26 22 8:17 / /mnt rw - xfs /dev/sdb1 rw\n27 22 0:44 / /home/share rw - cifs //x/y rw\nbroken\n";
        let points: Vec<String> = mounts(text).into_iter().map(|mount| mount.point).collect();
        assert_eq!(points, ["/", "/mnt"]);
        assert_eq!(unescaped("/mnt/my\\040disk"), "/mnt/my disk");
    }
}
