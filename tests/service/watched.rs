//! An agent beside the service: its real process on this machine reports with a token of its own, is believed, told what is meant to
//! happen, and turned away when the token is taken back.
#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test")]

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Stdio};

use crate::estate::Estate;
use crate::program::Place;
use crate::service::{Service, until};

const NAME: &str = "ci-00000-00000";

struct Agent(Child);

impl Drop for Agent {
    fn drop(&mut self) {
        drop((self.0.kill(), self.0.wait()));
    }
}

fn secret(place: &Place, name: &str, text: &str) {
    place.write(name, text);
    std::fs::set_permissions(place.path(name), std::fs::Permissions::from_mode(0o600)).unwrap();
}

async fn site() -> (Estate, Place) {
    let estate = Estate::start(1, 2, |_| {}).await;
    let place = Place::new(
        &estate.sandbox.base_url(),
        estate.workspaces(),
        "[agents]\nenabled = true\nlisten = \"127.0.0.1:0\"\nsecret_file = \"agents.secret\"\nevery = \"10s\"\n",
    );
    secret(&place, "agents.secret", &"s".repeat(44));
    place.write("policies/p.toml", "name = \"p\"\nscope.workspaces = [\"*\"]\nidle.after = \"2h\"\n");
    (estate, place)
}

/// The agent's own process, told where the service of this test is.
fn agent(place: &Place, service: &Service) -> Agent {
    let url = until("where agents report", || {
        service.log().split("agents report at ").nth(1)?.lines().next().map(|line| line.trim().to_owned())
    });
    let token = place.run(&["agent", "token", NAME]);
    assert!(token.out.starts_with("lo1."), "{}{}", token.out, token.err);
    secret(place, "token", token.out.trim());
    let at = |name: &str| place.path(name).display().to_string();
    let text = format!(
        "[service]\nurl = \"{url}\"\ntoken_file = \"{}\"\n[look]\nevery = \"10s\"\nsample = \"5s\"\n[files]\nrecord = \"{}\"\nstatus = \"{}\"\n",
        at("token"),
        at("record.json"),
        at("status.json")
    );
    place.write("agent.toml", &text);
    let settings = at("agent.toml");
    let child =
        place.command(&["agent", "run", "--settings", &settings]).env("CI_NAME", NAME).stderr(Stdio::null()).spawn();
    Agent(child.unwrap())
}

fn counted(service: &Service, outcome: &str) -> Option<()> {
    let sample = format!("lightsout_heartbeats_total{{outcome=\"{outcome}\"}} ");
    service.get("/metrics").contains(&sample).then_some(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_is_heard_is_told_and_is_turned_away_when_its_token_is_revoked() {
    let (_estate, place) = site().await;
    let service = Service::start(&place, &[]);
    until("readiness", || service.get("/readyz").starts_with("HTTP/1.1 200").then_some(()));
    let _agent = agent(&place, &service);
    until("a heartbeat that was taken", || counted(&service, "taken"));
    let told = until("what the agent said, explained", || {
        let told = place.run(&["explain", NAME]).out;
        (told.contains("agent") && !told.contains("has not been heard of")).then_some(told)
    });
    assert!(told.contains("2h"), "{told}");
    let other = place.run(&["explain", "ci-00000-00001"]).out;
    assert!(other.contains("the agent"), "of the other nobody said anything: {other}");
    let settings = place.path("agent.toml").display().to_string();
    // the person at the machine sees under which policy it is, and what the agent sees
    let seen = until("what the person sees", || {
        let seen = place.run(&["agent", "status", "--settings", &settings]);
        (seen.code == 0 && seen.out.contains("observes")).then_some(seen.out)
    });
    assert!(seen.contains("cpu"), "{seen}");
    assert_eq!(place.run(&["agent", "revoke", NAME]).code, 0);
    until("a heartbeat that was turned away", || counted(&service, "revoked"));
}
