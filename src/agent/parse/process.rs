//! The files of one process below `/proc`: `stat`, `status`, `cgroup` and `cmdline`.

/// The longest command line that is kept, in bytes: enough for every path that is looked for.
const COMMAND_MAX: usize = 600;
/// The kernel's flag for its own threads.
const KERNEL_THREAD: i64 = 0x0020_0000;
/// A container's id is this many hexadecimal digits.
const CONTAINER_DIGITS: usize = 64;
/// So many of them name it, as `docker ps` does.
const CONTAINER_SHOWN: usize = 12;

/// `/proc/PID/stat`, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessStat {
    /// Its number.
    pub pid: u32,
    /// Its name, at most 15 bytes.
    pub name: String,
    /// Its parent's number.
    pub parent: u32,
    /// Its terminal's device number; 0 for none.
    pub terminal: u32,
    /// Processor time of its own, in hundredths of a second.
    pub own: u64,
    /// That of children that it has waited for.
    pub children: u64,
    /// When it began, in hundredths of a second after the boot: with the pid, its identity.
    pub began: u64,
    /// It is a thread of the kernel's own.
    pub kernel: bool,
    /// It has ended, and nobody has waited for it.
    pub ended: bool,
}

/// Reads `/proc/PID/stat`. The name stands in brackets and may hold brackets and spaces itself.
#[must_use]
pub fn process_stat(text: &str) -> Option<ProcessStat> {
    let (pid, rest) = text.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().take(20).collect();
    let number = |at: usize| fields.get(at)?.parse::<i64>().ok();
    let ticks = |at: usize| Some(u64::try_from(number(at)?).unwrap_or(0));
    Some(ProcessStat {
        pid: pid.parse().ok()?,
        name: name.to_owned(),
        parent: u32::try_from(number(1)?).ok()?,
        terminal: u32::try_from(number(4)?).unwrap_or(0),
        own: ticks(11)?.saturating_add(ticks(12)?),
        children: ticks(13)?.saturating_add(ticks(14)?),
        began: ticks(19)?,
        kernel: number(6)? & KERNEL_THREAD != 0,
        ended: matches!(*fields.first()?, "Z" | "X" | "x"),
    })
}

/// The real user of a process, out of `/proc/PID/status`.
#[must_use]
pub fn real_uid(status: &str) -> Option<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

/// The container that a process is in, out of `/proc/PID/cgroup`: the first digits of its id. Docker, containerd and
/// podman put the whole id into the name of a control group, in both versions of those.
#[must_use]
pub fn container(cgroup: &str) -> Option<String> {
    let digits = |part: &&str| part.len() == CONTAINER_DIGITS && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let parts = cgroup.lines().flat_map(|line| line.rsplit('/')).flat_map(|part| part.split(['-', '.', ':']));
    parts.into_iter().find(digits).and_then(|id| id.get(..CONTAINER_SHOWN)).map(str::to_owned)
}

/// True for a process of a system service: its control group keeps it apart from what people start.
#[must_use]
pub fn kept_apart(cgroup: &str) -> bool {
    cgroup.lines().any(|line| line.contains("/system.slice/") && line.contains(".service"))
}

/// True for a process of somebody's session: whoever logged in stays the owner of what they run as another user.
#[must_use]
pub fn of_session(cgroup: &str) -> bool {
    cgroup.lines().any(|line| line.contains("/user.slice/"))
}

/// The words of a command, out of the zero-separated `/proc/PID/cmdline`, cut at a sensible length.
#[must_use]
pub fn command_line(bytes: &[u8]) -> Vec<String> {
    let kept = bytes.get(..COMMAND_MAX).unwrap_or(bytes);
    let words = kept.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned());
    let mut words: Vec<String> = words.collect();
    while words.last().is_some_and(String::is_empty) {
        words.pop();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_spaces_does_not_shift_the_fields() {
        let text =
            "4242 (tmux: server) x) S 1 4242 4242 34817 -1 4194368 312 0 0 0 150 30 7 3 20 0 1 0 98765 8192000 701";
        let read = process_stat(text).unwrap();
        assert_eq!(
            read,
            ProcessStat {
                pid: 4242,
                name: "tmux: server) x".to_owned(),
                parent: 1,
                terminal: 34817,
                own: 180,
                children: 10,
                began: 98_765,
                kernel: false,
                ended: false
            }
        );
        assert!(process_stat(&text.replace(" S ", " Z ")).unwrap().ended);
        assert!(process_stat(&text.replace("4194368", "69238880")).unwrap().kernel);
        for broken in ["", "1", "1 (a", "1 (a) S", "x (a) S 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"] {
            assert_eq!(process_stat(broken), None, "{broken}");
        }
    }

    #[test]
    fn the_user_is_the_real_one() {
        assert_eq!(real_uid("Name:\tpython3\nUmask:\t0022\nUid:\t1000\t0\t0\t0\nGid:\t1\t1\t1\t1\n"), Some(1000));
        assert_eq!(real_uid("Name:\tx\n"), None);
    }

    #[test]
    fn containers_are_found_in_both_versions_of_control_groups() {
        let id = "4b1f".repeat(16);
        for path in [
            format!("12:cpu,cpuacct:/docker/{id}\n0::/"),
            format!("0::/system.slice/docker-{id}.scope\n"),
            format!("0::/system.slice/containerd.service/kubepods-burstable-pod1.slice:cri-containerd:{id}"),
            format!("0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{id}.scope/container"),
        ] {
            assert_eq!(container(&path).as_deref(), Some("4b1f4b1f4b1f"), "{path}");
        }
        for path in ["0::/", "0::/system.slice/docker.service", "1:cpu:/docker/4b1f", ""] {
            assert_eq!(container(path), None, "{path}");
        }
        assert!(kept_apart("0::/system.slice/jupyter.service\n"));
        assert!(!kept_apart("0::/user.slice/user-1000.slice/session-3.scope\n"));
        assert!(of_session("1:name=systemd:/user.slice/user-0.slice/session-3.scope\n"));
        assert!(!of_session("0::/system.slice/jupyter.service\n"));
    }

    #[test]
    fn a_command_line_is_words_however_long() {
        assert_eq!(command_line(b"python3\0-m\0jupyter_server\0"), ["python3", "-m", "jupyter_server"]);
        assert_eq!(command_line(b""), Vec::<String>::new());
        assert_eq!(command_line(&[b'a'; 5_000]).concat().len(), COMMAND_MAX);
        assert_eq!(command_line(b"sshd: ana@pts/0"), ["sshd: ana@pts/0"]);
    }
}
