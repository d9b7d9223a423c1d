//! Commands that read files only: `check` in text and JSON, settings that are missing or wrong, `freeze`.

use serde_json::Value;

use crate::program::{Place, off_now};

const FIVE_MISTAKES: &str = "\
name = \"bad\"
mode = \"enfroce\"
[scope]
workspaces = []
[hours]
zone = \"Mars/Base\"
allowed = [\"Mon 25:00-20:00\"]
colour = 1
";

fn place() -> Place {
    let id = "/subscriptions/5a4d0000-0000-4000-8000-0000000005ca/resourceGroups/rg-000/providers/Microsoft.MachineLearningServices/workspaces/ws-00000";
    Place::new("http://127.0.0.1:9", &[id.to_owned()], "")
}

#[test]
fn check_lists_all_five_mistakes_at_once() {
    let place = place();
    place.write("policies/bad.toml", FIVE_MISTAKES);
    let said = place.run(&["check"]);
    assert_eq!(said.code, 2, "{}{}", said.out, said.err);
    let places =
        ["2:8: mode:", "4:14: scope.workspaces:", "6:8: hours.zone:", "7:12: hours.allowed[0]:", "8:1: hours.colour:"];
    for at in places {
        let line = said.out.lines().find(|line| line.contains(&format!("policies/bad.toml:{at}")));
        assert!(line.is_some_and(|line| line.contains(", ")), "{at} with problem and help, in\n{}", said.out);
    }
    assert!(said.out.contains("5 error(s), 0 warning(s), 0 valid policies"), "{}", said.out);
    assert!(!said.out.contains('\u{1b}'), "colours in a pipe: {:?}", said.out);
    let coloured = place.run(&["check", "--color", "never", "policies/bad.toml"]);
    assert_eq!((coloured.code, coloured.out.matches("policies/bad.toml:").count()), (2, 5), "{}", coloured.out);
}

#[test]
fn g12_a_freeze_needs_no_faultless_settings_and_no_reason() {
    let place = place();
    place.write("policies/bad.toml", FIVE_MISTAKES);
    let settings = std::fs::read_to_string(place.path("lightsout.toml")).unwrap();
    place.write("lightsout.toml", &settings.replacen("[sweep]", "[sweep]\nintervall = \"1m\"", 1));
    let said = place.run(&["freeze"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(
        said.out.contains("FROZEN: frozen by hand") && said.err.contains("sweep.intervall"),
        "{}{}",
        said.out,
        said.err
    );
    assert!(place.run(&["status"]).out.contains("no service is running"), "status needs none either");
    assert_eq!(place.run(&["freeze", "--lift"]).code, 0);
    // where the switch would be is not known: nothing is claimed
    place.write("lightsout.toml", &settings.replacen("dir = \"store\"", "dir = 7", 1));
    let said = place.run(&["freeze"]);
    assert_eq!((said.code, said.out.as_str()), (2, ""), "{}", said.err);
}

#[test]
fn check_json_tells_diagnostics_and_edges_over_the_change_of_clocks() {
    let place = place();
    let policy = off_now("observe", "15m", "");
    let hours = "zone = \"Europe/Berlin\"\nallowed = [\"Sat-Sun 02:30-20:00\"]\nholidays = [\"2026-10-24\"]\n#";
    place.write("policies/dst.toml", &policy.replace("zone = \"UTC\"\n", hours));
    place.write("policies/bad.toml", FIVE_MISTAKES);
    let said = place.run(&["check", "--json", "--from", "2026-10-24", "--days", "3"]);
    assert_eq!((said.code, said.err.as_str()), (2, ""), "{}", said.out);
    let told: Value = serde_json::from_str(&said.out).unwrap();
    let errors: Vec<&Value> =
        told["diagnostics"].as_array().unwrap().iter().filter(|d| d["severity"] == "error").collect();
    assert_eq!(errors.len(), 5);
    for (key, kind) in [("file", "s"), ("key", "s"), ("problem", "s"), ("help", "s"), ("line", "n"), ("column", "n")] {
        let right = |value: &Value| if kind == "s" { value.is_string() } else { value.is_u64() };
        assert!(errors.iter().all(|error| right(&error[key])), "{key}: {errors:?}");
    }
    let policy = &told["policies"][0];
    assert_eq!((&policy["name"], &policy["zone"]), (&"night".into(), &"Europe/Berlin".into()));
    let edges: Vec<(&str, &str, &str)> = policy["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edge| (edge["at"].as_str().unwrap(), edge["kind"].as_str().unwrap(), edge["local"].as_str().unwrap()))
        .collect();
    // Sunday 02:30 happens twice (S4): hours begin at the earlier instant. Saturday is a holiday.
    let on = edges.iter().find(|(at, kind, _)| *at == "2026-10-25T00:30:00Z" && *kind == "on");
    assert!(on.is_some_and(|(_, _, local)| local.contains("02:30")), "{edges:?}");
    assert!(edges.iter().any(|(at, kind, _)| *at == "2026-10-25T19:00:00Z" && *kind == "off"), "{edges:?}");
    assert!(!edges.iter().any(|(at, kind, _)| at.starts_with("2026-10-24T00:30") && *kind == "on"), "{edges:?}");
    let noted = policy["edges"].as_array().unwrap().iter().filter(|edge| edge["note"].is_string()).count();
    assert!(noted >= 1, "{policy:#}");
    let empty = place.run(&["check", "policies/dst.toml", "--json", "--from", "2026-10-26", "--days", "0"]);
    let told: Value = serde_json::from_str(&empty.out).unwrap();
    assert_eq!((empty.code, &told["policies"][0]["edges"]), (0, &Value::Array(Vec::new())), "{}", empty.out);
}

#[test]
fn without_settings_nothing_is_done() {
    let place = place();
    for command in [vec!["run"], vec!["sweep"], vec!["plan"], vec!["check"], vec!["status"], vec!["freeze", "--status"]]
    {
        let missing = place.run(&[vec!["-c", "nowhere.toml"], command.clone()].concat());
        assert_eq!(missing.code, 2, "{command:?}: {}{}", missing.out, missing.err);
        assert!(format!("{}{}", missing.out, missing.err).contains("nowhere.toml"), "{command:?}: {}", missing.err);
    }
    place.write("lightsout.toml", "[sweep]\ninterval = \"soon\"\n[fleat]\n");
    let wrong = place.run(&["sweep"]);
    assert_eq!(wrong.code, 2);
    for words in ["lightsout.toml:2:12: sweep.interval:", "fleat", "error: the configuration has"] {
        assert!(wrong.err.contains(words), "{words} in {}", wrong.err);
    }
    assert!(!place.path("store").exists(), "wrong settings leave no trace");
}

#[test]
fn a_freeze_is_a_file_that_is_written_told_and_lifted() {
    let place = place();
    std::fs::create_dir(place.path("store")).unwrap();
    let state = |args: &[&str]| {
        let said = place.run(&[&["freeze", "--json"], args].concat());
        assert_eq!(said.code, 0, "{args:?}: {}{}", said.out, said.err);
        serde_json::from_str::<Value>(&said.out).unwrap()
    };
    assert_eq!(state(&["--status"])["freeze"], "off");
    let on = state(&["--reason", "an incident"]);
    assert!(on["freeze"].to_string().contains("an incident (by ada)"), "{on}");
    assert!(place.path("store/FREEZE").is_file());
    assert_eq!(state(&["--status"])["freeze"], on["freeze"]);
    let text = place.run(&["freeze", "--status"]);
    assert!(text.out.contains("FROZEN") && text.out.contains("an incident"), "{}", text.out);
    let off = state(&["--lift"]);
    assert_eq!((&off["freeze"], &off["lifted"]), (&"off".into(), &true.into()));
    assert!(!place.path("store/FREEZE").exists());
    let kept = Place::new("http://127.0.0.1:9", &["/subscriptions/5a4d0000-0000-4000-8000-0000000005ca/resourceGroups/rg-000/providers/Microsoft.MachineLearningServices/workspaces/ws-00000".into()], "");
    let kept = kept.with("LIGHTSOUT_FREEZE", "from outside");
    std::fs::create_dir(kept.path("store")).unwrap();
    let said = kept.run(&["freeze", "--lift"]);
    assert_eq!(said.code, 1, "the variable freezes still: {}", said.out);
    assert!(said.out.contains("from outside"), "{}", said.out);
}

#[test]
fn check_tries_an_operators_templates_on_every_kind_of_message() {
    let place = place();
    let settings = std::fs::read_to_string(place.path("lightsout.toml")).unwrap();
    let table = if settings.contains("[notify]") { "" } else { "\n[notify]\n" };
    place.write("lightsout.toml", &format!("{settings}{table}templates = \"words\"\n"));
    let missing = place.run(&["check"]);
    assert_eq!(missing.code, 2, "{}{}", missing.out, missing.err);
    assert!(
        missing.out.contains("words:1:1: the templates in") && missing.out.contains("No such file"),
        "{}",
        missing.out
    );
    std::fs::create_dir(place.path("words")).unwrap();
    place.write("words/warning.subject.txt", "[lab] {{ headline }}");
    place.write("words/digest.html", "<p>\n{{ hedline }}</p>");
    place.write("words/letter.txt", "{% if %}");
    place.write("words/leter.html", "x");
    place.write("words/.letter.txt.swp", "{{");
    let wrong = place.run(&["check"]);
    assert_eq!(wrong.code, 2, "{}{}", wrong.out, wrong.err);
    for begins in
        ["words/digest.html:2:1: ", "words/leter.html:1:1: no template is called so", "words/letter.txt:1:1: "]
    {
        assert!(wrong.out.contains(begins), "{begins} in\n{}", wrong.out);
    }
    assert!(wrong.out.contains("3 error(s)"), "{}", wrong.out);
    for file in ["digest.html", "leter.html", "letter.txt"] {
        std::fs::remove_file(place.path("words").join(file)).unwrap();
    }
    let well = place.run(&["check"]);
    assert_eq!(well.code, 0, "{}{}", well.out, well.err);
}

#[test]
fn check_says_when_a_policy_names_people_or_hours_that_settings_do_not_have() {
    let place = place();
    let asked = "[warning]\nnotify = [\"team\"]\nrespect_quiet = true\n";
    place.write("policies/night.toml", &off_now("observe", "15m", "").replace("[warning]\n", asked));
    let settings = std::fs::read_to_string(place.path("lightsout.toml")).unwrap();
    let lacking = place.run(&["check"]);
    for words in ["warning.notify: \"team\" is named", "warning.respect_quiet: there are no quiet hours"] {
        assert!(lacking.out.contains(words), "{words} in\n{}{}", lacking.out, lacking.err);
    }
    place.write("owners.toml", "[teams]\nml = \"lead@example.org\"\n");
    let more = "[ledger]\nowners = \"owners.toml\"\n[notify.quiet]\nhours = [\"daily 20:00-07:00\"]\n";
    place.write("lightsout.toml", &format!("{settings}{more}"));
    let well = place.run(&["check"]);
    assert!(!well.out.contains("warning.notify") && !well.out.contains("respect_quiet"), "{}", well.out);
}

#[test]
fn check_says_when_what_is_deleted_without_a_yes_is_told_to_programs_alone() {
    let place = place();
    let rule = "[stopped]\ndelete_after = \"30d\"\ndelete = \"automatic\"\nautomatic = { names = [\"scratch-*\"] }\n[warning]\n";
    place.write("policies/night.toml", &off_now("observe", "15m", "").replace("[warning]\n", rule));
    let settings = std::fs::read_to_string(place.path("lightsout.toml")).unwrap();
    let webhook = "[notify.webhook]\nurl = \"http://127.0.0.1:9/\"\nunsigned = true\n";
    place.write("lightsout.toml", &format!("{settings}{webhook}"));
    let words = "stopped.delete: this deletes nothing: every step of the ladder must reach a person";
    let programs = place.run(&["check"]);
    assert!(programs.out.contains(words), "{}{}", programs.out, programs.err);
    let slack = "[notify.slack]\nurl_file = \"slack\"\n";
    place.write("slack", "https://127.0.0.1:9/hook");
    place.write("lightsout.toml", &format!("{settings}{webhook}{slack}"));
    let people = place.run(&["check"]);
    assert!(!people.out.contains(words) && people.out.contains("0 error(s)"), "{}{}", people.out, people.err);
}
