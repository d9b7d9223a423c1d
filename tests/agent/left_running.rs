//! Real tmux and screen, real terminals, and what nobody waits for.

use std::process::Command;

use lightsout::heartbeat::{Kind, Signal};

use crate::mirror::{Child, Mirror, family, parents, rules, wait_for};
use crate::tools::tool;

/// Works without end, and without a word.
const BURN: &str = "while :; do :; done";

/// A tmux server of this test alone; it ends with it.
struct Tmux {
    folder: tempfile::TempDir,
}

impl Tmux {
    fn start(script: &str) -> Option<Self> {
        tool("tmux")?;
        let tmux = Self { folder: tempfile::tempdir().unwrap() };
        tmux.say(&["-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", "sh", "-c", script]);
        Some(tmux)
    }

    fn say(&self, arguments: &[&str]) -> String {
        let mut command = tool("tmux").unwrap();
        command
            .arg("-S")
            .arg(self.folder.path().join("socket"))
            .args(arguments)
            .env_remove("TMUX")
            .env("TERM", "xterm");
        let done = command.output().unwrap();
        String::from_utf8_lossy(&done.stdout).trim().to_owned()
    }

    fn pid(&self) -> u32 {
        self.say(&["display-message", "-p", "#{pid}"]).parse().unwrap()
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.say(&["kill-server"]);
    }
}

/// Ends what was begun, however the test ends.
struct Quit<F: Fn()>(F);

impl<F: Fn()> Drop for Quit<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[test]
fn work_under_tmux_is_busy() {
    let Some(tmux) = Tmux::start(BURN) else {
        return;
    };
    let mut mirror = Mirror::new(rules("[jupyter]\nurls = []"), vec![tmux.pid()]);
    let found = mirror.until(&Signal::Detached, "a busy tmux", |found| found.kind == Kind::Busy);
    assert!(found.words.starts_with("tmux of root uses ") || found.words.starts_with("tmux of "), "{}", found.words);
    assert!(found.words.ends_with("most by sh"), "{}", found.words);
    assert!(found.used_at.is_some());
}

#[test]
fn a_shell_that_sleeps_under_tmux_is_connected_and_what_is_typed_there_is_use() {
    let Some(tmux) = Tmux::start("read line; sleep 600") else {
        return;
    };
    let mut mirror = Mirror::new(rules("[jupyter]\nurls = []"), vec![tmux.pid()]);
    let found = mirror.until(&Signal::Detached, "a sleeping tmux", |found| found.kind == Kind::Connected);
    assert!(found.words.ends_with(": 1 open"), "{}", found.words);
    assert_eq!(found.used_at, None);
    tmux.say(&["send-keys", "x", "Enter"]);
    let typed = mirror.until(&Signal::Terminals, "input", |found| found.used_at.is_some());
    assert_ne!(typed.kind, Kind::Unknown);
}

#[test]
fn work_under_screen_is_busy_and_sleep_is_not() {
    let Some(mut screen) = tool("screen") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let name = format!("lightsout-test-{}", std::process::id());
    let script = format!("sleep 3; {BURN}");
    screen.args(["-dmS", &name, "sh", "-c", &script]).env("SCREENDIR", folder.path());
    assert!(screen.status().unwrap().success());
    let quit = Quit(|| {
        let mut quit = tool("screen").unwrap();
        quit.args(["-S", &name, "-X", "quit"]).env("SCREENDIR", folder.path()).status().unwrap();
    });
    let server = wait_for("the screen server", || {
        let is = |pid: &u32| {
            let words = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let words = String::from_utf8_lossy(&words).into_owned();
            words.contains("SCREEN") && words.contains(&name)
        };
        parents().into_iter().map(|(pid, _)| pid).find(is)
    });
    let mut mirror = Mirror::new(rules("[jupyter]\nurls = []"), vec![server]);
    let busy = mirror.until(&Signal::Detached, "a busy screen", |found| found.kind == Kind::Busy);
    assert!(busy.words.starts_with("screen of "), "{}", busy.words);
    drop(quit);
    mirror.until(&Signal::Detached, "no screen", |found| found.kind == Kind::Quiet);
}

