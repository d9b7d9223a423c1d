//! Fetches tokens of the managed identity, and keeps the newest in memory until shortly before its end.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use reqwest::{Client, redirect};

use super::door::Door;
use super::grant::{Grant, Named};
use super::trouble::{IdentityError, settled};
use crate::agent::record::Moment;
use crate::agent::token::Here;
use crate::units::InstanceId;

/// An answer is no longer than this.
const ANSWER_MOST: usize = 64 * 1_024;
/// One question may take so long.
const TIMEOUT: Duration = Duration::from_secs(10);
/// A token is fetched anew so long before its end, in milliseconds: one that is sent is still good when it arrives.
const EARLY: u64 = 5 * 60 * 1_000;

/// The managed identity of this instance.
#[derive(Debug)]
pub struct Managed {
    client: Client,
    door: Door,
    by_client: bool,
    here: Here,
    instance: Option<InstanceId>,
    held: Option<Held>,
    /// The token was fetched anew because the service refused the one before, and nothing was taken since.
    renewed: bool,
}

#[derive(Debug)]
struct Held {
    grant: Grant,
    /// When it ends, in milliseconds after the boot: the wall clock may be set.
    ends: u64,
}

impl Managed {
    /// The identity behind that door. The instance is known where the settings say it.
    ///
    /// # Errors
    /// When no client can be made.
    pub fn new(door: Door, instance: Option<InstanceId>, here: Here) -> Result<Self, reqwest::Error> {
        // By no proxy and along no redirect: what is asked here is for nobody else. And no name server says where
        // this machine is.
        let client = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .timeout(TIMEOUT)
            .connect_timeout(TIMEOUT)
            .pool_max_idle_per_host(0)
            .resolve("localhost", SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0))
            .build()?;
        let by_client = door.url().query_pairs().any(|(key, _)| key == "clientid" || key == "client_id");
        Ok(Self { client, door, by_client, here, instance, held: None, renewed: false })
    }

    /// The instance, where it is known.
    #[must_use]
    pub fn instance(&self) -> Option<&InstanceId> {
        self.instance.as_ref()
    }

    /// The token that is held, for the one header that it goes into.
    #[must_use]
    pub(in crate::agent) fn secret(&self) -> Option<&str> {
        self.held.as_ref().map(|held| held.grant.token.secret())
    }

    /// Sees to it that a token is held that is good for a while.
    ///
    /// # Errors
    /// When there is none.
    pub async fn ready(&mut self, now: Moment) -> Result<InstanceId, IdentityError> {
        let ends = self.held.as_ref().map_or(0, |held| held.ends);
        let known = self.instance.clone().filter(|_| now.steady < ends.saturating_sub(EARLY));
        match known {
            Some(instance) => Ok(instance),
            None => match (self.fetch(now).await, &self.instance) {
                // The one that is held is good for its last minutes, when no other can be had.
                (Err(_), Some(instance)) if now.steady < ends => Ok(instance.clone()),
                (fetched, _) => {
                    self.held = self.held.take().filter(|_| fetched.is_ok());
                    fetched
                }
            },
        }
    }

    /// After the service refused the token: fetches another one, once. False when that was done before and nothing was
    /// taken since, so that nobody is asked in a loop.
    ///
    /// # Errors
    /// When none is given.
    pub async fn renew(&mut self, now: Moment) -> Result<bool, IdentityError> {
        self.held = None;
        if std::mem::replace(&mut self.renewed, true) {
            return Ok(false);
        }
        self.fetch(now).await.map(|_| true)
    }

    /// The service took the token.
    pub fn taken(&mut self) {
        self.renewed = false;
    }

    /// What is worth saying of the token that is held.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        let named = &self.held.as_ref()?.grant.named;
        let given = format!("{} gives a token of the managed identity", self.door.name());
        let caution = match named {
            Named::Instance(_) => return Some(given),
            Named::Other => "its xms_mirid names something else than a compute instance",
            Named::Nobody => "it has no xms_mirid",
        };
        Some(format!(
            "{given}; but {caution}, and a service that goes by that claim refuses it: it takes the instance's own \
             (system-assigned) identity"
        ))
    }

    async fn fetch(&mut self, now: Moment) -> Result<InstanceId, IdentityError> {
        let name = self.door.name();
        let (key, value) = self.door.header();
        let unreachable = |error: reqwest::Error| IdentityError::Unreachable(name, error.without_url());
        let request = self.client.get(self.door.url().clone()).header(key, value);
        let mut answer = request.send().await.map_err(unreachable)?;
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(unreachable)? {
            body.extend_from_slice(&part);
            if body.len() > ANSWER_MOST {
                return Err(IdentityError::Unreadable(name, "it is far too long"));
            }
        }
        let status = answer.status().as_u16();
        if status != 200 {
            return Err(IdentityError::refused(&self.door, status, &body, self.by_client));
        }
        let grant = Grant::read(&body, now.wall).map_err(|why| IdentityError::Unreadable(name, why))?;
        let instance = settled(self.instance.as_ref(), &grant.named, &self.here)?;
        self.instance = Some(instance.clone());
        self.held = Some(Held { ends: now.steady.saturating_add(grant.lasts), grant });
        Ok(instance)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpListener;
    use std::sync::mpsc::{Receiver, channel};

    use super::super::super::tests_support::{at, entra_token};
    use super::super::door::Ways;
    use super::*;
    use crate::agent::rules::{ServiceRules, Wording};

    const ID: &str = "/subscriptions/s1/resourceGroups/rg-a/providers/Microsoft.MachineLearningServices/workspaces/ws-a/computes/ci-ana";

    /// A metadata service that gives one answer after another, each with its status, and then goes away.
    fn imds(answers: Vec<(u16, String)>) -> (Managed, Receiver<()>) {
        drop(rustls::crypto::ring::default_provider().install_default());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let imds = format!("http://{}", listener.local_addr().unwrap());
        let (sender, asked) = channel();
        std::thread::spawn(move || {
            for (status, body) in answers {
                let (stream, _) = listener.accept().unwrap();
                let mut reader = BufReader::new(&stream);
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap() > 0 {}
                sender.send(()).unwrap();
                let head =
                    format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
                // A client that has read enough goes away.
                drop((&stream).write_all((head + &body).as_bytes()));
            }
        });
        let ways = Ways { imds, msi_endpoint: None, msi_secret: None };
        let rules = ServiceRules { entra_audience: Wording("api://x".to_owned()), ..ServiceRules::default() };
        let managed = Managed::new(Door::find(&ways, &rules).unwrap(), None, Here::default()).unwrap();
        (managed, asked)
    }

    fn token(number: u32) -> String {
        entra_token(&format!("{{\"xms_mirid\":\"{ID}\",\"uti\":{number}}}"))
    }

    fn given(number: u32) -> (u16, String) {
        let end = at("11:00:00").as_second();
        (200, format!("{{\"access_token\":\"{}\",\"expires_on\":\"{end}\"}}", token(number)))
    }

    /// So many seconds after ten, when the machine had run for an hour.
    fn after(seconds: u64) -> Moment {
        let wall = at("10:00:00").checked_add(Duration::from_secs(seconds)).unwrap();
        Moment { wall, steady: 3_600_000 + seconds * 1_000 }
    }

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    #[test]
    fn a_token_is_kept_until_five_minutes_before_its_end() {
        let (mut managed, asked) = imds(vec![given(1), given(2)]);
        let first = run(managed.ready(after(0))).unwrap();
        assert_eq!((first.to_string().as_str(), managed.secret()), (ID, Some(token(1).as_str())));
        run(managed.ready(after(3_299))).unwrap();
        assert_eq!((managed.secret(), asked.try_iter().count()), (Some(token(1).as_str()), 1));
        run(managed.ready(after(3_300))).unwrap();
        assert_eq!((managed.secret(), asked.try_iter().count()), (Some(token(2).as_str()), 1));
        assert!(!format!("{managed:?}").contains(&token(2)), "{managed:?}");
    }

    #[test]
    fn a_wall_clock_that_is_set_changes_nothing() {
        let (mut managed, asked) = imds(vec![given(1)]);
        run(managed.ready(after(0))).unwrap();
        let set_ahead = Moment { wall: at("23:00:00"), ..after(60) };
        run(managed.ready(set_ahead)).unwrap();
        assert_eq!(asked.try_iter().count(), 1);
    }

    #[test]
    fn in_its_last_minutes_a_token_counts_while_no_other_can_be_had_and_not_after_its_end() {
        let failed = || (503, String::new());
        let (mut managed, _asked) = imds(vec![given(1), failed(), failed()]);
        run(managed.ready(after(0))).unwrap();
        run(managed.ready(after(3_599))).unwrap();
        assert_eq!(managed.secret(), Some(token(1).as_str()));
        let error = run(managed.ready(after(3_600))).unwrap_err();
        assert!(error.to_string().contains("503"), "{error}");
        assert_eq!(managed.secret(), None);
    }

    #[test]
    fn a_token_that_is_refused_is_fetched_anew_once_until_one_is_taken() {
        let (mut managed, asked) = imds(vec![given(1), given(2), given(3), given(4)]);
        run(managed.ready(after(0))).unwrap();
        assert!(run(managed.renew(after(1))).unwrap());
        assert_eq!(managed.secret(), Some(token(2).as_str()));
        assert!(!run(managed.renew(after(2))).unwrap(), "not in a loop");
        assert_eq!((managed.secret(), asked.try_iter().count()), (None, 2));
        run(managed.ready(after(3))).unwrap();
        managed.taken();
        assert!(run(managed.renew(after(4))).unwrap(), "what was taken may be refused again later");
        assert_eq!(managed.secret(), Some(token(4).as_str()));
    }

    #[test]
    fn an_answer_without_end_is_not_read_to_it() {
        let body = |length: usize| {
            let (status, json) = given(1);
            (status, format!("{json}{}", " ".repeat(length - json.len())))
        };
        let (mut managed, _asked) = imds(vec![body(ANSWER_MOST), body(ANSWER_MOST + 1)]);
        run(managed.ready(after(0))).unwrap();
        managed.held = None;
        let error = run(managed.ready(after(0))).unwrap_err();
        assert!(error.to_string().contains("far too long"), "{error}");
    }

    #[test]
    fn what_its_claim_means_for_the_service_is_said() {
        let opaque = (200, "{\"access_token\":\"opaque\",\"expires_in\":3600}".to_owned());
        let (mut managed, _asked) = imds(vec![given(1), opaque]);
        assert_eq!(managed.words(), None);
        run(managed.ready(after(0))).unwrap();
        assert_eq!(managed.words().unwrap(), "IMDS gives a token of the managed identity");
        managed.held = None;
        run(managed.ready(after(0))).unwrap();
        assert!(managed.words().unwrap().contains("it has no xms_mirid, and a service"));
    }
}
