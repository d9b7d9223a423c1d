//! The book followed to the letter, in a plain Debian, by an operator who is not root.

use std::fmt::Write as _;
use std::path::Path;

use crate::azure_commands;
use crate::book::{Commands, boxes, spoken};
use crate::built::{next, package, stripped};
use crate::debian::Debian;
use crate::root;

const MINUTES: &str = "From nothing to enforcing in ten minutes";
/// With the package, in this order.
const WITH: [&str; 5] = [MINUTES, "The rights", "Upgrade", "Back up and restore", "Uninstall"];
/// From a checkout.
const WITHOUT: [&str; 2] = ["Without the package", "From a timer or cron"];

/// What must be true after the commands under a heading; each runs as root, and says itself what is wrong. `grep -c` in pipes:
/// `-q` leaves at the first line, and whoever still writes then fails.
const AFTER: &[(&str, &str)] = &[
    (
        "1. Install",
        "getent passwd lightsout; test ! -e /run/units/lightsout.service; test ! -e /etc/systemd/system/multi-user.target.wants/lightsout.service",
    ),
    ("3. What to look at", "said 'Would be stopped'; said '(observe)'; test ! -e /run/units/lightsout.service"),
    ("4. Run it, observing", "curl -sf http://127.0.0.1:9188/metrics | grep -c '^lightsout_build_info'; said observe"),
    ("5. Before you switch: what to look at", "said 'the ledger is whole'; said 'Would be stopped'"),
    (
        "6. Enforce",
        "said 'first (enforce)'; test ! -e /var/lib/lightsout/FREEZE; kill -0 $(cat /run/units/lightsout.service)",
    ),
    (
        "The rights",
        "said stop/action; said 'stopping an instance'; grep -q 'Lightsout Instance Governor' /home/ada/role.json",
    ),
    (
        "Upgrade",
        "dpkg-query --list lightsout | grep -c 0.1.1; test \"$(ls /var/backups/lightsout-*.db | wc -l)\" = 1; \
         test -e /etc/lightsout/lightsout.toml.dpkg-dist; grep -q '^subscriptions = ' /etc/lightsout/lightsout.toml; \
         grep -q '^mode = \"enforce\"' /etc/lightsout/policies/first.toml",
    ),
    (
        "Back up and restore",
        "said 'read back and whole'; said 'kept as /var/lib/lightsout/lightsout.db.before-restore-1'; said FROZEN; \
         test ! -e /var/lib/lightsout/FREEZE; test \"$(stat -c %U /var/lib/lightsout/lightsout.db)\" = lightsout; \
         test \"$(ls /var/backups/lightsout-*.db | wc -l)\" = 2; \
         tar -tzf /var/backups/lightsout-*-settings.tar.gz | grep -c link.key",
    ),
    (
        "Uninstall",
        "test ! -e /usr/bin/lightsout; test ! -e /var/lib/lightsout; test ! -e /etc/lightsout; ! getent passwd lightsout",
    ),
    ("Without the package", "test -x /usr/local/bin/lightsout; kill -0 $(cat /run/units/lightsout.service)"),
    (
        "From a timer or cron",
        "test ! -e /run/units/lightsout.service; test -s /log/lightsout-sweep.service; test -s /etc/cron.d/lightsout",
    ),
];

/// The commands that stand in the text and in tables, as one script: called from a folder without settings, as somebody in a
/// hurry does, while the service runs.
fn in_text() -> String {
    let mut script = "cd /tmp\n".to_owned();
    for (place, command) in spoken() {
        writeln!(script, "echo '== {place}, in the text'\n{{ {command}; }} >/log/said.part 2>&1").unwrap();
        writeln!(script, "cat /log/said.part; cat /log/said.part >>/log/said").unwrap();
        let frozen = if command.ends_with("lightsout freeze") { "" } else { "! " };
        writeln!(script, "{frozen}sudo test -e /var/lib/lightsout/FREEZE || exit 1").unwrap();
    }
    script + "cd \"$OLDPWD\"\n"
}

