//! Jupyter: a busy kernel is busy however silent; an idle one was last used when it last spoke; a page is connected.

use jiff::{SignedDuration, Timestamp};

use super::found::{Found, Seen, strongest};
use super::kernels::{at_work, of_no_server};
use crate::agent::facts::{Look, Process, Said, Server, Trouble};
use crate::agent::parse::{Kernel, Terminal};
use crate::agent::rules::Rules;
use crate::heartbeat::{Kind, Signal};

/// A kernel may start for so long. One that nobody ever connected to says that it is starting for ever.
const STARTING_MAX: SignedDuration = SignedDuration::from_mins(10);
/// Programs that serve.
const PROGRAMS: [&str; 7] = [
    "jupyter-server",
    "jupyter-lab",
    "jupyter-labhub",
    "jupyter-notebook",
    "jupyterhub-singleuser",
    "jupyter-nbclassic",
    "jupyter-voila",
];
/// The same as modules of Python, or as commands of `jupyter`.
const MODULES: [&str; 8] =
    ["jupyter_server", "jupyterlab", "notebook", "nbclassic", "jupyterhub.singleuser", "server", "lab", "nbclassic"];

pub(super) fn judge(look: &Look, rules: &Rules) -> Found {
    let mut seen: Vec<Seen> = Vec::new();
    for server in &look.servers {
        match &server.said {
            Ok(said) => seen.extend(server_says(said, look)),
            Err(Trouble::Refused) => seen.extend(dead_file(server, look)),
            Err(Trouble::Failed(_)) if is_answered_for(server, look) => {}
            Err(Trouble::Failed(words)) => seen.push(Seen::unknown(format!("{}: {words}", server.url))),
        }
    }
    seen.extend(not_asked(look, rules));
    // A kernel that says so itself is the better witness.
    if seen.iter().all(|one| one.kind != Kind::Busy) {
        seen.extend(at_work(look, rules));
    }
    seen.extend(of_no_server(look, rules));
    let none = if look.servers.iter().any(|server| server.said.is_ok()) {
        "no kernel, no terminal"
    } else {
        "no Jupyter server"
    };
    strongest(Signal::Jupyter, seen, none)
}

fn server_says<'a>(said: &'a Said, look: &'a Look) -> impl Iterator<Item = Seen> + 'a {
    let kernels = said.kernels.iter().map(move |kernel| kernel_says(kernel, said, look.at));
    kernels.chain(said.terminals.iter().map(move |terminal| terminal_says(terminal, look)))
}

fn kernel_says(kernel: &Kernel, said: &Said, now: Timestamp) -> Seen {
    let name = said.names.get(&kernel.id).map_or_else(|| kernel.name.clone(), Clone::clone);
    let last = kernel.last_activity;
    let fresh = last.is_some_and(|at| now.duration_since(at) < STARTING_MAX);
    match kernel.execution_state.as_str() {
        "busy" => Seen::busy(now, format!("kernel of {name} is busy")),
        "starting" | "restarting" | "autorestarting" if fresh => {
            Seen::busy(now, format!("kernel of {name} is starting"))
        }
        "idle" | "dead" | "terminating" | "starting" | "restarting" | "autorestarting" if kernel.connections > 0 => {
            Seen::connected(format!("kernel of {name} is idle, with a page open")).used(last)
        }
        "idle" | "dead" | "terminating" | "starting" | "restarting" | "autorestarting" => {
            Seen::quiet(format!("kernel of {name} is idle")).used(last)
        }
        other => Seen::unknown(format!("kernel of {name} says `{other}`, which is not known here")).used(last),
    }
}

fn terminal_says(terminal: &Terminal, look: &Look) -> Seen {
    let words = format!("terminal {} of Jupyter is open", terminal.name);
    match terminal.last_activity {
        Some(at) if is_recent(at, look) => Seen::busy(at, format!("terminal {} of Jupyter is in use", terminal.name)),
        at => Seen::connected(words).used(at),
    }
}

/// True for what happened since the look before.
pub(super) fn is_recent(at: Timestamp, look: &Look) -> bool {
    let window = SignedDuration::from_millis(i64::try_from(look.window.length).unwrap_or(i64::MAX));
    look.at.duration_since(at) <= window
}

/// True for a file that its server left behind, where another server listens now and was asked with its own token: the process
/// of the file lives, but under its number another program runs.
fn is_answered_for(server: &Server, look: &Look) -> bool {
    let is_other = server.pid.and_then(|pid| look.process(pid)).is_some_and(|process| !is_jupyter(process));
    is_other && look.servers.iter().any(|other| other.said.is_ok() && other.url == server.url)
}

