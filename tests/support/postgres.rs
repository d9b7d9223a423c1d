//! A PostgreSQL server of its own, on loopback, in a folder that goes when the test ends.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use lightsout::store::Server;

use crate::tools::tool;

/// A running server.
pub(crate) struct Postgres {
    dir: tempfile::TempDir,
    port: u16,
    made: AtomicU32,
}

impl Postgres {
    /// Starts one; none where it is not installed.
    pub(crate) fn start() -> Option<Self> {
        let initdb = program("initdb")?;
        program("pg_ctl")?;
        let dir = tempfile::tempdir().unwrap();
        if is_root() {
            let given = Command::new("chown").arg("postgres").arg(dir.path()).status().unwrap();
            assert!(given.success(), "the folder can be given to the user postgres");
        }
        let mut make = as_postgres(&initdb);
        make.arg("-D").arg(dir.path().join("d"));
        make.args(["-A", "trust", "-U", "lightsout", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]);
        run(&mut make);
        let port = free_port();
        let server = Self { dir, port, made: AtomicU32::new(0) };
        server.up();
        Some(server)
    }

    /// Where it listens.
    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// Its folder.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Starts it, for the first time or again.
    pub(crate) fn up(&self) {
        let (port, dir) = (self.port, self.dir.path().display());
        // a test needs no disk to be flushed: nothing here pulls the plug
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={dir} -c fsync=off -c max_connections=60"
        );
        run(self.control().args(["-w", "-s", "-o", &options, "-l"]).arg(self.dir.path().join("log")).arg("start"));
    }

    /// Ends it at once, as a power cut would.
    pub(crate) fn kill(&self) {
        run(self.control().args(["-m", "immediate", "-s", "stop"]));
    }

    fn control(&self) -> Command {
        let mut control = as_postgres(&program("pg_ctl").unwrap());
        control.arg("-D").arg(self.dir.path().join("d"));
        control
    }

    /// The address of a database of it.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://lightsout@127.0.0.1:{}/{database}", self.port)
    }

    /// A new database; its name.
    pub(crate) async fn database(&self) -> String {
        let name = format!("d{}", self.made.fetch_add(1, Ordering::Relaxed));
        self.ask("postgres", &format!("CREATE DATABASE {name}")).await.unwrap();
        name
    }

    /// The way to a database.
    pub(crate) fn server(&self, database: &str) -> Server {
        Server::parse(&self.url(database), None).unwrap()
    }

    /// Runs a statement as another program would.
    pub(crate) async fn ask(&self, database: &str, sql: &str) -> Result<u64, sqlx::Error> {
        let mut other = self.other(database).await;
        let done = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut other).await?;
        Ok(done.rows_affected())
    }

    /// Another program's connection.
    pub(crate) async fn other(&self, database: &str) -> sqlx::PgConnection {
        <sqlx::PgConnection as sqlx::Connection>::connect(&self.url(database)).await.unwrap()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.control().args(["-m", "immediate", "-s", "stop"]).stderr(Stdio::null()).status());
    }
}

/// A program of the server: Debian keeps it beside the PATH, the newest version last.
fn program(name: &str) -> Option<Command> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> =
        versions.map(|version| version.path().join("bin").join(name)).filter(|file| file.is_file()).collect();
    found.sort();
    found.pop().map(Command::new).or_else(|| tool(name))
}

/// PostgreSQL does not run as root.
pub(crate) fn as_postgres(tool: &Command) -> Command {
    if !is_root() {
        return Command::new(tool.get_program());
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(tool.get_program()).current_dir("/");
    command
}

pub(crate) fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0)
}

pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

fn run(command: &mut Command) {
    // the server keeps what it inherits open for as long as it runs: no pipe of ours
    let log: PathBuf = std::env::temp_dir().join(format!("lightsout-postgres-{}.log", std::process::id()));
    let out = std::fs::File::create(&log).unwrap();
    let status = command.stdin(Stdio::null()).stdout(out.try_clone().unwrap()).stderr(out).status().unwrap();
    let said = std::fs::read_to_string(&log).unwrap_or_default();
    drop(std::fs::remove_file(&log));
    assert!(status.success(), "{command:?}: {said}");
}
