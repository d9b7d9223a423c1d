//! What was left running: trees under tmux and screen, what its starter no longer waits for (`nohup`, `setsid`), and
//! people's jobs of cron and at.

use super::editors::{is_server, work_from};
use super::found::{Found, Seen, cores, strongest};
use super::jupyter::is_jupyter;
use crate::agent::facts::{Look, Process};
use crate::agent::rules::Rules;
use crate::heartbeat::Signal;

pub(super) fn judge(look: &Look, rules: &Rules) -> Found {
    let mut seen: Vec<Seen> = Vec::new();
    if look.snapshot.is_none() {
        seen.push(Seen::unknown("processes could not be read"));
    }
    for process in look.processes() {
        if is_multiplexer(process) {
            seen.push(tree(process, true, look, rules));
        } else if is_orphan(process, look, rules) {
            let seen_of_it = tree(process, false, look, rules);
            // A system service that sleeps is no person's; one that works is `cpu`'s, unless somebody left it behind.
            if !process.who.apart || seen_of_it.used_at.is_some() {
                seen.push(seen_of_it);
            }
        }
    }
    strongest(Signal::Detached, seen, "nothing was left running")
}

/// True for the server of tmux or screen, whose panes outlive whoever opened them.
pub(super) fn is_multiplexer(process: &Process) -> bool {
    let base = |word: &String| word.rsplit('/').next().is_some_and(|base| base.starts_with("SCREEN"));
    let screen = || process.who.words.first().is_some_and(base);
    process.stat.name.starts_with("tmux: server") || (process.stat.name.eq_ignore_ascii_case("screen") && screen())
}

/// A person's process that hangs below the first process, or below the person's own service manager; or one that cron or
/// at began for a person.
fn is_orphan(process: &Process, look: &Look, rules: &Rules) -> bool {
    let parent = look.process(process.stat.parent);
    let manager = |parent: &Process| parent.stat.name == "systemd" && parent.stat.pid != 1;
    let below = process.stat.parent == 1 || parent.is_some_and(manager);
    // What cron does for the system is the system's, also where it counts as a session.
    let scheduled = parent.is_some_and(is_scheduler) && rules.cpu.is_persons(process.who.uid);
    let told_elsewhere =
        process.who.container.is_some() || is_jupyter(process) || process.stat.name == "rsession" || is_server(process);
    ((below && process.is_persons(&rules.cpu)) || scheduled)
        && !told_elsewhere
        && !rules.detached.is_ignored(&process.stat.name)
}

/// True for what starts jobs at their hour. Some rename the process that waits for one: `CRON`.
fn is_scheduler(process: &Process) -> bool {
    let name = &process.stat.name;
    ["cron", "crond", "atd", "anacron"].iter().any(|scheduler| name.eq_ignore_ascii_case(scheduler))
}

fn tree(root: &Process, multiplexed: bool, look: &Look, rules: &Rules) -> Seen {
    let used = look.tree_use(root.stat.pid);
    let who = look.name(root.who.uid);
    let name = if !multiplexed {
        root.stat.name.clone()
    } else if root.stat.name.starts_with("tmux") {
        "tmux".to_owned()
    } else {
        "screen".to_owned()
    };
    if used < work_from(root, look, rules) {
        let sessions = look.processes().filter(|process| process.stat.parent == root.stat.pid).count();
        let panes = if multiplexed { format!(": {sessions} open") } else { " sleeps".to_owned() };
        return Seen::connected(format!("{name} of {who}{panes}"));
    }
    let below = |process: &&Process| look.ancestors(process.stat.pid).any(|above| above.stat.pid == root.stat.pid);
    let hardest = look.processes().filter(below).max_by_key(|process| look.window.mean_of(process.stat.pid));
    let of = hardest.map_or_else(String::new, |process| format!(", most by {}", process.stat.name));
    Seen::busy(look.at, format!("{name} of {who} uses {} cores{of}", cores(used)))
}

#[cfg(test)]
mod tests {
    use super::super::super::tests_support::{look, process};
    use super::*;
    use crate::heartbeat::Kind;

    fn found(processes: &[(Process, u64)]) -> (Kind, String) {
        let found = judge(&look(processes), &Rules::default());
        (found.kind, found.words)
    }