/// The boxes of these parts as one script of the operator's, with what must be true after each heading, and what is put
/// in place before a part.
fn script(parts: &[&str], before: &[(&str, &str)]) -> String {
    let all = boxes();
    let chosen: Vec<&Commands> =
        parts.iter().flat_map(|part| all.iter().filter(move |one| one.part == *part)).collect();
    let mut script = String::from(
        "set -euo pipefail\nroot() { sudo /bin/bash -c \"said() { grep -q -F -- \\\"\\$1\\\" /log/said; }; set -euxo pipefail; $1\" >/log/checks 2>&1 \
         || { cat /log/checks >&2 && exit 1; }; }\n",
    );
    let mut part = "";
    for (at, commands) in chosen.iter().enumerate() {
        if commands.part != part {
            part = &commands.part;
            for (_, text) in before.iter().filter(|(of, _)| *of == part) {
                writeln!(script, "{text}").unwrap();
            }
        }
        writeln!(script, "echo '== deploy/README.md:{}, {}, after '$SECONDS' s'", commands.line, commands.heading)
            .unwrap();
        // Not in a pipe: variables have to last.
        writeln!(script, "exec 3>&1 4>&2 >/log/said.part 2>&1\n{}exec >&3 2>&4", commands.text).unwrap();
        writeln!(script, "cat /log/said.part; cat /log/said.part >>/log/said").unwrap();
        let last = chosen.get(at + 1).is_none_or(|next| next.heading != commands.heading);
        if last && commands.heading == "6. Enforce" {
            script.push_str(&in_text());
        }
        let checks = AFTER.iter().filter(|(heading, _)| last && *heading == commands.heading);
        for (_, check) in checks {
            writeln!(script, "root '{}'\n: >/log/said", check.replace('\'', "'\\''")).unwrap();
        }
    }
    script
}

/// As the operator, from their own folder.
fn follow(debian: &Debian, script: &str, folder: &str) -> String {
    debian.put("operator.sh", script, 0o644);
    debian.walk(&format!(
        "useradd --create-home --shell /bin/bash ada\nmkdir -p {folder}\nchown -R ada: {folder}\n\
         : >/log/said; : >/log/az; : >/log/systemctl; chmod 0666 /log/*\ncd {folder}\n\
         runuser -u ada -- env HOME=/home/ada bash /operator.sh || {{ cat /log/said.part; exit 1; }}\n"
    ))
}

#[test]
fn every_box_of_the_book_is_followed_somewhere() {
    let all = boxes();
    assert!(all.len() >= 15, "{all:#?}");
    for commands in &all {
        let known = WITH.contains(&commands.part.as_str()) || WITHOUT.contains(&commands.part.as_str());
        assert!(known, "deploy/README.md:{}: nobody follows the commands under `{}`", commands.line, commands.part);
    }
    for (heading, _) in AFTER {
        assert!(all.iter().any(|commands| commands.heading == *heading), "there is nothing under `{heading}` any more");
    }
}

#[test]
fn from_nothing_to_enforcing_to_nothing_again() {
    let folder = tempfile::tempdir().unwrap();
    let Some(binary) = stripped(folder.path()) else { return };
    let Some(deb) = package(&binary, folder.path(), None) else { return };
    let Some(debian) = Debian::new(&binary) else { return };
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    debian.copy(&deb, &format!("home/ada/{}", name(&deb)));
    let next = next(&binary, folder.path()).unwrap();
    debian.copy(&next, &format!("opt/{}", name(&next)));
    let newer = "rm ./lightsout_*.deb; cp /opt/lightsout_*.deb .";
    let said = follow(&debian, &script(&WITH, &[("Upgrade", newer)]), "/home/ada");
    println!("{said}");
    assert!(said.contains("lightsout: deleted: the journal"), "{said}");
    let asked = std::fs::read_to_string(debian.path("log/az")).unwrap();
    azure_commands::judge(&asked, |number| {
        std::fs::read_to_string(debian.path(&format!("log/{number}.json"))).unwrap()
    });
}

#[test]
fn from_a_checkout_as_a_service_by_the_timer_and_from_cron() {
    let folder = tempfile::tempdir().unwrap();
    let Some(binary) = stripped(folder.path()) else { return };
    let Some(debian) = Debian::new(&binary) else { return };
    for part in ["config", "deploy"] {
        debian.copy(&root(part), &format!("home/ada/lightsout/{part}"));
    }
    debian.copy(&binary, "home/ada/lightsout/target/release/lightsout");
    let said = follow(&debian, &script(&WITHOUT, &[]), "/home/ada/lightsout");
    println!("{said}");
    let asked = std::fs::read_to_string(debian.path("log/systemctl")).unwrap();
    assert!(asked.contains("systemctl enable --now lightsout-sweep.timer"), "{asked}");
}
