//! `lightsout healthcheck`: the question that a container's health check asks, where there is no shell and no curl.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use serde_json::{Value, json};

use super::context::{CommandError, Context};
use crate::cli::args::Healthcheck;
use crate::cli::exit::Exit;
use crate::report::words;

/// Well below what those who run containers wait for an answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Asks, and says what was answered.
///
/// # Errors
/// When the settings do not say where the service listens.
pub async fn healthcheck(asked: &Healthcheck, context: &Context) -> Result<Exit, CommandError> {
    let listen = context.places()?.server.listen;
    let path = if asked.ready { "readyz" } else { "healthz" };
    let url = format!("http://{}/{path}", here(listen));
    let (well, told) = match ask(&url).await {
        Ok((status, body)) => (status == 200, body),
        Err(error) => (false, json!({ "status": "silent", "why": words::clean(&chain(&error)) })),
    };
    let facts = json!({ "asked": url, "well": well, "answer": told });
    context.print(&facts, || format!("{}: {told}", if well { "well" } else { "not well" }))?;
    Ok(if well { Exit::Well } else { Exit::Unexpected })
}

/// The same listener, from this machine: one that listens everywhere listens on loopback, too.
fn here(listen: SocketAddr) -> SocketAddr {
    let address = match listen.ip() {
        IpAddr::V4(address) if address.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(address) if address.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        address @ (IpAddr::V4(_) | IpAddr::V6(_)) => address,
    };
    SocketAddr::new(address, listen.port())
}

async fn ask(url: &str) -> Result<(u16, Value), reqwest::Error> {
    let client =
        reqwest::Client::builder().timeout(PATIENCE).no_proxy().redirect(reqwest::redirect::Policy::none()).build()?;
    let answer = client.get(url).send().await?;
    let status = answer.status().as_u16();
    Ok((status, answer.json().await.unwrap_or(Value::Null)))
}

fn chain(error: &reqwest::Error) -> String {
    crate::ports::with_causes("no answer".to_owned(), Some(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_listens_everywhere_is_asked_on_loopback() {
        for (listen, asked) in [
            ("0.0.0.0:9188", "127.0.0.1:9188"),
            ("[::]:9188", "[::1]:9188"),
            ("10.0.0.7:1", "10.0.0.7:1"),
            ("127.0.0.1:9", "127.0.0.1:9"),
        ] {
            assert_eq!(here(listen.parse().unwrap()).to_string(), asked);
        }
    }
}