    #[test]
    fn training_under_tmux_is_busy_and_a_shell_that_waits_is_connected() {
        let tree = |permille| {
            [
                (process(40, 1).uid(1000).named("tmux: server"), 0),
                (process(41, 40).uid(1000).named("bash"), 0),
                (process(42, 41).uid(1000).named("python"), permille),
            ]
        };
        assert_eq!(found(&tree(0)), (Kind::Connected, "tmux of ana: 1 open".to_owned()));
        assert_eq!(found(&tree(40)).0, Kind::Connected);
        assert_eq!(found(&tree(60)), (Kind::Busy, "tmux of ana uses 0.06 cores, most by python".to_owned()));
        let screen = [
            (process(40, 1).uid(1000).named("screen").words("/usr/bin/SCREEN -dmS x"), 0),
            (process(41, 40).uid(1000).named("sh"), 990),
        ];
        assert_eq!(found(&screen).0, Kind::Busy);
        let client = [(process(40, 30).uid(1000).named("screen").words("screen -r"), 990)];
        assert_eq!(found(&client).0, Kind::Quiet, "the one who looks is at a terminal");
    }

    #[test]
    fn what_nobody_waits_for_counts_when_a_person_began_it() {
        let sleeper =
            |change: fn(Process) -> Process| found(&[(change(process(50, 1).uid(1000).named("python")), 0)]).0;
        assert_eq!(sleeper(|one| one), Kind::Connected);
        assert_eq!(sleeper(|one| one.uid(0)), Kind::Quiet);
        assert_eq!(sleeper(|one| one.uid(65_534)), Kind::Quiet);
        assert_eq!(sleeper(|one| one.uid(0).in_session()), Kind::Connected, "sudo nohup");
        assert_eq!(sleeper(|one| one.named("ssh-agent")), Kind::Quiet);
        assert_eq!(sleeper(Process::apart), Kind::Quiet, "a service");
        assert_eq!(sleeper(|one| one.contained("abc")), Kind::Quiet);
        assert_eq!(sleeper(|one| one.words("/usr/bin/python3 /opt/bin/jupyter-lab")), Kind::Quiet);
        assert_eq!(found(&[(process(50, 1).uid(1000).apart(), 400)]).0, Kind::Busy, "left behind by a notebook");
        let service =
            [(process(20, 1).uid(1000).named("systemd"), 0), (process(51, 20).uid(1000).named("python"), 500)];
        assert_eq!(found(&service), (Kind::Busy, "python of ana uses 0.5 cores".to_owned()));
    }

    #[test]
    fn a_job_of_a_persons_crontab_counts_while_it_works_and_the_systems_does_not() {
        let job = |daemon: &str, uid: u32, permille: u64| {
            found(&[
                (process(20, 1).named(daemon).apart(), 0),
                (process(21, 20).named(daemon).apart(), 0),
                (process(22, 21).uid(uid).named("sh").apart(), 0),
                (process(23, 22).uid(uid).named("python").apart(), permille),
            ])
        };
        for daemon in ["cron", "CRON", "crond", "atd"] {
            let words = "sh of ana uses 0.4 cores, most by python".to_owned();
            assert_eq!(job(daemon, 1000, 400), (Kind::Busy, words), "{daemon}");
            assert_eq!(job(daemon, 1000, 40).0, Kind::Quiet, "{daemon}: one that sleeps keeps nobody");
            assert_eq!(job(daemon, 0, 400).0, Kind::Quiet, "{daemon}");
        }
        assert_eq!(job("agentd", 1000, 400).0, Kind::Quiet, "a service that works for a person is `cpu`'s");
        let session = [(process(20, 1).named("crond"), 0), (process(22, 20).named("sh").in_session(), 400)];
        assert_eq!(found(&session).0, Kind::Quiet, "root's own job, where cron opens a session for it");
    }

    #[test]
    fn a_tunnel_of_an_editor_that_rests_is_not_work() {
        let tunnel = |permille| {
            let node = "/home/ana/.vscode/cli/servers/Stable-a/server/node";
            found(&[
                (process(30, 1).uid(1000).named("code").words("/usr/bin/code tunnel"), 0),
                (process(31, 30).uid(1000).named("node").words(node), permille),
            ])
        };
        assert_eq!(tunnel(80).0, Kind::Connected);
        assert_eq!(tunnel(120).0, Kind::Busy);
        let server = process(31, 1).uid(1000).named("node").words("/home/ana/.windsurf-server/bin/a/node");
        assert_eq!(found(&[(server, 80)]).0, Kind::Quiet, "an editor's server is the editor's");
    }
}
