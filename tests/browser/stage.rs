//! A service with its page, on a free port of loopback, over a simulated Azure.

use std::net::TcpListener;

use lightsout::sandbox::SandboxOptions;
use serde_json::Value;

use super::estate::Estate;
use super::program::{Place, off_now};
use super::service::{Service, until};

/// The Azure, the service, and where its page is.
pub(crate) struct Stage {
    pub(crate) estate: Estate,
    pub(crate) place: Place,
    pub(crate) service: Service,
    pub(crate) base: String,
}

/// A policy under which everything is off in ten minutes, and that is announced.
pub(crate) fn soon(more: &str) -> String {
    let recorded = format!("lead = \"10m\"\nproof = \"recorded\"\n{more}");
    off_now("enforce", "10m", "").replace("lead = \"10m\"\n", &recorded)
}

/// A policy under which everything is off now, without a warning.
pub(crate) fn at_once() -> String {
    soon("").replace("\"10m\"", "\"0s\"")
}

impl Stage {
    /// A workspace of so many machines, in an Azure that is changed first, and settings with these lines more.
    pub(crate) async fn open(machines: usize, change: impl FnOnce(&mut SandboxOptions), more: &str) -> Self {
        Self::of(Estate::start(1, machines, change).await, &soon(""), more)
    }

    /// The service over an Azure, with one policy.
    pub(crate) fn of(estate: Estate, policy: &str, more: &str) -> Self {
        Self::every("5s", estate, (policy, more))
    }

    /// The same with a time from sweep to sweep.
    pub(crate) fn every(interval: &str, estate: Estate, (policy, more): (&str, &str)) -> Self {
        // settings name a port, since links do
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let more = format!("[prices]\nsources = [\"vm_sizes\"]\n{more}");
        let place = Place::new(&estate.sandbox.base_url(), estate.workspaces(), &more);
        let place = place.with("LIGHTSOUT_WEB_LISTEN", &free.to_string());
        place.write("policies/night.toml", policy);
        let service = Service::start(&place, &[("LIGHTSOUT_SWEEP_INTERVAL", interval)]);
        until("readiness", || service.get("/readyz").starts_with("HTTP/1.1 200").then_some(()));
        Self { estate, place, service, base: format!("http://{free}") }
    }

    /// Waits until two more sweeps have ended, of which one began after this call.
    pub(crate) fn sweep(&self) {
        let count = || {
            let page = self.service.get("/metrics");
            let line = page.lines().find_map(|line| line.strip_prefix("lightsout_sweeps_total "))?;
            line.trim().parse::<u64>().ok()
        };
        let before = until("a count of sweeps", count);
        until("two more sweeps", || count().filter(|now| *now >= before + 2));
    }

    /// The holds in force, as the API tells them.
    pub(crate) async fn holds(&self) -> Vec<Value> {
        let told: Value = self.get("/api/v1/holds").await.json().await.unwrap();
        told.as_array().unwrap_or_else(|| panic!("{told}")).clone()
    }

    /// A GET, redirects followed.
    pub(crate) async fn get(&self, path: &str) -> reqwest::Response {
        client().get(format!("{}{path}", self.base)).send().await.unwrap()
    }
}

/// Somebody who asks over HTTP.
pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}
