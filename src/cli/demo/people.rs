//! The page of the demo, and its people: they follow the links of their warnings over real HTTP, as a browser would.

use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{CONTENT_TYPE, ORIGIN};
use serde_json::{Value, json};
use url::Url;

use super::drive::DemoError;
use super::setup::Stage;
use crate::access::Roles;
use crate::cli::clock::VirtualClock;
use crate::cli::people::{keys_of_links, serve, site};
use crate::cli::relay::Relay;
use crate::links::LinkBase;
use crate::notify::Linker;
use crate::ports::{AuditLine, Clock as _};
use crate::web::PageFaces;
use crate::web::door::{Door, DoorOptions, Rates, SessionLength, Surroundings, Ways, people_limits};

/// Where the page will be: bound before anybody is warned, since warnings name it.
#[derive(Debug)]
pub(super) struct Place {
    listener: TcpListener,
    /// Its address.
    pub(super) url: Url,
}

impl Place {
    /// On loopback, at the port that is asked for or at any.
    pub(super) fn take(listen: Option<std::net::SocketAddr>) -> Result<Self, DemoError> {
        let any = || std::net::SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = TcpListener::bind(listen.unwrap_or_else(any))?;
        let url = format!("http://{}", listener.local_addr()?);
        Ok(Self { listener, url: Url::parse(&url).map_err(|error| DemoError::People(error.to_string()))? })
    }

    /// What puts links into warnings.
    pub(super) fn linker(&self, dir: &Path) -> Result<Linker, DemoError> {
        let keys = keys_of_links(dir).map_err(|error| DemoError::People(error.to_string()))?;
        Ok(Linker::new(LinkBase::new(self.url.clone()), keys))
    }

    /// Serves page, API and links over the demo's engine.
    pub(super) fn open(self, stage: &Stage, dir: &Path) -> Result<Url, DemoError> {
        let wrong = |error: &dyn std::fmt::Display| DemoError::People(error.to_string());
        let keys = Arc::new(keys_of_links(dir).map_err(|error| wrong(&error))?);
        let site = site(&Relay::new(stage.engine.clone(), None), (Some(keys), Some(self.url.clone())), true)
            .map_err(|error| wrong(&error))?;
        let options = DoorOptions {
            public: None,
            listener: self.listener.local_addr()?,
            has_tls: false,
            ways: Ways { open: Some("you".to_owned()), ..Ways::default() },
            roles: Roles::default(),
            session: SessionLength { idle: SignedDuration::from_hours(1), most: SignedDuration::from_hours(12) },
            limits: people_limits(),
            rates: Rates::default(),
        };
        let (now, steady): (VirtualClock, VirtualClock) = (stage.clock.clone(), stage.clock.clone());
        let surroundings = Surroundings {
            now: Arc::new(move || now.now()),
            steady: Arc::new(move || steady.steady()),
            audit: Arc::new(|_: AuditLine| {}),
            faces: Arc::new(PageFaces::new(&site)),
        };
        let door = Door::new(options, surroundings).map_err(|error| wrong(&error))?;
        tokio::spawn(serve(self.listener, None, (site, door), None));
        Ok(self.url)
    }
}

/// Somebody with a browser.
#[derive(Debug, Clone)]
pub(super) struct Browser(reqwest::Client);

impl Browser {
    pub(super) fn new() -> Result<Self, DemoError> {
        let built = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build();
        Ok(Self(built.map_err(|error| DemoError::People(error.to_string()))?))
    }

    /// Opens a warning's link, looks at what it offers, and presses the button; until when it is held then, or why not.
    pub(super) async fn follow(&self, link: &str, seconds: u32, reason: &str) -> Result<Timestamp, String> {
        let mut url = Url::parse(link).map_err(|error| error.to_string())?;
        let token = url.fragment().unwrap_or_default().to_owned();
        url.set_fragment(None);
        let page = self.0.get(url.clone()).send().await.map_err(|error| error.to_string())?;
        if !page.status().is_success() {
            return Err(format!("the page of the link answered {}", page.status()));
        }
        let looked = self.post(&url, "/links/look", &json!({ "token": token })).await?;
        if let Some(refused) = looked.get("refused").and_then(Value::as_str) {
            return Err(refused.to_owned());
        }
        let wish = json!({ "token": token, "seconds": seconds, "reason": reason });
        let pressed = self.post(&url, "/links/use", &wish).await?;
        let until = pressed.pointer("/held_until/iso").and_then(Value::as_str).unwrap_or_default();
        until.parse().map_err(|_| format!("the answer names no end: {pressed}"))
    }

    async fn post(&self, page: &Url, path: &str, body: &Value) -> Result<Value, String> {
        let url = page.join(path).map_err(|error| error.to_string())?;
        let sent = self.0.post(url).header(ORIGIN, page.origin().ascii_serialization());
        let sent = sent.header(CONTENT_TYPE, "application/json").body(body.to_string()).send().await;
        let answer = sent.map_err(|error| error.to_string())?;
        let (status, text) = (answer.status(), answer.text().await.map_err(|error| error.to_string())?);
        let value: Value = serde_json::from_str(&text).unwrap_or_default();
        if status.is_success() {
            return Ok(value);
        }
        Err(value.get("detail").and_then(Value::as_str).unwrap_or(&text).to_owned())
    }
}