#[test]
fn what_a_person_left_behind_is_seen() {
    // Another user is needed, and only root can become one.
    let Some(mut setpriv) = tool("setpriv").filter(|_| rustix::process::geteuid().is_root()) else {
        return;
    };
    let marker = format!("left-behind-{}", std::process::id());
    // The shell in between ends at once, so that nobody waits for the one that works.
    let script = format!("setsid sh -c '{BURN}' {marker} >/dev/null 2>&1 </dev/null & exit 0");
    setpriv.args(["--reuid=54321", "--regid=54321", "--clear-groups", "sh", "-c", &script]);
    assert!(setpriv.status().unwrap().success());
    let orphan = wait_for("the orphan", || {
        let is = |(pid, parent): &(u32, u32)| {
            let words = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            *parent == 1 && String::from_utf8_lossy(&words).ends_with(&format!("{marker}\0"))
        };
        parents().into_iter().find(is).map(|(pid, _)| pid)
    });
    let _end = Quit(|| {
        Command::new("kill").args(["-9", &orphan.to_string()]).status().unwrap();
    });
    let mut mirror = Mirror::new(rules("[jupyter]\nurls = []"), vec![orphan]);
    let found = mirror.until(&Signal::Detached, "a busy orphan", |found| found.kind == Kind::Busy);
    assert!(found.words.starts_with("sh of user 54321 uses "), "{}", found.words);
    let cpu = mirror.look(&Signal::Cpu);
    assert!(cpu.words.contains("most by sh of user 54321"), "{}", cpu.words);
}

#[test]
fn a_command_over_ssh_that_works_is_busy() {
    let Some(mut bash) = tool("bash") else {
        return;
    };
    // Bears the title of the process that OpenSSH keeps for a session without a terminal.
    bash.args(["-c", &format!("exec -a 'sshd: ana@notty' bash -c 'sh -c \"{BURN}\" & wait'")]);
    let child = Child(bash.spawn().unwrap());
    let _end = Quit(|| {
        let found = family(child.0.id()).into_iter().map(|pid| pid.to_string());
        Command::new("kill").arg("-9").args(found).status().unwrap();
    });
    let mut mirror = Mirror::new(rules("[jupyter]\nurls = []"), vec![child.0.id()]);
    let words = "what ana runs over SSH without a terminal uses ";
    let found = mirror.until(&Signal::Terminals, "a busy session", |found| found.words.starts_with(words));
    assert_eq!(found.kind, Kind::Busy);
}

#[test]
fn a_job_of_a_persons_crontab_is_seen() {
    // Another user is needed, and only root can become one.
    let Some(setpriv) = tool("setpriv").filter(|_| rustix::process::geteuid().is_root()) else {
        return;
    };
    // A process that is called `cron`, and begins a job as another user.
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy("/bin/sh", folder.path().join("cron")).unwrap();
    let job = format!(
        "{} --reuid=54321 --regid=54321 --clear-groups sh -c '{BURN}' & wait",
        setpriv.get_program().to_string_lossy()
    );
    let spawn = || Command::new(folder.path().join("cron")).args(["-c", &job]).spawn().ok().map(Child);
    // While another thread forks, the copy may still be open for writing there, and is not run.
    let cron = wait_for("cron", spawn);
    let _end = Quit(|| {
        let found = family(cron.0.id()).into_iter().map(|pid| pid.to_string());
        Command::new("kill").arg("-9").args(found).status().unwrap();
    });
    let mut mirror = Mirror::new(rules("[jupyter]\nurls = []"), vec![cron.0.id()]);
    let found = mirror.until(&Signal::Detached, "a busy job", |found| found.kind == Kind::Busy);
    assert!(found.words.starts_with("sh of user 54321 uses "), "{}", found.words);
}
