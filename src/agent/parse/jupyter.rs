//! What a Jupyter server answers, and the file in which it says where it listens.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

/// One kernel, out of `/api/kernels`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Kernel {
    /// Its id.
    pub id: String,
    /// Its language's name.
    #[serde(default)]
    pub name: String,
    /// When a message last passed. A silent cell sends none, so that alone is not idleness.
    #[serde(default)]
    pub last_activity: Option<Timestamp>,
    /// `idle`, `busy`, `starting`, …
    #[serde(default)]
    pub execution_state: String,
    /// Open pages.
    #[serde(default)]
    pub connections: u32,
}

/// One terminal, out of `/api/terminals`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Terminal {
    /// Its name.
    pub name: String,
    /// When something was last written to it, or by it.
    #[serde(default)]
    pub last_activity: Option<Timestamp>,
}

/// `jpserver-PID.json`, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RuntimeFile {
    /// The server's process.
    pub pid: u32,
    /// Its port; 0 where it listens on a socket file.
    #[serde(default)]
    pub port: u16,
    /// Below which path it answers.
    #[serde(default)]
    pub base_url: String,
    /// What it wants to be shown; empty when nothing.
    #[serde(default)]
    pub token: String,
    /// It wants a password, which is not known here.
    #[serde(default)]
    pub password: bool,
    /// It speaks TLS.
    #[serde(default)]
    pub secure: bool,
}

#[derive(Debug, Deserialize)]
struct Session {
    #[serde(default)]
    path: String,
    #[serde(default)]
    name: String,
    kernel: Option<SessionKernel>,
}

#[derive(Debug, Deserialize)]
struct SessionKernel {
    id: String,
}

/// Kernels.
///
/// # Errors
/// When it is no list of kernels.
pub fn kernels(json: &[u8]) -> Result<Vec<Kernel>, serde_json::Error> {
    serde_json::from_slice(json)
}

/// Terminals.
///
/// # Errors
/// When it is no list of terminals.
pub fn terminals(json: &[u8]) -> Result<Vec<Terminal>, serde_json::Error> {
    serde_json::from_slice(json)
}

/// Which notebook a kernel belongs to, out of `/api/sessions`; what cannot be read costs only names.
#[must_use]
pub fn names(json: &[u8]) -> BTreeMap<String, String> {
    let sessions: Vec<Session> = serde_json::from_slice(json).unwrap_or_default();
    let named = sessions.into_iter().filter_map(|session| {
        let name = if session.name.is_empty() { session.path } else { session.name };
        let file = name.rsplit('/').next().unwrap_or_default().to_owned();
        Some((session.kernel?.id, file)).filter(|(_, file)| !file.is_empty())
    });
    named.collect()
}

/// The runtime file. Its base is a plain path, or there is none: it is a file that any user may write.
#[must_use]
pub fn runtime_file(json: &[u8]) -> Option<RuntimeFile> {
    let file: RuntimeFile = serde_json::from_slice(json).ok()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '~' | '@' | '%');
    let fine = file.base_url.is_empty() || (file.base_url.starts_with('/') && file.base_url.chars().all(plain));
    let token = file.token.bytes().all(|byte| byte.is_ascii_graphic());
    (fine && token).then_some(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_real_servers_answers_are_read() {
        let busy = br#"[{"id": "4b786d11-eeb9-466a-b3d5-556e7a076815", "name": "python3",
            "last_activity": "2026-11-23T09:36:28.461639Z", "execution_state": "busy", "connections": 1}]"#;
        let read = kernels(busy).unwrap();
        assert_eq!((read[0].execution_state.as_str(), read[0].connections), ("busy", 1));
        assert_eq!(read[0].last_activity.unwrap().to_string(), "2026-11-23T09:36:28.461639Z");
        assert_eq!(kernels(b"[]").unwrap(), []);
        let terminal = br#"[{"name": "1", "last_activity": "2026-11-23T09:36:48.512706Z"}]"#;
        assert_eq!(terminals(terminal).unwrap()[0].name, "1");
        let sessions = br#"[{"id": "2d", "path": "deep/train.ipynb", "name": "", "type": "notebook",
            "kernel": {"id": "4b78", "name": "python3"}, "notebook": {"path": "train.ipynb"}}, {"kernel": null}]"#;
        assert_eq!(names(sessions).get("4b78").map(String::as_str), Some("train.ipynb"));
        assert!(names(b"<html>").is_empty());
    }

    #[test]
    fn what_is_no_list_is_no_empty_list() {
        for text in ["{\"message\": \"Forbidden\", \"reason\": null}", "<html>", "", "[{\"name\": 1}]"] {
            assert!(kernels(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_runtime_file_names_only_a_plain_path() {
        let file = br#"{"base_url": "/", "hostname": "127.0.0.1", "password": false, "pid": 77, "port": 8888,
            "root_dir": "/home/ana", "secure": false, "sock": "", "token": "abc", "url": "http://127.0.0.1:8888/",
            "version": "2.21.1"}"#;
        let read = runtime_file(file).unwrap();
        assert_eq!((read.pid, read.port, read.base_url.as_str(), read.token.as_str()), (77, 8888, "/", "abc"));
        for base in ["//evil?x=", "/a b", "x/", "/#", "/a\\r\\nX: y"] {
            let odd = format!("{{\"pid\": 1, \"port\": 1, \"base_url\": \"{base}\"}}");
            assert_eq!(runtime_file(odd.as_bytes()), None, "{base}");
        }
        assert_eq!(runtime_file(b"root:x:0:0"), None);
    }
}
