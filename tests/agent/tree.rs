//! A whole machine out of files: what a look finds in a `/proc` that a test wrote.

use std::fs::{File, FileTimes};
use std::path::Path;
use std::time::{Duration, SystemTime};

use lightsout::agent::judge::{Judged, judge};
use lightsout::agent::read::{Eyes, Root};
use lightsout::agent::record::Moment;
use lightsout::heartbeat::{Kind, Signal};

use crate::mirror::rules;

/// 2026-03-02 10:00 UTC.
const NOW: i64 = 1_772_445_600;

fn put(root: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    let path = root.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn process(root: &Path, (pid, parent): (u32, u32), (name, uid): (&str, u32), ticks: u64) {
    let stat = format!("{pid} ({name}) S {parent} {pid} {pid} 0 -1 0 0 0 0 0 {ticks} 0 0 0 20 0 1 0 {pid} 0 0");
    put(root, &format!("proc/{pid}/stat"), stat);
    put(root, &format!("proc/{pid}/status"), format!("Name:\t{name}\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\n"));
    put(root, &format!("proc/{pid}/cgroup"), "0::/\n");
    put(root, &format!("proc/{pid}/cmdline"), format!("{name}\0"));
}

fn machine(root: &Path, ticks: u64, sectors: u64) {
    put(root, "proc/stat", format!("cpu  {ticks} 0 0 999 0 0 0 0 0 0\n"));
    put(root, "proc/diskstats", format!("   8 0 sda 1 0 {sectors} 0 1 0 0 0 0 0 0\n"));
}

fn looked(root: &Path, change: impl FnOnce()) -> Judged {
    let rules = rules("[jupyter]\nurls = []");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut eyes = Eyes::open(Root::at(root), &rules).unwrap();
    eyes.sample(0, &rules);
    change();
    let now = Moment { wall: jiff::Timestamp::from_second(NOW).unwrap(), steady: 60_000 };
    judge(&runtime.block_on(eyes.look(now, &rules)), &rules)
}

fn kind(judged: &Judged, signal: &Signal) -> Kind {
    judged.found.iter().find(|found| found.signal == *signal).unwrap().kind
}

#[test]
fn a_machine_out_of_files_is_judged_as_a_real_one() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    put(root, "etc/passwd", "ana:x:1000:1000::/home/ana:/bin/sh\n");
    let mut utmp = vec![0_u8; 384];
    utmp[0] = 7;
    utmp[4] = 50;
    utmp[8..13].copy_from_slice(b"pts/4");
    utmp[44..47].copy_from_slice(b"bob");
    put(root, "run/utmp", utmp);
    put(root, "dev/pts/4", "");
    put(root, "dev/pts/ptmx", "");
    let typed = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(NOW).unwrap() - 30);
    File::options()
        .write(true)
        .open(root.join("dev/pts/4"))
        .unwrap()
        .set_times(FileTimes::new().set_accessed(typed))
        .unwrap();
    process(root, (1, 0), ("systemd", 0), 0);
    process(root, (60, 1), ("tmux: server", 1000), 0);
    process(root, (61, 60), ("python", 1000), 0);
    machine(root, 0, 0);
    let judged = looked(root, || {
        process(root, (61, 60), ("python", 1000), 6_000);
        machine(root, 6_500, 60 * 50_000);
    });
    for (signal, wanted) in [
        (Signal::Jupyter, Kind::Quiet),
        (Signal::Terminals, Kind::Busy),
        (Signal::Detached, Kind::Busy),
        (Signal::Cpu, Kind::Busy),
        (Signal::DiskIo, Kind::Busy),
        (Signal::Containers, Kind::Quiet),
        (Signal::Gpu, Kind::Quiet),
    ] {
        assert_eq!(kind(&judged, &signal), wanted, "{judged:#?}");
    }
    let words: Vec<&str> = judged.found.iter().map(|found| found.words.as_str()).collect();
    assert!(words.contains(&"bob types at pts/4"), "{words:?}");
    assert!(words.contains(&"tmux of ana uses 1.0 cores, most by python"), "{words:?}");
    assert!(judged.complete);
}

#[test]
fn disks_that_cannot_be_read_are_not_taken_for_quiet_ones() {
    for spoil in [|path: &Path| std::fs::remove_file(path), |path: &Path| std::fs::write(path, "8 0 sda 1 0\n")] {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        put(root, "dev/pts/ptmx", "");
        process(root, (1, 0), ("systemd", 0), 0);
        machine(root, 0, 0);
        assert!(looked(root, || ()).complete);
        let judged = looked(root, || spoil(&root.join("proc/diskstats")).unwrap());
        assert_eq!(kind(&judged, &Signal::DiskIo), Kind::Unknown);
        assert!(!judged.complete);
    }
}

#[test]
fn a_proc_that_hides_others_is_not_taken_for_an_empty_machine() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    process(root, (99, 1), ("lightsout", 0), 0);
    machine(root, 0, 0);
    let judged = looked(root, || ());
    assert_eq!(kind(&judged, &Signal::Cpu), Kind::Unknown);
    assert_eq!(kind(&judged, &Signal::Detached), Kind::Unknown);
    assert_eq!(kind(&judged, &Signal::Terminals), Kind::Unknown, "there is no /dev/pts");
    assert!(!judged.complete);
}
