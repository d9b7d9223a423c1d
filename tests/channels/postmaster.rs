//! A real mail server for the length of one test.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use lightsout::notify::{SmtpOptions, SmtpTls};
use serde_json::{Value, json};

use super::tools::tool;

/// The server; it ends with the value.
pub(crate) struct Postmaster {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
    port: u16,
    tls: SmtpTls,
    folder: tempfile::TempDir,
}

impl Drop for Postmaster {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Postmaster {
    /// Starts one with a certificate for 127.0.0.1. None where the tool is absent, which is told.
    pub(crate) fn start(tls: SmtpTls, login: bool, refused: &[(&str, &str)]) -> Option<Self> {
        let python: PathBuf = Path::new(tool("aiosmtpd")?.get_program()).with_file_name("python3");
        let folder = tempfile::tempdir().unwrap();
        let own = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
        std::fs::write(folder.path().join("cert.pem"), own.cert.pem()).unwrap();
        std::fs::write(folder.path().join("key.pem"), own.signing_key.serialize_pem()).unwrap();
        let words = match tls {
            SmtpTls::StartTls => "starttls",
            SmtpTls::Implicit => "implicit",
            SmtpTls::Plain => "none",
        };
        let refused: serde_json::Map<String, Value> =
            refused.iter().map(|(address, answer)| ((*address).to_owned(), (*answer).into())).collect();
        let asked = json!({
            "tls": words, "login": login, "refused": refused,
            "cert": folder.path().join("cert.pem"), "key": folder.path().join("key.pem"),
        });
        let mut child = Command::new(python)
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/channels/mail.py"))
            .arg(asked.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.next().unwrap().unwrap().parse().unwrap();
        Some(Self { child, lines, port, tls, folder })
    }

    /// The settings that mail here.
    pub(crate) fn options(&self) -> SmtpOptions {
        SmtpOptions {
            host: "127.0.0.1".to_owned(),
            port: Some(self.port),
            tls: self.tls,
            login: None,
            from: "lightsout@example.org".to_owned(),
            fallback: Vec::new(),
            ca_file: (self.tls != SmtpTls::Plain).then(|| self.folder.path().join("cert.pem")),
            timeout: None,
        }
    }

    /// The next letter; waits for it.
    pub(crate) fn letter(&mut self) -> Value {
        serde_json::from_str(&self.lines.next().unwrap().unwrap()).unwrap()
    }

    /// How many letters came that nobody looked at; ends the server.
    pub(crate) fn unread(mut self) -> usize {
        drop(self.child.kill());
        self.lines.by_ref().map_while(Result::ok).count()
    }
}
