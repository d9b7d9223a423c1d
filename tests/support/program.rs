//! The real program in a folder of its own: its settings, its policies, and what it says.
#![expect(clippy::unwrap_used, reason = "test support: what cannot be set up fails the test")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use jiff::SignedDuration;
use lightsout::sandbox::wall_now;
use tempfile::TempDir;

/// A folder with `lightsout.toml`, `policies/` and, once used, `store/`.
#[derive(Debug)]
pub(crate) struct Place {
    dir: TempDir,
    environment: Vec<(String, String)>,
}

/// What a command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// Runs a command to its end.
    pub(crate) fn of(command: &mut Command) -> Self {
        let done = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: done.status.code().unwrap_or(-1), out: text(done.stdout), err: text(done.stderr) }
    }
}

impl Place {
    /// A folder that looks at these workspaces of the Azure at `url`, every five seconds. `more` is added to its settings.
    pub(crate) fn new(url: &str, workspaces: &[String], more: &str) -> Self {
        let place = Self { dir: tempfile::tempdir().unwrap(), environment: Vec::new() };
        std::fs::create_dir(place.path("policies")).unwrap();
        place.write(
            "lightsout.toml",
            &format!(
                "[fleet]\nworkspaces = {workspaces:?}\n[azure]\ncloud = \"custom\"\narm_endpoint = \"{url}\"\n\
                 token_scope = \"{url}/.default\"\n[sweep]\ninterval = \"5s\"\n[store]\ndir = \"store\"\n\
                 [server]\nlisten = \"127.0.0.1:0\"\n{more}"
            ),
        );
        place
            .with("IDENTITY_ENDPOINT", &format!("{url}/msi/token"))
            .with("IDENTITY_HEADER", "sandbox-identity-header")
            .with("USER", "ada")
            // several run at once: each takes a port that is free
            .with("LIGHTSOUT_WEB_LISTEN", "127.0.0.1:0")
    }

    /// The same with a variable in its environment, which has no others.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A path in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file at once, as editors do: beside it, then renamed.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let beside = self.path("beside");
        std::fs::write(&beside, text).unwrap();
        std::fs::rename(beside, self.path(name)).unwrap();
    }

    /// A command here, not yet started. Nothing of this process's environment reaches it.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = bare(self.dir.path(), args);
        command.envs(self.environment.iter().cloned()).env("LIGHTSOUT_CONFIG", self.path("lightsout.toml"));
        command
    }

    /// Runs a command here to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Said {
        Said::of(&mut self.command(args))
    }
}

/// The program in a folder, with an empty environment.
fn bare(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lightsout"));
    command.current_dir(dir).args(args).env_clear().stdin(Stdio::null());
    command
}

/// A policy over every workspace whose allowed hours were three days ago, so that all is off now, whenever that is.
pub(crate) fn off_now(mode: &str, lead: &str, more: &str) -> String {
    let ago = wall_now().checked_sub(SignedDuration::from_hours(72)).unwrap();
    let day = ago.to_zoned(jiff::tz::TimeZone::UTC).strftime("%a").to_string();
    format!(
        "name = \"night\"\nmode = \"{mode}\"\n[scope]\nworkspaces = [\"*\"]\n[hours]\nzone = \"UTC\"\n\
         allowed = [\"{day} 08:00-20:00\"]\nspread = \"0s\"\n[warning]\nlead = \"{lead}\"\n\
         lead_unknown_owner = \"{lead}\"\n[guard]\nmin_uptime = \"0s\"\n{more}"
    )
}
