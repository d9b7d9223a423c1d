//! Editors: VS Code, what is made of it, and RStudio. Being connected is one thing, and what runs below them another.

use super::found::{Found, Seen, cores, strongest};
use crate::agent::facts::{Look, Process};
use crate::agent::rules::Rules;
use crate::heartbeat::Signal;

/// Where servers of VS Code and its likes lie. The last two are those of `code tunnel`.
const PLACES: [&str; 9] = [
    ".vscode-server",
    ".vscode-remote",
    "vscode-server",
    "code-server",
    "openvscode-server",
    ".cursor-server",
    ".windsurf-server",
    ".vscode/cli/servers/",
    ".vscode-insiders/cli/servers/",
];

/// VS Code servers: connected while an extension host runs, busy when anything below one works.
pub(super) fn vscode(look: &Look, rules: &Rules) -> Found {
    editors(look, (Signal::Vscode, "VS Code"), rules.vscode.busy_permille, is_extension_host)
}

/// RStudio sessions.
pub(super) fn rstudio(look: &Look, rules: &Rules) -> Found {
    editors(look, (Signal::Rstudio, "RStudio"), rules.rstudio.busy_permille, |process| process.stat.name == "rsession")
}

fn editors(look: &Look, (signal, name): (Signal, &str), busy: u32, is: fn(&Process) -> bool) -> Found {
    let mut seen: Vec<Seen> = Vec::new();
    if look.snapshot.is_none() {
        seen.push(Seen::unknown("processes could not be read"));
    }
    for process in look.processes().filter(|process| is(process)) {
        let top = if signal == Signal::Vscode { server_of(process, look) } else { process };
        let (used, who) = (look.tree_use(top.stat.pid), look.name(process.who.uid));
        if used >= u64::from(busy) {
            seen.push(Seen::busy(look.at, format!("{name} of {who} uses {} cores", cores(used))));
        } else {
            seen.push(Seen::connected(format!("{name} of {who} is connected")));
        }
    }
    strongest(signal, seen, &format!("no {name}"))
}

/// The server above an extension host, with its terminals below it.
fn server_of<'a>(process: &'a Process, look: &'a Look) -> &'a Process {
    look.ancestors(process.stat.pid).take_while(|above| is_server(above)).last().unwrap_or(process)
}

/// True for the server of an editor, and for what it is made of.
pub(super) fn is_server(process: &Process) -> bool {
    process.who.words.iter().take(3).any(|word| PLACES.iter().any(|place| word.contains(place)))
}

/// From how many thousandths of a core a process with all below it works: what an editor's server does at rest is no work
/// either when somebody's connection or their `code tunnel` is above it.
pub(super) fn work_from(root: &Process, look: &Look, rules: &Rules) -> u64 {
    let below = |process: &Process| look.ancestors(process.stat.pid).any(|above| above.stat.pid == root.stat.pid);
    let holds_editor = look.processes().any(|process| is_server(process) && below(process));
    let editor = if holds_editor { rules.vscode.busy_permille } else { 0 };
    u64::from(rules.detached.busy_permille.max(editor))
}

fn is_extension_host(process: &Process) -> bool {
    is_server(process) && process.who.words.iter().any(|word| word == "--type=extensionHost")
}

#[cfg(test)]
mod tests {
    use super::super::super::tests_support::{look, process};
    use super::*;
    use crate::heartbeat::Kind;

    #[test]
    fn servers_of_every_kind_are_known_by_where_they_lie() {
        for (place, is) in [
            ("/home/ana/.vscode-server/bin/abc/node", true),
            ("/home/ana/.vscode-server/cli/servers/Stable-abc/server/node", true),
            ("/home/ana/.vscode-server-insiders/bin/abc/node", true),
            ("/home/ana/.vscode/cli/servers/Stable-abc/server/node", true),
            ("/home/ana/.vscode-insiders/cli/servers/Insiders-abc/server/node", true),
            ("/home/ana/.windsurf-server/bin/abc/node", true),
            ("/home/ana/.cursor-server/bin/abc/node", true),
            ("/home/ana/.vscode/extensions/x/node", false),
            ("/usr/bin/node", false),
        ] {
            let host = process(31, 1).uid(1000).words(&format!("{place} bootstrap-fork --type=extensionHost"));
            let found = vscode(&look(&[(host, 0)]), &Rules::default());
            assert_eq!(found.kind, if is { Kind::Connected } else { Kind::Quiet }, "{place}");
        }
    }

    #[test]
    fn an_editor_is_connected_and_busy_when_something_below_it_works() {
        let node = "/home/ana/.vscode-server/bin/abc/node";
        let of = |permille: u64, host: &str| {
            vscode(
                &look(&[
                    (process(30, 1).uid(1000).words(&format!("{node} server-main.js")), 0),
                    (process(31, 30).uid(1000).words(&format!("{node} bootstrap-fork --type={host}")), 20),
                    (process(32, 30).uid(1000).words(&format!("{node} bootstrap-fork --type=ptyHost")), 0),
                    (process(33, 32).uid(1000).named("bash"), 0),
                    (process(34, 33).uid(1000).named("python"), permille),
                ]),
                &Rules::default(),
            )
        };
        assert_eq!(of(0, "extensionHost").kind, Kind::Connected);
        assert_eq!(of(900, "extensionHost").words, "VS Code of ana uses 0.92 cores");
        assert_eq!(of(0, "fileWatcher").kind, Kind::Quiet, "a server that nobody is connected to");
        let found = rstudio(&look(&[(process(30, 1).uid(1000).named("rsession"), 60)]), &Rules::default());
        assert_eq!(found.kind, Kind::Busy);
        assert_eq!(
            rstudio(&look(&[(process(30, 1).uid(1000).named("rsession"), 10)]), &Rules::default()).kind,
            Kind::Connected
        );
    }
}
