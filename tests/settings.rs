//! Settings: defaults, the shipped file, every kind of mistake, what the environment and flags change, and secrets.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use lightsout::policy::{Diagnostic, Severity};
use lightsout::settings::{
    Cloud, Environment, Identity, LogFormat, LogLevel, ManagedIdentity, Overrides, SecretSource, Settings, Watched,
    load, read_settings, variable_name, variables,
};
use lightsout::units::{Percent, Span};
use secrecy::ExposeSecret;

const SHIPPED: &str = include_str!("../config/lightsout.toml");
const FLEET: &str = "[fleet]\nsubscriptions = [\"11111111-2222-3333-4444-555555555555\"]\n";

fn environment(pairs: &[(&str, &str)]) -> Environment {
    Environment::of(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

fn read(text: &str) -> (Settings, Vec<String>) {
    let (settings, found) = read_settings("lightsout.toml", text, &Environment::default(), &Overrides::none());
    (settings, lines(&found))
}

fn lines(found: &[Diagnostic]) -> Vec<String> {
    found.iter().map(ToString::to_string).collect()
}

/// A line of the shipped file that sets something: its key and value, and whether it is a default or an example.
fn setting(line: &str) -> Option<(&str, &str, bool)> {
    let (rest, default) =
        line.strip_prefix("# (example) ").map_or((line.strip_prefix("# ")?, true), |rest| (rest, false));
    let (key, value) = rest.split_once(" = ")?;
    let plain = !key.is_empty() && key.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    plain.then_some((key, value, default))
}

/// The shipped file with the lines that `keep` chooses taken out of their comments.
fn uncommented(keep: impl Fn(&str, bool) -> bool) -> String {
    uncommented_by_section(|_, key, default| keep(key, default))
}

/// The same, where the section that a line stands in counts too.
fn uncommented_by_section(keep: impl Fn(&str, &str, bool) -> bool) -> String {
    let mut section = "";
    let line = |line: &'static str| {
        section = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(section);
        match setting(line) {
            Some((key, value, default)) if keep(section, key, default) => format!("{key} = {value}\n"),
            Some(_) | None => format!("{line}\n"),
        }
    };
    SHIPPED.lines().map(line).collect()
}

const NOTHING_TO_LOOK_AT: &str = "fleet: it names nothing to look at, name subscriptions, resource_groups or workspaces; an empty fleet never means everything";

#[test]
fn the_shipped_file_lacks_only_a_fleet() {
    let (settings, found) = read(SHIPPED);
    assert_eq!(settings, Settings::default());
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found.iter().all(|line| line.ends_with(NOTHING_TO_LOOK_AT)), "G2: {found:#?}");
}

#[test]
fn the_defaults_that_the_shipped_file_shows_are_the_defaults() {
    let text = uncommented(|_, default| default);
    assert!(text.contains("\ninterval = \"60s\"") && text.contains("\nmode = \"observe\""), "the defaults were found");
    let (settings, found) = read(&text);
    assert_eq!(settings, Settings::default());
    assert_eq!(found.len(), 1, "{found:#?}");
    // Each shown default is worth something: another value in its place is seen.
    let (other, _) = read(&text.replace("interval = \"60s\"", "interval = \"61s\""));
    assert_ne!(other, Settings::default());
}

#[test]
fn the_shipped_file_shows_every_setting() {
    let mut section = String::new();
    let mut shown = Vec::new();
    for line in SHIPPED.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.to_owned();
        }
        shown.extend(setting(line).map(|(key, _, _)| format!("{section}.{key}")));
    }
    let whole_caps = |key: &str| key.strip_suffix(".count").or_else(|| key.strip_suffix(".percent")).map(str::to_owned);
    for (key, _) in variables() {
        let wanted = whole_caps(&key).unwrap_or_else(|| key.clone());
        assert!(shown.contains(&wanted), "{key} is missing");
    }
}

