//! People at terminals and over SSH: last input is use, and so is what they run; being there is only connected.

use super::editors::work_from;
use super::found::{Found, Seen, cores, strongest};
use super::jupyter::is_recent;
use super::left_running::is_multiplexer;
use crate::agent::facts::{Look, Process, Tty};
use crate::agent::rules::Rules;
use crate::heartbeat::Signal;

/// Reading a terminal's time of last input lags by this much: the kernel writes it at most every eight seconds.
const INPUT_LAG: jiff::SignedDuration = jiff::SignedDuration::from_secs(8);

/// Terminals and SSH sessions.
pub(super) fn terminals(look: &Look, rules: &Rules) -> Found {
    let mut seen: Vec<Seen> = match &look.terminals {
        Ok(terminals) => terminals.iter().map(|tty| terminal(tty, look, rules)).collect(),
        Err(words) => vec![Seen::unknown(words.clone())],
    };
    seen.extend(look.processes().filter_map(|process| bare_session(process, look, rules)));
    strongest(Signal::Terminals, seen, "no terminal is open")
}

fn terminal(tty: &Tty, look: &Look, rules: &Rules) -> Seen {
    let login = look.logins.iter().find(|login| login.line == tty.line);
    let who = login.map_or_else(|| look.name(tty.uid), |login| login.user.clone());
    let from = login.map(|login| login.host.as_str()).filter(|host| !host.is_empty());
    let from = from.map_or_else(String::new, |host| format!(" from {host}"));
    let typed = tty.last_input.checked_add(INPUT_LAG).unwrap_or(tty.last_input).min(look.at).max(tty.last_input);
    if is_recent(typed, look) {
        return Seen::busy(typed, format!("{who} types at {}{from}", tty.line));
    }
    // A pane of tmux or screen stays open without anybody: `detached` tells of it.
    let mut at_it = look.processes().filter(|process| process.stat.terminal == tty.device);
    let pane = at_it.any(|process| look.ancestors(process.stat.pid).any(is_multiplexer));
    // A script in the foreground works without anybody typing.
    let own = look.processes().filter(|process| process.stat.terminal == tty.device);
    let used = own.map(|process| look.window.mean_of(process.stat.pid)).fold(0, u64::saturating_add);
    if used >= u64::from(rules.detached.busy_permille) {
        return Seen::busy(look.at, format!("what {who} started at {} uses {} cores", tty.line, cores(used)));
    }
    let open = if pane {
        Seen::quiet(format!("a pane of {who}"))
    } else {
        Seen::connected(format!("{who} is at {}{from}", tty.line))
    };
    open.used(Some(typed))
}

/// `sshd: ana@notty`: a copy, a tunnel, an editor, or a command that works without a terminal of its own.
fn bare_session(process: &Process, look: &Look, rules: &Rules) -> Option<Seen> {
    let title = process.who.words.join(" ");
    let title = title.strip_prefix("sshd: ").or_else(|| title.strip_prefix("sshd-session: "))?;
    let (user, _) = title.split_once("@notty")?;
    let used = look.tree_use(process.stat.pid);
    if used >= work_from(process, look, rules) {
        let words = format!("what {user} runs over SSH without a terminal uses {} cores", cores(used));
        return Some(Seen::busy(look.at, words));
    }
    Some(Seen::connected(format!("{user} is connected over SSH without a terminal")))
}

#[cfg(test)]
mod tests {
    use super::super::super::parse::Login;
    use super::super::super::tests_support::{at, empty_look, look, process};
    use super::*;
    use crate::heartbeat::Kind;

    fn tty(last: &str) -> Tty {
        Tty { line: "pts/3".to_owned(), device: 0x8803, uid: 1000, last_input: at(last) }
    }

    #[test]
    fn a_terminal_is_busy_by_its_input_and_connected_while_open() {
        for (last, kind, used) in [
            ("09:59:30", Kind::Busy, "09:59:38"),
            ("09:59:58", Kind::Busy, "10:00:00"),
            ("09:58:53", Kind::Busy, "09:59:01"),
            ("09:58:50", Kind::Connected, "09:58:58"),
            ("03:00:00", Kind::Connected, "03:00:08"),
        ] {
            let found = terminals(&Look { terminals: Ok(vec![tty(last)]), ..empty_look() }, &Rules::default());
            assert_eq!((found.kind, found.used_at), (kind, Some(at(used))), "{last}: {}", found.words);
        }
        let login = Login { pid: 5, line: "pts/3".to_owned(), user: "bob".to_owned(), host: "10.1.1.9".to_owned() };
        let look = Look { terminals: Ok(vec![tty("03:00:00")]), logins: vec![login], ..empty_look() };
        assert_eq!(terminals(&look, &Rules::default()).words, "bob is at pts/3 from 10.1.1.9");
        let look = Look { terminals: Err("could not read /dev/pts".to_owned()), ..empty_look() };
        assert_eq!(terminals(&look, &Rules::default()).kind, Kind::Unknown);
    }

    #[test]
    fn a_pane_that_nobody_watches_is_no_person() {
        let processes = [
            (process(40, 1).uid(1000).named("tmux: server"), 0),
            (process(41, 40).uid(1000).named("bash").on(0x8803), 0),
        ];
        let found = terminals(&Look { terminals: Ok(vec![tty("03:00:00")]), ..look(&processes) }, &Rules::default());
        assert_eq!((found.kind, found.used_at), (Kind::Quiet, Some(at("03:00:08"))));
    }

    #[test]
    fn a_command_over_ssh_is_busy_while_it_works() {
        let of = |permille: u64, words: &str| {
            let processes = [
                (process(38, 1).words("sshd: ana [priv]"), 0),
                (process(40, 38).uid(1000).words("sshd: ana@notty"), 10),
                (process(41, 40).uid(1000).named("bash").words("bash -c python eval.py"), 0),
                (process(42, 41).uid(1000).named("python").words(words), permille),
            ];
            let found = terminals(&look(&processes), &Rules::default());
            (found.kind, found.used_at.is_some(), found.words)
        };
        let words = "what ana runs over SSH without a terminal uses 0.4 cores".to_owned();
        assert_eq!(of(390, "python eval.py"), (Kind::Busy, true, words));
        assert_eq!(of(40, "python eval.py").0, Kind::Busy, "with what the connection itself takes");
        assert_eq!(of(30, "python eval.py").0, Kind::Connected);
        let editor = "/home/ana/.vscode-server/cli/servers/Stable-a/server/node server-main.js";
        assert_eq!(of(80, editor).0, Kind::Connected, "an editor at rest murmurs");
        assert_eq!(of(90, editor).0, Kind::Busy);
    }

    #[test]
    fn ssh_without_a_terminal_is_connected() {
        let found = terminals(&look(&[(process(40, 1).words("sshd: ana@notty"), 0)]), &Rules::default());
        assert_eq!(found.kind, Kind::Connected);
        let found =
            terminals(&look(&[(process(40, 1).words("sshd: /usr/sbin/sshd -D [listener]"), 0)]), &Rules::default());
        assert_eq!(found.kind, Kind::Quiet);
    }
}
