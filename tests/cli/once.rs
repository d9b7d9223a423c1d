//! Commands that look at an Azure once: `sweep`, `plan`, `explain`, `hold`, `doctor`, and their exit codes.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::estate::Estate;
use crate::program::{Place, Said, off_now};

fn place(estate: &Estate, policy: &str) -> Place {
    let place = Place::new(&estate.sandbox.base_url(), estate.workspaces(), "");
    place.write("policies/night.toml", policy);
    place
}

fn recorded(mode: &str) -> String {
    off_now(mode, "0s", "").replace("lead = \"0s\"\n", "lead = \"0s\"\nproof = \"recorded\"\n")
}

fn json(said: &Said) -> Value {
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}{}", said.out, said.err))
}

fn plain(said: &Said) {
    assert!(
        !format!("{}{}", said.out, said.err).contains('\u{1b}'),
        "colours in a pipe: {:?} {:?}",
        said.out,
        said.err
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g1_observing_shows_everything_and_stops_nothing() {
    let estate = Estate::start(1, 2, |_| {}).await;
    let place = place(&estate, &recorded("observe"));
    for command in
        [vec!["plan"], vec!["sweep"], vec!["plan"], vec!["explain", "ci-00000-00001"], vec!["doctor"], vec!["check"]]
    {
        let said = place.run(&command);
        assert_eq!(said.code, 0, "{command:?}: {}{}", said.out, said.err);
        plain(&said);
        let told = json(&place.run(&[command.clone(), vec!["--json"]].concat()));
        assert!(told.is_object() || told.is_array(), "{command:?}: {told}");
    }
    let plan = place.run(&["plan"]);
    for words in ["Would be stopped", "ci-00000-00000", "off_hours", "night (observe)"] {
        assert!(plan.out.contains(words), "{words} in\n{}", plan.out);
    }
    let told = json(&place.run(&["explain", "ws-00000/ci-00000-00001", "--json"]));
    assert!(told.to_string().contains("off_hours"), "{told:#}");
    assert_eq!((estate.stops_of("ci-00000-00000"), estate.stops_of("ci-00000-00001")), ((0, 0), (0, 0)));
    let status = place.run(&["status"]);
    assert_eq!(status.code, 1);
    assert!(status.out.contains("no service is running"), "{}", status.out);
    let unknown = place.run(&["explain", "ci-nobody"]);
    assert_eq!(unknown.code, 1);
    assert!(unknown.err.contains("error: ") && unknown.err.contains("ci-nobody"), "{}", unknown.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i4_a_sweep_stops_once_and_the_next_sees_it_stopped() {
    let estate = Estate::start(1, 1, |_| {}).await;
    let place = place(&estate, &recorded("enforce"));
    let said = place.run(&["sweep"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(said.out.contains("1 stops sent") && said.out.contains("Azure took the stop"), "{}", said.out);
    plain(&said);
    let said = place.run(&["sweep", "--json"]);
    assert_eq!((said.code, estate.stops_of("ci-00000-00000")), (0, (1, 1)), "{}{}", said.out, said.err);
    estate.let_operations_end();
    let said = place.run(&["sweep"]);
    assert!(said.code == 0 && said.out.contains("1 seen stopped"), "{}{}", said.out, said.err);
    assert_eq!(estate.stops_of("ci-00000-00000"), (1, 1));
    let again = place.run(&["explain", "ci-00000-00000"]);
    assert!(again.out.contains("it is off"), "{}", again.out);
}

/// A command with at most so many files and sockets open at once.
fn run_with_files(most: u32, place: &Place, args: &[&str]) -> Said {
    let program = place.command(args);
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &format!("ulimit -n {most} && exec \"$0\" \"$@\"")]).arg(program.get_program()).args(args);
    shell.current_dir(place.path(".")).env_clear().stdin(Stdio::null());
    shell.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Said::of(&mut shell)
}

/// With 64 files everything goes its way. With fewer no connection may be had, or the freeze switch not be read, which counts
/// as frozen (G12): whatever is not stopped, it is told why.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f43_few_open_files_stop_nothing_in_silence() {
    for files in [64, 32, 24, 16] {
        let estate = Estate::start(40, 1, |_| {}).await;
        let place = place(&estate, &recorded("enforce"));
        let said = run_with_files(files, &place, &["sweep"]);
        let stopped = (0..40).filter(|n| estate.stops_of(&format!("ci-{n:05}-00000")) == (1, 1)).count();
        let told = said.code != 0 || said.out.contains("FROZEN: cannot read ");
        assert!(stopped == 40 || (told && files < 64), "{files} files, {stopped} stops: {}{}", said.out, said.err);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workspace_that_answers_403_is_exit_code_3_and_the_others_go_on() {
    let estate = Estate::start(6, 1, |options| {
        options.faults = vec!["list-computes,path=ws-00001 => forbidden".parse().unwrap()];
    })
    .await;
    let place = place(&estate, &recorded("enforce"));
    let plan = place.run(&["plan"]);
    assert_eq!(plan.code, 3, "{}{}", plan.out, plan.err);
    let said = place.run(&["sweep"]);
    assert_eq!(said.code, 3, "{}{}", said.out, said.err);
    assert!(said.out.contains("Read 5 of 6 workspaces") && said.out.contains("403"), "{}", said.out);
    assert_eq!((estate.stops_of("ci-00000-00000"), estate.stops_of("ci-00001-00000")), ((1, 1), (0, 0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_that_azure_refuses_is_exit_code_4() {
    let estate = Estate::start(1, 1, |options| options.faults = vec!["stop => disk-full".parse().unwrap()]).await;
    let place = place(&estate, &recorded("enforce"));
    let said = place.run(&["sweep"]);
    assert_eq!(said.code, 4, "{}{}", said.out, said.err);
    assert!(said.out.contains("1 failed") && said.out.to_lowercase().contains("disk"), "{}", said.out);
    let said = place.run(&["sweep", "--json"]);
    assert_eq!(estate.stops_of("ci-00000-00000"), (1, 0), "it rests before the next try: {}", said.out);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s17_a_broken_policy_is_exit_code_2_and_the_others_act() {
    let estate = Estate::start(1, 1, |_| {}).await;
    let place = place(&estate, &recorded("enforce"));
    place.write(
        "policies/bad.toml",
        "name = \"bad\"\n[scope]\nworkspaces = [\"other\"]\n[hours]\nzone = \"Mars/Base\"\n",
    );
    let said = place.run(&["sweep"]);
    assert_eq!(said.code, 2, "{}{}", said.out, said.err);
    assert!(said.err.contains("policies/bad.toml:5:8: hours.zone"), "{}", said.err);
    assert_eq!(estate.stops_of("ci-00000-00000"), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s17_a_broken_policy_leaves_its_own_workspaces_alone_and_is_exit_code_2() {
    let estate = Estate::start(2, 1, |_| {}).await;
    let closer = |mode: &str| recorded(mode).replace("\"*\"", "\"ws-00000\"").replace("\"night\"", "\"closer\"");
    let place = place(&estate, &recorded("enforce"));
    place.write("policies/closer.toml", &closer("enforced"));
    let said = place.run(&["sweep"]);
    assert_eq!(said.code, 2, "{}{}", said.out, said.err);
    assert!(said.err.contains("policies/closer.toml:2:8: mode"), "{}", said.err);
    assert_eq!((estate.stops_of("ci-00000-00000"), estate.stops_of("ci-00001-00000")), ((0, 0), (1, 1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_workspace_at_all_is_exit_code_3() {
    let estate = Estate::start(1, 1, |_| {}).await;
    let place = Place::new(&estate.sandbox.base_url(), &[], "");
    let settings = std::fs::read_to_string(place.path("lightsout.toml")).unwrap();
    let subscription = "subscriptions = [\"5a4d0000-0000-4000-8000-0000000005ca\"]\ntags = { team = \"nobody\" }";
    place.write("lightsout.toml", &settings.replace("workspaces = []", subscription));
    place.write("policies/night.toml", &recorded("enforce"));
    let said = place.run(&["sweep"]);
    assert_eq!(said.code, 3, "{}{}", said.out, said.err);
    assert!(said.out.contains("no workspace was found"), "{}", said.out);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_keeps_an_instance_on_within_the_policys_caps() {
    let estate = Estate::start(1, 2, |_| {}).await;
    let place = place(&estate, &(recorded("enforce") + "[hold]\nmax = \"3h\"\nper_week = 2\n"));
    let hold = |length: &str| place.run(&["hold", "ci-00000-00000", "--for", length, "--reason", "thesis"]);
    let long = hold("4h");
    assert_eq!((long.code, long.out.as_str()), (1, ""));
    assert!(long.err.contains("lasts at most 3h"), "{}", long.err);
    let fine = hold("2h");
    assert_eq!(fine.code, 0, "{}{}", fine.out, fine.err);
    assert!(fine.out.contains("ci-00000-00000 is held until"), "{}", fine.out);
    assert_eq!(hold("2h30m").code, 0, "a second one beside it");
    let often = hold("1h");
    assert_eq!(often.code, 1);
    assert!(often.err.contains("the policy allows 2"), "{}", often.err);
    let listed = json(&place.run(&["hold", "--list", "--json"]));
    assert_eq!((&listed[0]["reason"], &listed[0]["by"]), (&"thesis".into(), &"ada".into()), "{listed:#}");
    assert_eq!(listed.as_array().map(Vec::len), Some(2), "{listed:#}");
    let said = place.run(&["sweep"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert_eq!((estate.stops_of("ci-00000-00000"), estate.stops_of("ci-00000-00001")), ((0, 0), (1, 1)), "G13, I3");
    let lifted = place.run(&["hold", "--lift", "ci-00000-00000"]);
    assert_eq!(lifted.code, 0, "{}{}", lifted.out, lifted.err);
    assert!(place.run(&["hold", "--list"]).out.contains("nothing is held"), "by its name every hold on it is lifted");
    assert_eq!(place.run(&["sweep"]).code, 0);
    assert_eq!(estate.stops_of("ci-00000-00000"), (1, 1), "lifted, so stopped");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_says_what_comparing_with_bills_lacks() {
    let right = || "Microsoft.CostManagement/query/read".to_owned();
    let estate = Estate::start(2, 1, |options| options.denied = vec![right()]).await;
    let ask =
        Place::new(&estate.sandbox.base_url(), estate.workspaces(), "[reconcile]\nsource = \"cost-management\"\n");
    let said = ask.run(&["doctor"]);
    assert_eq!(said.code, 3, "{}{}", said.out, said.err);
    assert_eq!(said.out.matches("missing action: Microsoft.CostManagement/query/read").count(), 1, "{}", said.out);
    let settings = "[reconcile]\nsource = \"folder\"\nfolder = \"bills\"\n";
    let read = Place::new(&estate.sandbox.base_url(), estate.workspaces(), settings);
    let said = read.run(&["doctor"]);
    assert!(said.code == 3 && said.out.contains("cannot be read"), "{}{}", said.out, said.err);
    std::fs::create_dir(read.path("bills")).unwrap();
    read.write("bills/november.csv", "");
    let said = read.run(&["doctor"]);
    assert!(said.code == 0 && said.out.contains("bills can be read"), "{}{}", said.out, said.err);
}

/// Something that answers every question as Prometheus does: two series, one of which has the label `instance`.
fn prometheus() -> String {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut head = [0_u8; 8192];
            drop(stream.read(&mut head));
            let body = r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"instance":"ci-a"},"value":[1,"0"]},{"metric":{},"value":[1,"1"]}]}}"#;
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            drop(stream.write_all([head.as_bytes(), body.as_bytes()].concat().as_slice()));
        }
    });
    url
}

fn secret(place: &Place) {
    use std::os::unix::fs::PermissionsExt as _;
    place.write("agents.secret", &"s".repeat(44));
    std::fs::set_permissions(place.path("agents.secret"), std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_tries_every_source_of_activity() {
    let rights = || {
        ["Microsoft.MachineLearningServices/workspaces/jobs/read", "Microsoft.Insights/metrics/read"]
            .map(str::to_owned)
            .to_vec()
    };
    let settings = |url: &str| {
        format!(
            "[promql]\nurl = \"{url}\"\n[jobs]\nqueued = true\n[monitor]\nenabled = true\nendpoint = \"http://127.0.0.1:9\"\n\
             [agents]\nenabled = true\nlisten = \"127.0.0.1:0\"\nsecret_file = \"agents.secret\"\n"
        )
    };
    let policy = |label: &str| {
        format!(
            "name = \"p\"\nscope.workspaces = [\"*\"]\nuptime.max = \"5d\"\n[promql]\nquery = \"up\"\nlabel = \"{label}\"\n"
        )
    };
    let poor = Estate::start(1, 1, |options| options.denied = rights()).await;
    let place = Place::new(&poor.sandbox.base_url(), poor.workspaces(), &settings(&prometheus()));
    let said = place.run(&["doctor"]);
    assert!(said.code == 3 && said.out.contains("[agents]"), "no secret: {}{}", said.out, said.err);
    secret(&place);
    place.write("policies/p.toml", &policy("instance"));
    let said = place.run(&["doctor"]);
    assert_eq!(said.code, 3, "{}{}", said.out, said.err);
    assert!(said.out.contains("`up` has 2 series, 1 with the label instance"), "{}", said.out);
    assert!(said.out.contains("on this machine alone; tokens can be signed"), "{}", said.out);
    let [jobs, metrics] = rights().try_into().unwrap();
    let missing = said.out.lines().find(|line| line.contains("missing actions")).unwrap();
    assert!(missing.contains::<&str>(&jobs) && missing.contains::<&str>(&metrics), "{missing}");
    assert!(missing.ends_with("`lightsout rbac` prints the role that has them"), "{missing}");

    let rich = Estate::start(1, 1, |_| {}).await;
    let place = Place::new(&rich.sandbox.base_url(), rich.workspaces(), &settings(&prometheus()));
    secret(&place);
    place.write("policies/p.toml", &policy("node"));
    let said = place.run(&["doctor"]);
    assert!(said.out.contains("none has the label node: of nobody it tells anything"), "{}", said.out);
    place.write("policies/p.toml", "name = \"p\"\nscope.workspaces = [\"*\"]\nuptime.max = \"5d\"\n");
    let said = place.run(&["doctor"]);
    assert!(said.out.contains("no policy asks it anything"), "{}", said.out);
    let gone = Place::new(&rich.sandbox.base_url(), rich.workspaces(), &settings("http://127.0.0.1:9"));
    secret(&gone);
    gone.write("policies/p.toml", &policy("instance"));
    let said = gone.run(&["doctor"]);
    assert!(said.code == 3 && said.out.contains("could not ask Prometheus"), "{}{}", said.out, said.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_away_holds_all_that_is_theirs_to_stay_off() {
    let estate = Estate::start(2, 10, |_| {}).await;
    let place = place(&estate, &(recorded("enforce") + "[hold]\nmax = \"30d\"\n[start]\nall = true\n"));
    let away =
        |owner: &str| place.run(&["hold", "--owner", owner, "--off", "--for", "14d", "--reason", "on leave", "--json"]);
    let nobody = away("nobody@contoso.example");
    assert_eq!(nobody.code, 1, "{}", nobody.out);
    assert!(nobody.err.contains("nothing is owned by nobody@contoso.example"), "{}", nobody.err);
    let held = away("USER7@contoso.example");
    assert_eq!(held.code, 0, "{}{}", held.out, held.err);
    let told = json(&held);
    let names: Vec<&str> = told
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["instance"].as_str().unwrap().rsplit('/').next().unwrap())
        .collect();
    assert_eq!(names, ["ci-00000-00007", "ci-00001-00000"], "{told:#}");
    assert!(told.as_array().unwrap().iter().all(|one| one["hold"]["off"] == true), "{told:#}");
    let listed = place.run(&["hold", "--list"]).out;
    assert_eq!(listed.lines().filter(|line| line.contains("stays off until")).count(), 2, "{listed}");
}
