//! New instances as people write them: what is taken, and each mistake in words, all of them at once.

use super::*;
use crate::facts::{NewIdentity, NewTimes};
use crate::settings::{ScriptSource, identities, new_schedules, read_creations, script_wishes, tag_pairs};

fn good() -> CreationWritten {
    CreationWritten {
        name: "ci-ada".to_owned(),
        workspace: "ml-dev".to_owned(),
        size: "Standard_DS3_v2".to_owned(),
        ..CreationWritten::default()
    }
}

fn all(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn what_is_right_has_no_fault() {
    let mut full = good();
    assert_eq!(full.faults(), []);
    full.ssh = Some("on".to_owned());
    full.ssh_key = Some("-".to_owned());
    full.idle_shutdown = Some(Span::minutes(15));
    full.schedule = all(&["stop Mon-Fri 19:00 Europe/Madrid", "start daily 08:30"]);
    full.cron = all(&["stop 0 19 * * 1-5"]);
    full.zone = Some("Romance Standard Time".to_owned());
    full.tag = all(&["team=vision", "empty="]);
    full.on_behalf_of = Some("00000000-0000-0000-0000-000000000001".to_owned());
    full.setup_script = all(&["creation=Users/ada/setup.sh", "startup=inline:mine.sh"]);
    full.setup_args = all(&["creation=--fast a=b"]);
    full.setup_timeout = all(&["startup=15m"]);
    assert_eq!(full.faults(), []);
    let schedules = new_schedules(&full).unwrap();
    let days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"].map(str::to_owned).to_vec();
    assert_eq!(schedules[0].times, NewTimes::Weekly { days, hour: 19, minute: 0 });
    assert_eq!((schedules[0].starts, schedules[0].zone.as_str()), (false, "Romance Standard Time"));
    assert_eq!(schedules[1].times, NewTimes::Weekly { days: Vec::new(), hour: 8, minute: 30 });
    assert_eq!((schedules[1].starts, schedules[1].zone.as_str()), (true, "UTC"));
    assert_eq!(schedules[2].times, NewTimes::Cron("0 19 * * 1-5".to_owned()));
    let scripts = script_wishes(&full).unwrap();
    assert_eq!(scripts.creation.unwrap().arguments.as_deref(), Some("--fast a=b"));
    let startup = scripts.startup.unwrap();
    assert_eq!((startup.source, startup.timeout), (ScriptSource::File("mine.sh".to_owned()), Some(Span::minutes(15))));
    assert_eq!(tag_pairs(&full.tag).unwrap()[1], ("empty".to_owned(), String::new()));
    assert_eq!(identities(&all(&["system", "/subscriptions/x"])), Ok(NewIdentity::Both(all(&["/subscriptions/x"]))));
    assert_eq!(identities(&all(&["none"])), Ok(NewIdentity::None));
}

const SUBNET: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-net/providers/\
                      Microsoft.Network/virtualNetworks/hub/subnets/ml";

#[test]
fn five_fields_a_whole_subnet_and_an_agent_that_can_show_who_it_is_are_taken() {
    let mut one = good();
    one.cron = all(&["stop */15 0-6,18-23 1,15 jan-MAR mon-Fri", "start 0 8 * * 1-5", "stop 0 19 31 12 7"]);
    one.subnet = Some(SUBNET.to_owned());
    assert_eq!(one.faults(), []);
    one.subnet = Some(SUBNET.replace("resourceGroups", "resourcegroups"));
    let agent = AgentWritten {
        wanted: true,
        url: Some("https://lightsout.example".to_owned()),
        binary: Some("/share/lightsout".to_owned()),
        sha256: Some("ab".repeat(32)),
        ..AgentWritten::default()
    };
    for (token_file, config, faults) in [(None, None, 1), (Some("/t"), None, 0), (None, Some("/c"), 0)] {
        let own = |path: Option<&str>| path.map(str::to_owned);
        one.agent = AgentWritten { token_file: own(token_file), config: own(config), ..agent.clone() };
        assert_eq!(one.faults().len(), faults, "{:?}", one.faults());
    }
}

type Change = fn(&mut CreationWritten);

#[test]
fn each_mistake_is_named_at_its_key() {
    let cases: [(&str, &str, Change); 33] = [
        ("name", "last hyphen", |one| one.name = "ci-ada-7".to_owned()),
        ("size", "no VM size", |one| one.size = "Standard DS3".to_owned()),
        ("ssh", "no key", |one| one.ssh = Some("on".to_owned())),
        ("ssh_key", "SSH is not on", |one| one.ssh_key = Some("k".to_owned())),
        ("ssh", "not known", |one| one.ssh = Some("yes".to_owned())),
        ("subnet", "no id of a subnet", |one| one.subnet = Some("default".to_owned())),
        ("idle_shutdown", "no idle timer of 5m", |one| one.idle_shutdown = Some(Span::minutes(5))),
        ("idle_shutdown", "no idle timer", |one| one.idle_shutdown = Some(Span::hours(73))),
        ("schedule", "neither start nor stop", |one| one.schedule = all(&["halt Mon 19:00"])),
        ("schedule", "no days", |one| one.schedule = all(&["stop Someday 19:00"])),
        ("schedule", "no time of the day", |one| one.schedule = all(&["stop Mon 24:00"])),
        ("schedule", "no zone \"Mars/Base\"", |one| one.schedule = all(&["stop Mon 19:00 Mars/Base"])),
        ("schedule", "5 schedules", |one| one.schedule = vec!["stop daily 19:00".to_owned(); 5]),
        ("cron", "has 4 fields", |one| one.cron = all(&["stop 0 19 * *"])),
        ("tag", "there twice", |one| one.tag = all(&["a=1", "A=2"])),
        ("identity", "no identity", |one| one.identity = all(&["mine"])),
        ("on_behalf_of", "no object id", |one| one.on_behalf_of = Some("ada@example.org".to_owned())),
        ("setup_script", "already", |one| one.setup_script = all(&["creation=a", "creation=b"])),
        ("setup_timeout", "no such script", |one| one.setup_timeout = all(&["startup=5m"])),
        ("agent_sha256", "needs it", |one| one.agent.wanted = true),
        ("agent_token_file", "cannot show who it is", |one| one.agent.wanted = true),
        ("subnet", "no id of a subnet", |one| one.subnet = Some("/subscriptions/x/subnets/".to_owned())),
        ("subnet", "no id of a subnet", |one| one.subnet = Some(SUBNET.replace("/subnets/", "/subnets/a/"))),
        ("subnet", "no id of a subnet", |one| one.subnet = Some(SUBNET.replace("Microsoft.Network", "Microsoft.Web"))),
        ("subnet", "no id of a subnet", |one| one.subnet = Some(SUBNET.replace("rg-net", ".."))),
        ("cron", "\"99\" is no minute, which is 0 to 59", |one| one.cron = all(&["stop 99 99 99 99 99"])),
        ("cron", "\"24\" is no hour", |one| one.cron = all(&["stop 0 24 * * *"])),
        ("cron", "\"0\" is no day of the month", |one| one.cron = all(&["stop 0 1 0 * *"])),
        ("cron", "\"13\" is no month", |one| one.cron = all(&["stop 0 1 1 13 *"])),
        ("cron", "\"8\" is no day of the week", |one| one.cron = all(&["stop 0 1 * * 8"])),
        ("cron", "\"5-1\" is no day of the week", |one| one.cron = all(&["stop 0 1 * * 5-1"])),
        ("cron", "\"*/0\" is no minute", |one| one.cron = all(&["stop */0 1 * * *"])),
        ("cron", "\"1,,2\" is no minute", |one| one.cron = all(&["stop 1,,2 1 * * *"])),
    ];
    for (key, words, change) in cases {
        let mut one = good();
        change(&mut one);
        let faults = one.faults();
        let named = faults.iter().find(|fault| fault.key == key && fault.problem.contains(words));
        let named = named.or_else(|| faults.iter().find(|fault| fault.key == key && fault.help.contains(words)));
        assert!(named.is_some_and(|fault| !fault.help.is_empty()), "{key} {words}: {faults:?}");
    }
}

#[test]
fn a_file_is_read_whole_and_every_mistake_has_its_line() {
    let text = "[[instance]]\nname = \"ci-a\"\nworkspace = \"w\"\nsize = \"S\"\nidle_shutdown = \"60m\"\n\n\
                [[instance]]\nname = \"ci-b\"\nworkspace = \"w\"\nsize = \"S\"\ntag = [\"a=b\"]\n";
    let (read, found) = read_creations("class.toml", text);
    let read = read.unwrap_or_else(|| panic!("{found:?}"));
    assert_eq!(read.iter().map(|one| one.place.as_str()).collect::<Vec<_>>(), ["class.toml:1", "class.toml:7"]);
    assert_eq!((read[0].written.idle_shutdown, &read[1].written.tag), (Some(Span::minutes(60)), &all(&["a=b"])));
    let bad = "colour = 1\n[[instance]]\nname = \"ci-7\"\nworkspace = \"w\"\nsize = \"S\"\nshh = \"on\"\n\
               [[instance]]\nname = \"ci-c\"\nworkspace = 7\nidle_shutdown = \"1m\"\n\
               [[instance]]\nname = \"ci-d\"\nworkspace = \"w\"\nsize = \"S\"\n[[instance]]\nname = \"CI-D\"\nworkspace = \"w\"\nsize = \"S\"\n";
    let (read, found) = read_creations("class.toml", bad);
    assert!(read.is_none());
    let told: Vec<String> = found.iter().map(ToString::to_string).collect();
    for (line, words) in [
        (1, "colour: unknown key"),
        (3, "no name for an instance"),
        (6, "did you mean `ssh`"),
        (9, "this is a whole number"),
        (7, "it has no size"),
        (10, "no idle timer of 1m"),
        (15, "twice"),
    ] {
        let start = format!("class.toml:{line}:");
        assert!(told.iter().any(|one| one.starts_with(&start) && one.contains(words)), "{line} {words}: {told:#?}");
    }
    assert!(read_creations("f", "").1[0].problem.contains("no instance"));
    assert!(read_creations("f", "[[instance]\n").0.is_none());
}