/// A runtime file whose process lives, and whose port nothing listens on: it has just begun, or is just ending.
fn dead_file(server: &Server, look: &Look) -> Option<Seen> {
    let process = look.process(server.pid?).filter(|process| is_jupyter(process))?;
    Some(Seen::unknown(format!("{}: process {} runs and nothing listens there", server.url, process.stat.pid)))
}

/// Servers that run and were not asked, because nothing says where they listen: also those in containers, whose files lie
/// in there.
fn not_asked(look: &Look, rules: &Rules) -> Option<Seen> {
    let Some(snapshot) = &look.snapshot else {
        let answered = look.servers.iter().any(|server| server.said.is_ok());
        return (!answered).then(|| Seen::unknown("processes could not be read, so none may be running unseen"));
    };
    let mut asked: Vec<u32> = look.servers.iter().filter_map(|server| server.pid).collect();
    // An address from the settings has no process: it may be any one.
    let mut anonymous = look.servers.iter().filter(|server| server.pid.is_none() && server.said.is_ok()).count();
    for process in snapshot.processes.values().filter(|process| is_jupyter(process)) {
        let nested = look.ancestors(process.stat.pid).any(is_jupyter);
        if nested || process.is_left_out(&rules.containers) || asked.contains(&process.stat.pid) {
            continue;
        }
        if anonymous == 0 {
            let words = "runs at an address that nothing says; write it into jupyter.urls";
            let place = process.who.container.as_ref().map_or_else(String::new, |id| format!(" in container {id}"));
            return Some(Seen::unknown(format!("the Jupyter server of process {}{place} {words}", process.stat.pid)));
        }
        anonymous = anonymous.saturating_sub(1);
        asked.push(process.stat.pid);
    }
    None
}

/// True for the process of a Jupyter server.
#[must_use]
pub fn is_jupyter(process: &Process) -> bool {
    let base = |word: &String| word.rsplit('/').next().unwrap_or_default().to_owned();
    let words: Vec<String> = process.who.words.iter().take(4).map(base).collect();
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    let at = usize::from(word(0).starts_with("python"));
    let program = PROGRAMS.contains(&word(at));
    let command = word(at) == "jupyter" && MODULES.contains(&word(at.saturating_add(1)));
    let module = at == 1 && word(1) == "-m" && MODULES.contains(&word(2)) && !matches!(word(2), "server" | "lab");
    !process.stat.ended && (program || command || module)
}

#[cfg(test)]
mod tests {
    use super::super::super::rules::Wording;
    use super::super::super::tests_support::{at, empty_look, look, process};
    use super::*;

    fn kernel(state: &str, last: &str, connections: u32) -> Kernel {
        Kernel {
            id: "k".to_owned(),
            name: "python3".to_owned(),
            last_activity: Some(at(last)),
            execution_state: state.to_owned(),
            connections,
        }
    }

    fn server(pid: Option<u32>, said: Result<Said, Trouble>) -> Server {
        Server { url: "http://localhost:8888".to_owned(), pid, said }
    }

    fn with(kernels: Vec<Kernel>) -> Found {
        let said = Said { kernels, names: [("k".to_owned(), "train.ipynb".to_owned())].into(), ..Said::default() };
        judge(&Look { servers: vec![server(None, Ok(said))], ..empty_look() }, &Rules::default())
    }

    #[test]
    fn a_busy_cell_that_prints_nothing_is_busy() {
        let found = with(vec![kernel("idle", "08:00:00", 1), kernel("busy", "04:00:00", 0)]);
        assert_eq!((found.kind, found.used_at), (Kind::Busy, Some(at("10:00:00"))));
        assert_eq!(found.words, "kernel of train.ipynb is busy");
    }

    #[test]
    fn an_idle_kernel_was_used_when_it_last_spoke() {
        for (state, last, connections, kind, used) in [
            ("idle", "09:10:00", 0, Kind::Quiet, "09:10:00"),
            ("idle", "09:10:00", 2, Kind::Connected, "09:10:00"),
            ("dead", "09:10:00", 0, Kind::Quiet, "09:10:00"),
            ("starting", "09:58:00", 0, Kind::Busy, "10:00:00"),
            ("starting", "09:10:00", 0, Kind::Quiet, "09:10:00"),
            ("autorestarting", "09:59:00", 0, Kind::Busy, "10:00:00"),
            ("pondering", "09:10:00", 0, Kind::Unknown, "09:10:00"),
            ("", "09:10:00", 0, Kind::Unknown, "09:10:00"),
        ] {
            let found = with(vec![kernel(state, last, connections)]);
            assert_eq!((found.kind, found.used_at), (kind, Some(at(used))), "{state}");
        }
    }

