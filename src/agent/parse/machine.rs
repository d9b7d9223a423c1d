//! The whole machine: `/proc/stat` and `/proc/diskstats`.

/// A sector of `/proc/diskstats`, whatever the disk's own are.
const SECTOR: u64 = 512;
/// Devices that hold no data of their own: what is written to them is counted at the disk below, or nowhere.
const VIRTUAL: [&str; 8] = ["loop", "ram", "dm-", "md", "zram", "sr", "fd", "nbd"];

/// Processor time that was used since the boot, in hundredths of a second over all cores, out of `/proc/stat`. Waiting
/// for disks is not use, nor is what the hypervisor took away.
#[must_use]
pub fn machine_ticks(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let fields: Vec<u64> = line.split_ascii_whitespace().map_while(|field| field.parse().ok()).collect();
    // user, nice, system, (idle, iowait,) irq, softirq; guests are in user already.
    let used = [0, 1, 2, 5, 6].iter().map(|at| fields.get(*at).copied());
    used.sum::<Option<u64>>()
}

/// Bytes that disks read and wrote since the boot, out of `/proc/diskstats`: whole disks, not their parts. None where a
/// line is not of its kind, or no disk is named: every machine has one, so that is not rest.
#[must_use]
pub fn disk_bytes(text: &str) -> Option<u64> {
    let mut sum: Option<u64> = None;
    for line in text.lines() {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let name = fields.get(2)?;
        let sectors = |at: usize| fields.get(at)?.parse::<u64>().ok();
        if is_whole_disk(name) {
            let moved = sectors(5)?.saturating_add(sectors(9)?);
            sum = Some(sum.unwrap_or(0).saturating_add(moved));
        }
    }
    sum.map(|sectors| sectors.saturating_mul(SECTOR))
}

/// True for `sda`, `vda`, `xvda`, `nvme0n1`; false for their parts and for virtual devices.
fn is_whole_disk(name: &str) -> bool {
    if VIRTUAL.iter().any(|prefix| name.starts_with(prefix)) {
        return false;
    }
    let ends_in_digit = name.ends_with(|last: char| last.is_ascii_digit());
    if name.starts_with("nvme") || name.starts_with("mmcblk") { !name.contains('p') } else { !ends_in_digit }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn use_is_what_was_worked_and_not_what_was_waited() {
        let text = "cpu  100 20 30 100000 5000 7 3 9 50 0\ncpu0 1 1 1 1\nintr 5\n";
        assert_eq!(machine_ticks(text), Some(160));
        for broken in ["", "cpu 1 2", "cpu a b c d e f g"] {
            assert_eq!(machine_ticks(broken), None, "{broken}");
        }
    }

    #[test]
    fn disks_are_counted_once() {
        let text = "   8       0 sda 10 0 100 5 20 0 200 9 0 8 14\n   8       1 sda1 10 0 100 5 20 0 200 9 0 8 14\n \
                    259 0 nvme0n1 1 0 1000 0 1 0 0 0 0 0 0\n 259 1 nvme0n1p1 1 0 1000 0 1 0 0 0 0 0 0\n   7 0 loop0 1 0 \
                    77 0 0 0 0 0 0 0 0\n 253 0 dm-0 1 0 88 0 0 0 0 0 0 0 0\n 252 0 vda 1 0 1 0 0 0 1 0 0 0 0 0\n";
        assert_eq!(disk_bytes(text), Some((300 + 1_000 + 2) * 512));
    }

    #[test]
    fn what_says_nothing_of_disks_does_not_say_that_they_rest() {
        let sda = "   8       0 sda 10 0 100 5 20 0 200 9 0 8 14\n";
        let cut = |line: &str| format!("{sda}{line}\n");
        for text in ["", "\n", "nonsense", "7 0 loop0 1 0 77 0 0 0 0 0 0 0 0", "8 1 sda1 10 0 100 5 20 0 200 9 0 8 14"]
        {
            assert_eq!(disk_bytes(text), None, "{text}");
        }
        for line in ["nonsense", "8 16 sdb", "8 16 sdb 10 0 100 5 20 0", "8 16 sdb 10 0 lots 5 20 0 200 9 0 8 14"] {
            assert_eq!(disk_bytes(&cut(line)), None, "{line}");
        }
        assert_eq!(disk_bytes(sda), Some(300 * 512));
    }
}