#[test]
fn every_example_of_the_shipped_file_can_be_read() {
    let once = ["arm_endpoint", "token_scope", "authority_host"];
    let kinds: [(&str, &[&str]); 5] = [
        ("managed", &["client_id"]),
        ("workload", &["tenant_id", "client_id", "federated_token_file"]),
        ("client-secret", &["tenant_id", "client_id", "secret_file"]),
        ("client-certificate", &["tenant_id", "client_id", "certificate_file"]),
        ("azure-cli", &["tenant_id"]),
    ];
    let others = ["subscriptions", "resource_groups", "workspaces", "tags", "ca_file", "file", "url", "secret_file"];
    let channels = ["host", "port", "user", "from", "url_file"];
    let money = ["sheet", "report_in", "rates", "owners", "folder"];
    for (kind, keys) in kinds {
        let text = uncommented_by_section(|section, key, default| match section.starts_with("web") {
            true => key != "secret_env",
            false => default || [&once[..], keys, &others, &money, &channels].iter().any(|names| names.contains(&key)),
        });
        let text = text
            .replace("cloud = \"public\"", "cloud = \"custom\"")
            .replace("kind = \"managed\"", &format!("kind = {kind:?}"));
        let text = if keys.contains(&"secret_file") {
            text
        } else {
            text.replace("secret_file = \"/run/secrets/lightsout-client-secret\"\n", "")
        };
        let (settings, found) = read(&text);
        assert_eq!(found, Vec::<String>::new(), "{kind}");
        assert!(matches!(settings.azure.cloud, Cloud::Custom { .. }) && settings.notify.webhook.is_some(), "{kind}");
        assert_eq!(settings.notify.count(), 5, "{kind}");
        assert_eq!(settings.fleet.workspaces.len(), 1);
        assert!(settings.prices.sheet.is_some() && settings.ledger.owners.is_some());
        assert_eq!(settings.prices.reported_in().code(), "EUR");
        assert!(settings.web.oidc.is_some() && settings.web.proxy.user_header.is_some() && settings.web.has_login());
    }
}

