//! What kernels do that no server tells of: work below a server whose kernels are idle, and kernels of no server.

use super::found::{Seen, cores};
use super::jupyter::is_jupyter;
use crate::agent::facts::{Look, Process};
use crate::agent::rules::{OtherKernels, Rules};

/// Work below Jupyter servers, whatever their kernels say: a cell that ended may have left a program running, and an idle
/// kernel may work in a thread of its own. What the servers themselves do is no work: pages ask them all the time, and so
/// does this agent. Those in containers are told of with their containers.
pub(super) fn at_work<'a>(look: &'a Look, rules: &'a Rules) -> impl Iterator<Item = Seen> + 'a {
    let below = |pid: u32| look.ancestors(pid).any(is_jupyter);
    let first =
        move |process: &&Process| is_jupyter(process) && process.who.container.is_none() && !below(process.stat.pid);
    look.processes().filter(first).filter_map(move |server| {
        let pid = server.stat.pid;
        let used = look.tree_use(pid).saturating_sub(look.window.mean_of(pid));
        let words = || format!("what {} runs below Jupyter uses {} cores", look.name(server.who.uid), cores(used));
        (used >= u64::from(rules.jupyter.busy_permille)).then(|| Seen::busy(look.at, words()))
    })
}

/// Kernels that no Jupyter server began, and that none which was asked tells of: those of VS Code, and in containers. A
/// cell in one may work without a word and without the processor, and nobody on the machine can be asked about it.
pub(super) fn of_no_server<'a>(look: &'a Look, rules: &'a Rules) -> impl Iterator<Item = Seen> + 'a {
    let said = look.servers.iter().filter_map(|server| server.said.as_ref().ok());
    let told: Vec<String> =
        said.flat_map(|said| &said.kernels).map(|kernel| format!("kernel-{}.json", kernel.id)).collect();
    // A process that a kernel forks off bears its words.
    let strange = move |process: &&Process| {
        let above = look.ancestors(process.stat.pid).any(|above| is_jupyter(above) || is_kernel(above));
        is_kernel(process)
            && !above
            && !process.is_left_out(&rules.containers)
            && !process.who.words.iter().any(|word| told.iter().any(|file| word.contains(file)))
    };
    look.processes().filter(strange).map(|process| {
        let (who, pid) = (look.name(process.who.uid), process.stat.pid);
        let place = process.who.container.as_ref().map_or_else(String::new, |id| format!(" in container {id}"));
        let words = format!("no Jupyter server tells of {who}'s kernel{place} (process {pid}): its state is not known");
        match rules.jupyter.other_kernels {
            OtherKernels::Connected => Seen::connected(words),
            OtherKernels::Unknown => Seen::unknown(words),
            OtherKernels::Busy => Seen::busy(look.at, words),
        }
    })
}

/// True for a kernel of Python: `python -m ipykernel_launcher -f kernel.json`.
fn is_kernel(process: &Process) -> bool {
    let words = &process.who.words;
    let base = |word: &String| word.rsplit('/').next().unwrap_or_default().to_owned();
    let python = words.first().map(base).is_some_and(|program| program.starts_with("py"));
    let launched =
        || words.iter().map(base).any(|word| word == "ipykernel_launcher" || word == "ipykernel_launcher.py");
    let module = || words.iter().zip(words.iter().skip(1)).any(|(dash, name)| dash == "-m" && name == "ipykernel");
    let installs = || words.iter().any(|word| word == "install");
    python && (launched() || (module() && !installs()))
}

#[cfg(test)]
mod tests {
    use super::super::super::facts::{Said, Server};
    use super::super::super::parse::Kernel;
    use super::super::super::rules::Wording;
    use super::super::super::tests_support::{look, process};
    use super::super::jupyter::judge;
    use super::*;
    use crate::heartbeat::Kind;

    const LAB: &str = "/opt/bin/python3.10 /opt/bin/jupyter-lab";
    const KERNEL: &str = "/opt/bin/python -m ipykernel_launcher -f /run/user/1000/jupyter/kernel-4b78.json";

    /// A server that answers, and has one idle kernel.
    fn server(pid: Option<u32>) -> Server {
        let kernel = Kernel {
            id: "4b78".to_owned(),
            name: "python3".to_owned(),
            last_activity: None,
            execution_state: "idle".to_owned(),
            connections: 0,
        };
        let said = Said { kernels: vec![kernel], ..Said::default() };
        Server { url: "http://localhost:8888".to_owned(), pid, said: Ok(said) }
    }

    fn says(processes: &[(Process, u64)], servers: Vec<Server>, rules: &Rules) -> (Kind, String) {
        let found = judge(&Look { servers, ..look(processes) }, rules);
        (found.kind, found.words)
    }

