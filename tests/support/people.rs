//! Someone who receives the webhook's messages and checks their signature as any other tool would.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test support: what cannot be set up fails the test")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;

/// What the messages are signed with.
pub(crate) const KEY: &str = "canary-webhook-key-58d1c0";

/// The receiver; its thread ends with the test's process.
#[derive(Debug)]
pub(crate) struct People {
    url: String,
    read: Arc<Mutex<Vec<Value>>>,
}

impl People {
    /// Begins to listen. A message whose signature is not right fails the test that looks at it.
    pub(crate) fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/inbox", listener.local_addr().unwrap());
        let read: Arc<Mutex<Vec<Value>>> = Arc::default();
        let kept = read.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (signature, body) = receive(&stream);
                let mut message: Value = serde_json::from_slice(&body).unwrap_or_default();
                message["signed"] = is_signed(&signature, &body).into();
                kept.lock().unwrap().push(message);
                // A sender that left reads no answer.
                drop((&stream).write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
            }
        });
        Self { url, read }
    }

    /// The settings that send messages here.
    pub(crate) fn settings(&self) -> String {
        format!(
            "[notify.webhook]\nurl = \"{}\"\nsecret_env = \"INBOX_KEY\"\nallow_private = [\"127.0.0.0/8\"]\n",
            self.url
        )
    }

    /// The messages of a kind so far; each has to be signed.
    pub(crate) fn messages(&self, kind: &str) -> Vec<Value> {
        let all = self.read.lock().unwrap().clone();
        assert!(all.iter().all(|message| message["signed"] == true), "a message without a right signature: {all:?}");
        all.into_iter().filter(|message| message["kind"] == kind).collect()
    }
}

fn receive(stream: &TcpStream) -> (String, Vec<u8>) {
    let mut reader = BufReader::new(stream);
    let (mut length, mut signature, mut line) = (0, String::new(), String::new());
    while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
        let (name, value) = line.split_once(':').unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap(),
            "lightsout-signature" => value.trim().clone_into(&mut signature),
            _ => {}
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (signature, body)
}

/// `t=UNIX,v1=HEX` over `UNIX.BODY`.
fn is_signed(signature: &str, body: &[u8]) -> bool {
    let Some((unix, hex)) = signature.strip_prefix("t=").and_then(|rest| rest.split_once(",v1=")) else {
        return false;
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY.as_bytes()).unwrap();
    mac.update(unix.as_bytes());
    mac.update(b".");
    mac.update(body);
    let made: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    made == hex
}