    #[test]
    fn a_terminal_is_connected_and_busy_while_something_moves() {
        for (last, kind) in [("09:59:30", Kind::Busy), ("09:50:00", Kind::Connected)] {
            let terminal = Terminal { name: "1".to_owned(), last_activity: Some(at(last)) };
            let said = Said { terminals: vec![terminal], ..Said::default() };
            let found = judge(&Look { servers: vec![server(None, Ok(said))], ..empty_look() }, &Rules::default());
            assert_eq!((found.kind, found.used_at), (kind, Some(at(last))));
        }
    }

    #[test]
    fn a_refusal_is_quiet_only_when_no_server_runs() {
        let lab = || process(70, 1).uid(1000).words("/opt/bin/python3.10 /opt/bin/jupyter-lab --port 9999");
        let cases = [
            (vec![], vec![server(None, Err(Trouble::Refused))], Kind::Quiet),
            (vec![lab()], vec![server(None, Err(Trouble::Refused))], Kind::Unknown),
            (vec![lab()], vec![], Kind::Unknown),
            (vec![lab()], vec![server(Some(70), Err(Trouble::Refused))], Kind::Unknown),
            (vec![lab()], vec![server(Some(70), Ok(Said::default()))], Kind::Quiet),
            (
                vec![lab()],
                vec![server(Some(70), Ok(Said::default())), server(None, Err(Trouble::Refused))],
                Kind::Quiet,
            ),
            (vec![lab()], vec![server(None, Ok(Said::default()))], Kind::Quiet),
            (vec![lab(), lab()], vec![server(None, Err(Trouble::Failed("403".to_owned())))], Kind::Unknown),
            // a file that was left behind, whose process is another program's now
            (
                vec![lab(), process(71, 1).uid(1000).words("sleep 9")],
                vec![server(Some(71), Err(Trouble::Failed("403".to_owned()))), server(Some(70), Ok(Said::default()))],
                Kind::Quiet,
            ),
            (
                vec![process(71, 1).uid(1000).words("python my_server.py")],
                vec![server(Some(71), Err(Trouble::Failed("403".to_owned())))],
                Kind::Unknown,
            ),
            // in a container: its file lies in there, and only an address from the settings can answer for it
            (vec![lab().contained("abc")], vec![], Kind::Unknown),
            (vec![lab().contained("abc")], vec![server(None, Err(Trouble::Refused))], Kind::Unknown),
            (vec![lab().contained("abc")], vec![server(None, Ok(Said::default()))], Kind::Quiet),
            (
                vec![lab(), process(71, 1).words("python jupyter-lab").contained("abc")],
                vec![server(Some(70), Ok(Said::default()))],
                Kind::Unknown,
            ),
            (
                vec![lab(), process(71, 1).words("python jupyter-lab").contained("abc")],
                vec![server(Some(70), Ok(Said::default())), server(None, Ok(Said::default()))],
                Kind::Quiet,
            ),
        ];
        for (number, (processes, servers, kind)) in cases.into_iter().enumerate() {
            let processes: Vec<_> = processes.into_iter().map(|one| (one, 0)).collect();
            let found = judge(&Look { servers, ..look(&processes) }, &Rules::default());
            assert_eq!(found.kind, kind, "case {number}: {}", found.words);
        }
    }

    #[test]
    fn a_server_in_a_container_that_the_settings_leave_out_is_not_asked_for() {
        let mut rules = Rules::default();
        rules.containers.ignore = vec![Wording("p70".to_owned())];
        let of = |process: Process| judge(&look(&[(process.words("jupyter-lab"), 0)]), &rules);
        assert_eq!(of(process(70, 1).contained("abc")).kind, Kind::Quiet);
        assert_eq!(of(process(70, 1)).kind, Kind::Unknown, "it is in no container");
        let found = of(process(71, 1).contained("abc"));
        assert!(found.words.starts_with("the Jupyter server of process 71 in container abc runs"), "{}", found.words);
    }

    #[test]
    fn servers_are_told_from_kernels_and_shells() {
        for (words, is) in [
            ("/opt/bin/python /opt/bin/jupyter-server --port=1", true),
            ("/opt/bin/python3.11 /opt/bin/jupyter lab", true),
            ("/usr/bin/jupyter server", true),
            ("python -m jupyter_server", true),
            ("python3 -m jupyterlab --no-browser", true),
            ("python3 /opt/bin/jupyterhub-singleuser", true),
            ("python -m ipykernel_launcher -f k.json", false),
            ("bash -c jupyter-lab", false),
            ("vim jupyter-lab", false),
            ("python -m server", false),
            ("/usr/bin/jupyter nbconvert", false),
            ("", false),
        ] {
            assert_eq!(is_jupyter(&process(9, 1).words(words)), is, "{words}");
        }
    }
}