    fn rules(other_kernels: OtherKernels) -> Rules {
        let mut rules = Rules::default();
        rules.jupyter.other_kernels = other_kernels;
        rules
    }

    #[test]
    fn a_program_that_an_idle_kernel_left_running_is_work() {
        let of = |lab: u64, kernel: u64, child: u64| {
            let processes = [
                (process(70, 1).uid(1000).words(LAB), lab),
                (process(71, 70).uid(1000).words(KERNEL), kernel),
                (process(72, 71).uid(1000).named("python").words("python train.py"), child),
            ];
            says(&processes, vec![server(Some(70))], &Rules::default())
        };
        assert_eq!(of(0, 0, 400), (Kind::Busy, "what ana runs below Jupyter uses 0.4 cores".to_owned()));
        assert_eq!(of(0, 60, 40).0, Kind::Busy, "all of it together");
        assert_eq!(of(0, 49, 49).0, Kind::Quiet);
        assert_eq!(of(900, 0, 0).0, Kind::Quiet, "pages that ask a server are nobody's work");
    }

    #[test]
    fn what_a_server_in_a_container_runs_is_its_containers() {
        let contained = |pid, parent, words: &str| process(pid, parent).uid(1000).words(words).contained("abc");
        let processes = [(contained(70, 1, LAB), 0), (contained(71, 70, KERNEL), 400)];
        assert_eq!(says(&processes, vec![server(None)], &Rules::default()).0, Kind::Quiet);
    }

    #[test]
    fn a_kernel_of_no_server_is_what_the_settings_say_and_says_that_nobody_knows() {
        let code = "/opt/bin/python -m ipykernel_launcher --f=/home/ana/.local/share/jupyter/runtime/kernel-v3ab.json";
        let kernel = || process(80, 30).uid(1000).words(code);
        // What it forks off looks the same, and is the same.
        let processes = [(kernel(), 0), (process(81, 80).uid(1000).words(code), 0)];
        let words = "no Jupyter server tells of ana's kernel (process 80): its state is not known".to_owned();
        for (other, kind) in [
            (OtherKernels::Connected, Kind::Connected),
            (OtherKernels::Unknown, Kind::Unknown),
            (OtherKernels::Busy, Kind::Busy),
        ] {
            assert_eq!(says(&processes, Vec::new(), &rules(other)), (kind, words.clone()));
        }
        assert_eq!(Rules::default(), rules(OtherKernels::Connected));
        let (kind, words) = says(&[(kernel().contained("abc"), 0)], vec![server(None)], &rules(OtherKernels::Unknown));
        assert_eq!(kind, Kind::Unknown);
        assert!(words.contains("ana's kernel in container abc (process 80)"), "{words}");
        let mut ignoring = rules(OtherKernels::Unknown);
        ignoring.containers.ignore = vec![Wording("p80".to_owned())];
        assert_eq!(says(&[(kernel().contained("abc"), 0)], Vec::new(), &ignoring).0, Kind::Quiet);
        assert_eq!(says(&[(kernel(), 0)], Vec::new(), &ignoring).0, Kind::Unknown, "it is in no container");
    }

    #[test]
    fn a_kernel_that_a_server_tells_of_is_not_strange() {
        let strict = rules(OtherKernels::Busy);
        let kernel = |parent| (process(71, parent).uid(1000).words(KERNEL), 0);
        let lab = (process(70, 1).uid(1000).words(LAB), 0);
        assert_eq!(says(&[lab, kernel(70)], vec![server(Some(70))], &strict).0, Kind::Quiet, "it hangs below it");
        // A server that is asked by its address alone, such as a gateway in a container, names its kernels.
        assert_eq!(says(&[kernel(1)], vec![server(None)], &strict).0, Kind::Quiet);
        assert_eq!(says(&[kernel(1)], Vec::new(), &strict).0, Kind::Busy);
    }

    #[test]
    fn kernels_are_told_from_what_speaks_of_them() {
        for (words, is) in [
            ("/opt/bin/python -m ipykernel_launcher -f k.json", true),
            ("/opt/bin/python3.11 -Xfrozen_modules=off -m ipykernel_launcher --f=k.json", true),
            ("python -m ipykernel -f k.json", true),
            ("pypy3 /opt/lib/site-packages/ipykernel_launcher.py -f k.json", true),
            ("python -m ipykernel install --user", false),
            ("pgrep -f ipykernel_launcher", false),
            ("vim ipykernel_launcher.py", false),
            ("python train.py", false),
            ("", false),
        ] {
            assert_eq!(is_kernel(&process(9, 1).words(words)), is, "{words}");
        }
    }
}
