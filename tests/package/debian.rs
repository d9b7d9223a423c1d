//! A plain Debian of its own for one test: a folder with a whole system, entered in namespaces of its own, without a network.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::{root, run};

/// The system, with stand-ins for `az` and systemd, and an operator who may call sudo.
pub(crate) struct Debian(TempDir);

impl Debian {
    /// A fresh one; `binary` is the simulated Azure in it. None where this user is not root, which is said, or where
    /// `.ci/setup` has made no system yet, which fails where all tools are required.
    #[expect(clippy::print_stderr, reason = "what was not judged must be heard of")]
    pub(crate) fn new(binary: &Path) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            eprintln!("not judged: a system in a folder needs root");
            return None;
        }
        crate::tools::tool("ip")?;
        let archive = root("target/debian-root.tar");
        if !archive.is_file() {
            let required = std::env::vars().any(|(name, value)| name == "LIGHTSOUT_REQUIRE_TOOLS" && value == "1");
            assert!(!required, "there is no {}; `.ci/setup` makes it", archive.display());
            eprintln!("not judged: there is no {}; `.ci/setup` makes it", archive.display());
            return None;
        }
        let debian = Self(tempfile::tempdir().unwrap());
        let (fine, _, err) = run(Command::new("tar").arg("-xpf").arg(archive).arg("-C").arg(debian.0.path()));
        assert!(fine, "{err}");
        // what others than root may enter, whatever the archive says
        std::fs::set_permissions(debian.0.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        debian.put("usr/local/bin/az", include_str!("debian/az"), 0o755);
        debian.put("usr/bin/systemctl", include_str!("debian/systemctl"), 0o755);
        debian.put("world.sh", include_str!("debian/world.sh"), 0o644);
        let keep = "Defaults env_keep += \"LIGHTSOUT_* IDENTITY_* SANDBOX_*\"\nada ALL=(ALL) NOPASSWD: ALL\n";
        debian.put("etc/sudoers.d/operator", keep, 0o440);
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
        debian.put("etc/hosts", &format!("127.0.0.1 localhost {host}"), 0o644);
        // systemd's own sign that it runs, by which maintainer scripts know.
        for folder in ["run/systemd/system", "log", "opt"] {
            std::fs::create_dir_all(debian.path(folder)).unwrap();
        }
        std::fs::set_permissions(debian.path("log"), std::fs::Permissions::from_mode(0o777)).unwrap();
        debian.copy(binary, "opt/sandbox");
        Some(debian)
    }

    /// A path of the system, from outside.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    /// Writes a file there.
    pub(crate) fn put(&self, path: &str, text: &str, mode: u32) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Copies a file or folder there.
    pub(crate) fn copy(&self, from: &Path, to: &str) {
        let to = self.path(to);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        let (fine, _, err) = run(Command::new("cp").arg("-rT").arg(from).arg(&to));
        assert!(fine, "{err}");
    }

    /// Runs a script in it, in its simulated world; whatever it leaves running ends with it. Its exit code must be 0.
    pub(crate) fn walk(&self, script: &str) -> String {
        self.put("walk.sh", &format!(". /world.sh\n{script}"), 0o644);
        let enter = "ip link set lo up && mount -t proc proc \"$1/proc\" && exec chroot \"$1\" /bin/bash /walk.sh";
        let mut unshare = Command::new("unshare");
        unshare.args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--", "/bin/sh", "-c", enter, "sh"]);
        let (fine, out, err) = run(unshare.arg(self.0.path()).env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"));
        // What it said at last stands last: whoever shows a long failure shows its end.
        assert!(fine, "{}\n--- it said\n{out}\n--- and at last\n{err}", self.logs());
        out + &err
    }

    fn logs(&self) -> String {
        let read = |name: &str| std::fs::read_to_string(self.path(&format!("log/{name}"))).unwrap_or_default();
        ["systemctl", "lightsout.service", "lightsout-sweep.service", "az"].map(read).join("\n---\n")
    }
}