#[test]
fn every_bad_file_has_exactly_its_messages() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/settings_files/bad");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    assert!(files.len() >= 35, "{} files", files.len());
    let mut wrong = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let name = file.file_name().unwrap().to_string_lossy();
        let (_, found) = read_settings(&name, &text, &Environment::default(), &Overrides::none());
        let said: String = found.iter().map(|finding| format!("{finding}\n")).collect();
        assert!(!said.contains("hunter2"), "{name} shows a secret");
        if said != std::fs::read_to_string(file.with_extension("expected")).unwrap_or_default() {
            wrong.push(format!("{name} says:\n{said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_a_full_file_means() {
    let text = format!(
        "{FLEET}resource_groups = [\"11111111-2222-3333-4444-555555555555/rg-ml\"]\ntags = {{ env = \"dev\", team = \"*\" }}\n\
         [azure]\ncloud = \"custom\"\narm_endpoint = \"http://127.0.0.1:8080/\"\nretries = 0\n\
         [azure.identity]\nkind = \"token-file\"\ntoken_file = \"token\"\n\
         [sweep]\ninterval = \"5s\"\n[limits.fleet]\nunplanned_per_sweep = {{ count = 0 }}\n[log]\nformat = \"json\"\nlevel = \"debug\"\n"
    );
    let (settings, found) = read(&text);
    assert_eq!(found, Vec::<String>::new());
    assert_eq!(
        settings.azure.cloud,
        Cloud::Custom { arm_endpoint: "http://127.0.0.1:8080".to_owned(), token_scope: None, authority_host: None }
    );
    assert_eq!(settings.azure.identity, Identity::TokenFile { token_file: PathBuf::from("token") });
    assert_eq!((settings.azure.retries, settings.sweep.interval), (0, Span::seconds(5)));
    assert_eq!((settings.log.format, settings.log.level), (LogFormat::Json, LogLevel::Debug));
    let unplanned = settings.limits.fleet.unplanned_per_sweep;
    assert_eq!(
        (unplanned.count, unplanned.percent),
        (Some(0), Percent::new(10).ok()),
        "G4: 0 is none, and the share stays"
    );
    assert_eq!(settings.fleet.tags.get("env"), Some(&Some("dev".to_owned())));
    assert_eq!(settings.fleet.tags.get("team"), Some(&None));
}

#[test]
fn the_environment_holds_before_the_file_and_flags_before_both() {
    let text = format!("{FLEET}[sweep]\ninterval = \"30s\"\nconcurrency = 8\n");
    let env = environment(&[
        ("LIGHTSOUT_SWEEP_INTERVAL", "45s"),
        ("LIGHTSOUT_SWEEP_CONCURRENCY", "16"),
        ("LIGHTSOUT_AZURE_THROTTLE", "false"),
        ("LIGHTSOUT_AZURE_IDENTITY_CLIENT_ID", "id-of \"x\""),
        ("LIGHTSOUT_FLEET_SUBSCRIPTIONS", "aaaaaaaa-2222-3333-4444-555555555555, bbbbbbbb-2222-3333-4444-555555555555"),
        ("LIGHTSOUT_LIMITS_FLEET_PLANNED_PER_SWEEP_COUNT", "7"),
        ("LIGHTSOUT_FREEZE", "incident 42"),
        ("LIGHTSOUT_PORT_9188_TCP_ADDR", "10.0.0.1"),
        ("LIGHTSOUT_SERVICE_HOST", "10.0.0.1"),
        ("PATH", "/bin"),
    ]);
    let (settings, found) =
        read_settings("lightsout.toml", &text, &env, &Overrides::none().with("sweep.interval", "50s"));
    assert_eq!(lines(&found), Vec::<String>::new());
    assert_eq!((settings.sweep.interval, settings.sweep.concurrency), (Span::seconds(50), 16));
    assert!(!settings.azure.throttle);
    assert_eq!(settings.azure.identity, Identity::Managed(ManagedIdentity::Client("id-of \"x\"".to_owned())));
    assert_eq!(settings.fleet.subscriptions.len(), 2);
    assert_eq!(settings.limits.fleet.planned_per_sweep.count, Some(7));
    assert_eq!(settings.freeze.always.as_deref(), Some("incident 42"), "G12");
}

#[test]
fn mistakes_outside_the_file_name_the_variable_or_the_flag() {
    let env = environment(&[
        ("LIGHTSOUT_SWEEP_INTERVAL", "soon"),
        ("LIGHTSOUT_SWEEP_CONCURRENCY", "0"),
        ("LIGHTSOUT_AZURE_THROTTLE", "maybe"),
        ("LIGHTSOUT_FLEET_SUBSCRIPTIONS", "11111111-2222-3333-4444-555555555555,*"),
        ("LIGHTSOUT_SWEEP_INTERVALL", "30s"),
        ("LIGHTSOUT_AZURE_IDENTITY_CLIENT_SECRET", "hunter2"),
    ]);
    let flags = Overrides::none().with("store.dirr", "/x").with("log.level", "loud");
    let (_, found) = read_settings("lightsout.toml", "", &env, &flags);
    let expected = [
        "command line:1:1: log.level: \"loud\" is not known here, write \"error\" or \"warn\" or \"info\" or \"debug\" or \"trace\"",
        "command line:1:1: store.dirr: there is no such setting, did you mean \"store.dir\"?",
        "environment:1:1: LIGHTSOUT_AZURE_THROTTLE: this is text, write true or false, without quotes",
        "environment:1:1: LIGHTSOUT_SWEEP_INTERVAL: \"soon\" is not a length of time, write numbers with s, m, h, d or w, such as \"90m\", \"1h30m\" or \"2d\"",
        "environment:1:1: LIGHTSOUT_AZURE_IDENTITY_CLIENT_SECRET: no setting has this name; it does nothing, names are LIGHTSOUT_SECTION_KEY, such as LIGHTSOUT_SWEEP_INTERVAL",
        "environment:1:1: LIGHTSOUT_SWEEP_INTERVALL: no setting has this name; it does nothing, did you mean LIGHTSOUT_SWEEP_INTERVAL?",
        "environment:1:1: LIGHTSOUT_FLEET_SUBSCRIPTIONS: \"*\" is not a subscription id, write the subscription's id, such as \"00000000-0000-0000-0000-000000000000\"",
        "environment:1:1: LIGHTSOUT_SWEEP_CONCURRENCY: 0 is out of range, choose from 1 to 1024",
    ];
    let mut said = lines(&found);
    said.sort();
    let mut expected = expected.map(str::to_owned).to_vec();
    expected.sort();
    assert_eq!(said, expected);
    assert_eq!(
        found.iter().filter(|finding| finding.severity == Severity::Warning).count(),
        2,
        "an unknown variable is no error"
    );
}

#[test]
fn every_setting_has_a_variable_of_its_own() {
    let mut names: Vec<String> = variables().into_iter().map(|(_, name)| name).collect();
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
    assert_eq!(variable_name("azure.identity.client_id"), "LIGHTSOUT_AZURE_IDENTITY_CLIENT_ID");
    assert!(count > 60, "{count}");
}

#[test]
fn azure_variables_stand_in_for_what_an_identity_lacks() {
    let env = environment(&[
        ("AZURE_TENANT_ID", "t"),
        ("AZURE_CLIENT_ID", "c"),
        ("AZURE_FEDERATED_TOKEN_FILE", "/f"),
        ("AZURE_CLIENT_SECRET", "hunter2"),
    ]);
    let of = |kind: &str| {
        let (settings, found) =
            read_settings("x", &format!("{FLEET}[azure.identity]\nkind = {kind:?}\n"), &env, &Overrides::none());
        assert_eq!(lines(&found), Vec::<String>::new());
        settings.azure.identity
    };
    let ids = || ("t".to_owned(), "c".to_owned());
    let (tenant_id, client_id) = ids();
    assert_eq!(of("workload"), Identity::Workload { tenant_id, client_id, federated_token_file: PathBuf::from("/f") });
    let (tenant_id, client_id) = ids();
    let secret = SecretSource::Env("AZURE_CLIENT_SECRET".to_owned());
    assert_eq!(of("client-secret"), Identity::ClientSecret { tenant_id, client_id, secret });
    assert_eq!(of("managed"), Identity::default(), "a managed identity is not chosen by a variable that others set");
    assert!(!format!("{env:?}").contains("hunter2"));
}

#[test]
fn a_freeze_from_outside_is_any_word_but_no() {
    for (value, frozen) in
        [("", false), ("0", false), ("No", false), ("false", false), ("1", true), ("true", true), ("maybe", true)]
    {
        assert_eq!(environment(&[("LIGHTSOUT_FREEZE", value)]).freeze().is_some(), frozen, "{value:?}");
    }
}

#[test]
fn a_secret_is_read_anew_from_a_file_that_only_its_owner_can_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key");
    let (source, env) = (SecretSource::File(path.clone()), Environment::default());
    let mode = |mode: u32| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    let why = |source: &SecretSource| source.read(&env).unwrap_err().to_string();
    assert_eq!(why(&source), format!("cannot read the secret file {}", path.display()));
    std::fs::write(&path, "hunter2\n").unwrap();
    mode(0o644);
    assert!(
        why(&source).starts_with(&format!(
            "the secret file {} can be read by others (mode 0644); run: chmod 06",
            path.display()
        ))
    );
    mode(0o600);
    assert_eq!(source.read(&env).unwrap().expose_secret(), "hunter2");
    std::fs::write(&path, "rotated").unwrap();
    assert_eq!(source.read(&env).unwrap().expose_secret(), "rotated");
    for bad in ["", "\n", "one\ntwo\n"] {
        std::fs::write(&path, bad).unwrap();
        assert!(
            why(&source).ends_with("does not hold one line of text; write the secret there and nothing else"),
            "{bad:?}"
        );
    }
    assert!(why(&SecretSource::File(dir.path().to_owned())).contains("is not a plain file"));
    assert!(why(&SecretSource::Env("NOT_SET".to_owned())).contains("the environment variable NOT_SET is not set"));
    let env = environment(&[("KEY", "hunter2")]);
    assert_eq!(SecretSource::Env("KEY".to_owned()).read(&env).unwrap().expose_secret(), "hunter2");
}

#[test]
fn a_variable_that_holds_a_secret_is_no_misspelt_setting() {
    let text = format!(
        "{FLEET}[notify.webhook]\nurl = \"https://hooks.example.org\"\nsecret_env = \"LIGHTSOUT_WEBHOOK_KEY\"\n\
         [notify.slack]\nurl_env = \"LIGHTSOUT_SLACK_URL\"\n"
    );
    let env = environment(&[("LIGHTSOUT_WEBHOOK_KEY", "hunter2"), ("LIGHTSOUT_SLACK_URL", "hunter2")]);
    let (settings, found) = read_settings("x", &text, &env, &Overrides::none());
    assert_eq!(lines(&found), Vec::<String>::new());
    assert_eq!(settings.secrets().count(), 2);
}

#[test]
fn a_whole_installation_is_loaded_from_its_folder() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("lightsout.toml");
    std::fs::write(&file, uncommented(|key, default| default || key == "subscriptions")).unwrap();
    let policies = dir.path().join("policies");
    std::fs::create_dir_all(policies.join("calendars")).unwrap();
    let policy = |name: &str| {
        format!(
            "name = {name:?}\n[scope]\nworkspaces = [\"{name}-*\"]\n[hours]\nzone = \"Europe/Madrid\"\nallowed = [\"Mon-Fri 08:00-20:00\"]\ncalendars = [\"calendars/x.ics\"]\n"
        )
    };
    std::fs::write(policies.join("b.toml"), policy("bee")).unwrap();
    std::fs::write(policies.join("a.toml"), policy("ant")).unwrap();
    std::fs::write(policies.join(".hidden.toml"), "not toml").unwrap();
    std::fs::write(policies.join("calendars/c.toml"), "not toml").unwrap();
    let calendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;VALUE=DATE:20261225\r\nSUMMARY:Christmas\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    std::fs::write(policies.join("calendars/x.ics"), calendar).unwrap();

    let loaded = load(&file, &Environment::default(), &Overrides::none());
    let errors: Vec<String> =
        loaded.findings().filter(|finding| finding.severity == Severity::Error).map(ToString::to_string).collect();
    assert_eq!(errors, Vec::<String>::new());
    assert!(loaded.is_valid());
    let settings = loaded.settings.unwrap();
    assert_eq!(settings.policies.dir, policies);
    assert_eq!(settings.store.dir, PathBuf::from("/var/lib/lightsout"));
    assert_eq!(settings.freeze.file, Some(PathBuf::from("/var/lib/lightsout/FREEZE")));
    let names: Vec<&str> = loaded.policies.set.policies.iter().map(|policy| policy.id.as_str()).collect();
    assert_eq!(names, ["ant", "bee"], "in the order of their files");
    assert_eq!(loaded.watched.roots(), [file.clone(), policies.clone(), policies.join("calendars/x.ics")]);
    assert_eq!(loaded.watched, Watched::now(loaded.watched.roots()), "what was read is what is there");

    // One policy that cannot be read, and a calendar that is gone: each is named, the settings say so, and nothing panics.
    std::fs::remove_file(policies.join("calendars/x.ics")).unwrap();
    std::os::unix::fs::symlink("/nowhere", policies.join("c.toml")).unwrap();
    let loaded = load(&file, &Environment::default(), &Overrides::none());
    assert!(!loaded.is_valid() && loaded.settings.is_none());
    let said: Vec<String> = loaded.findings().map(ToString::to_string).collect();
    assert!(
        said.iter().any(|line| line.contains("c.toml:1:1: file: cannot be read: there is no such file or folder")),
        "{said:#?}"
    );
    assert!(said.iter().any(|line| line.contains("x.ics")), "{said:#?}");
}

#[test]
fn a_file_that_is_not_there_says_so() {
    let loaded = load(Path::new("/nowhere/lightsout.toml"), &Environment::default(), &Overrides::none());
    assert!(loaded.settings.is_none());
    let said: Vec<String> = loaded.findings().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "/nowhere/lightsout.toml:1:1: file: cannot be read: there is no such file or folder, name the file with --config, and see that this process may read it; without --config it is config/lightsout.toml, or else /etc/lightsout/lightsout.toml"
        ]
    );
}
