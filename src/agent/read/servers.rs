//! Asks Jupyter servers on this machine, with the token that each writes into its own file. Every question carries
//! `no_track_activity`: without it the asking itself would count as use, and the server be active for ever.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use reqwest::{Client, StatusCode, header, redirect};
use url::Url;

use super::files::{Root, read_strange};
use crate::agent::facts::{Said, Server, Trouble};
use crate::agent::parse::{RuntimeFile, kernels, names, runtime_file, terminals};
use crate::agent::rules::JupyterRules;

/// A runtime file is read so far.
const FILE_MOST: u64 = 16 * 1_024;
/// An answer is read so far: a thousand kernels.
const ANSWER_MOST: usize = 512 * 1_024;
/// At most so many servers are asked in a look.
const SERVERS_MAX: usize = 16;

/// Where a server is, and what it wants to be shown.
struct Door {
    url: Url,
    token: String,
    pid: Option<u32>,
    trouble: Option<&'static str>,
}

/// A client for this machine alone.
pub(super) fn client(rules: &JupyterRules) -> Result<Client, reqwest::Error> {
    Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .timeout(Duration::from_millis(rules.timeout.millis()))
        .pool_max_idle_per_host(0)
        .resolve("localhost", SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0))
        .build()
}

/// Asks every server that is known of.
pub(super) async fn ask(client: &Client, root: &Root, homes: &[String], rules: &JupyterRules) -> Vec<Server> {
    let mut servers = Vec::new();
    for door in doors(root, homes, rules) {
        let said = match door.trouble {
            Some(words) => Err(Trouble::Failed(words.to_owned())),
            None => says(client, &door).await,
        };
        servers.push(Server { url: door.url.as_str().trim_end_matches('/').to_owned(), pid: door.pid, said });
    }
    servers
}

/// Servers by their runtime files, then by the settings; each port once.
fn doors(root: &Root, homes: &[String], rules: &JupyterRules) -> Vec<Door> {
    let mut doors: Vec<Door> = files(root, homes, rules).into_iter().filter_map(|file| door(root, &file)).collect();
    let ports: BTreeSet<Option<u16>> = doors.iter().map(|door| door.url.port_or_known_default()).collect();
    let urls = rules.urls.iter().filter(|url| !ports.contains(&url.0.port_or_known_default()));
    doors.extend(urls.map(|url| Door { url: url.0.clone(), token: String::new(), pid: None, trouble: None }));
    doors.truncate(SERVERS_MAX);
    doors
}

fn files(root: &Root, homes: &[String], rules: &JupyterRules) -> Vec<RuntimeFile> {
    let usual = homes.iter().map(|home| format!("{}/.local/share/jupyter/runtime", home.trim_end_matches('/')));
    let session = root.names("/run/user").unwrap_or_default().into_iter().map(|uid| format!("/run/user/{uid}/jupyter"));
    let folders: BTreeSet<String> =
        usual.chain(session).chain(rules.runtime_dirs.iter().map(|folder| folder.0.clone())).collect();
    let mut found: Vec<RuntimeFile> = Vec::new();
    for folder in folders {
        let ours =
            |name: &String| (name.starts_with("jpserver-") || name.starts_with("nbserver-")) && name.ends_with(".json");
        for name in root.names(&folder).unwrap_or_default().into_iter().filter(ours) {
            let bytes = read_strange(&root.path(&folder).join(name), FILE_MOST);
            let file = bytes.ok().and_then(|bytes| runtime_file(&bytes));
            found.extend(file.filter(|file| found.iter().all(|known| known.pid != file.pid)));
        }
    }
    found
}

/// None for a file that its server left behind.
fn door(root: &Root, file: &RuntimeFile) -> Option<Door> {
    if !root.path(&format!("/proc/{}", file.pid)).exists() {
        return None;
    }
    let base = if file.base_url.is_empty() { "/" } else { file.base_url.as_str() };
    let url = Url::parse(&format!("http://127.0.0.1:{}{base}", file.port)).ok()?;
    let trouble = match file {
        RuntimeFile { port: 0, .. } => Some("it listens on a socket file, which is not asked"),
        RuntimeFile { secure: true, .. } => {
            Some("it speaks TLS, which is not asked; let it listen on loopback without")
        }
        RuntimeFile { password: true, token, .. } if token.is_empty() => {
            Some("it wants a password; give it a token instead")
        }
        RuntimeFile { .. } => None,
    };
    Some(Door { url, token: file.token.clone(), pid: Some(file.pid), trouble })
}

async fn says(client: &Client, door: &Door) -> Result<Said, Trouble> {
    let unread = |_| Trouble::Failed("its answer is not that of a Jupyter server".to_owned());
    let kernels = kernels(&get(client, door, "kernels").await?.unwrap_or_else(|| b"[]".to_vec())).map_err(unread)?;
    // A server may have no terminals at all.
    let terminals = get(client, door, "terminals").await?.map_or_else(|| Ok(Vec::new()), |json| terminals(&json));
    let terminals = terminals.map_err(unread)?;
    let names = if kernels.is_empty() {
        Default::default()
    } else {
        names(&get(client, door, "sessions").await.ok().flatten().unwrap_or_default())
    };
    Ok(Said { kernels, terminals, names })
}

/// One answer; none when there is no such thing there.
async fn get(client: &Client, door: &Door, what: &str) -> Result<Option<Vec<u8>>, Trouble> {
    let base = door.url.as_str().trim_end_matches('/');
    let mut request = client.get(format!("{base}/api/{what}?no_track_activity=1"));
    if !door.token.is_empty() {
        request = request.header(header::AUTHORIZATION, format!("token {}", door.token));
    }
    let failed = |error: &reqwest::Error| match error {
        error if error.is_timeout() => Trouble::Failed("no answer in time; it may hang".to_owned()),
        error if error.is_connect() => Trouble::Refused,
        _ => Trouble::Failed("the connection broke off".to_owned()),
    };
    let mut answer = request.send().await.map_err(|error| failed(&error))?;
    match answer.status() {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND if what != "kernels" => return Ok(None),
        StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => {
            let words =
                "it wants a token that is not known here; let the agent read its runtime file (jpserver-*.json)";
            return Err(Trouble::Failed(words.to_owned()));
        }
        other => return Err(Trouble::Failed(format!("it answers {}", other.as_u16()))),
    }
    let mut body: Vec<u8> = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(|error| failed(&error))? {
        if body.len().saturating_add(part.len()) > ANSWER_MOST {
            return Err(Trouble::Failed("its answer is too long".to_owned()));
        }
        body.extend_from_slice(&part);
    }
    Ok(Some(body))
}
