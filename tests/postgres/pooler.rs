//! PgBouncer in transaction mode between the service and its server.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::Duration;

use lightsout::ports::Journal as _;
use lightsout::store::{Server, Store};

use crate::Database;
use crate::journal_samples::{at, born, running};
use crate::lease::{NOW, member, shards};
use crate::ledger::written;
use crate::postgres::{Postgres, as_postgres, free_port};
use crate::tools::tool;

/// A pooler that hands connections on after each transaction, and has fewer of them than it is asked for.
struct Pooler {
    process: Child,
    port: u16,
}

impl Pooler {
    fn start(postgres: &Postgres) -> Option<Self> {
        let pgbouncer = tool("pgbouncer")?;
        let port = free_port();
        let settings = postgres.dir().join("pgbouncer.ini");
        let to = postgres.port();
        let text = format!(
            "[databases]\n* = host=127.0.0.1 port={to}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 2\nserver_idle_timeout = 5\n"
        );
        // any: whoever asks is the user of the database's line
        let text = text.replace(&format!("port={to}\n"), &format!("port={to} user=lightsout\n"));
        std::fs::write(&settings, text).unwrap();
        let process =
            as_postgres(&pgbouncer).arg(&settings).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let pooler = Self { process, port };
        while let Err(error) = TcpStream::connect(("127.0.0.1", port)) {
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(pooler)
    }

    fn server(&self, database: &str) -> Server {
        Server::parse(&format!("postgres://lightsout@127.0.0.1:{}/{database}", self.port), None).unwrap()
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Journals through the pooler.
macro_rules! through {
    ($bench:expr, $($rule:ident),+ $(,)?) => {
        $(crate::journal_conformance::$rule(&$bench).await;)+
    };
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_depends_on_a_session() {
    let Some(postgres) = Postgres::start() else { return };
    let Some(pooler) = Pooler::start(&postgres) else { return };
    let database = async || Database { server: pooler.server(&postgres.database().await) };
    through!(
        database().await,
        an_empty_journal_recalls_nothing,
        a_name_used_again_inherits_nothing,
        one_open_stop_an_instance_and_one_stop_a_reason,
        racing_intents_leave_one,
        the_outbox_keeps_a_message_until_it_is_confirmed,
        holds_last_until_they_end_or_are_lifted,
        audit_lines_are_taken,
        operations_come_back_as_they_were_written,
    );
    // a lease, shards and the switch, too
    let server = database().await.server;
    let (a, lease_a) = member(&server, "a").await;
    let (b, lease_b) = member(&server, "b").await;
    assert_eq!(lease_a.take(&shards(0..64)).await.unwrap(), shards(0..64));
    assert!(lease_b.take(&shards(0..64)).await.unwrap().is_empty());
    lease_a.give(&shards(0..10)).await.unwrap();
    assert_eq!(lease_b.take(&shards(0..20)).await.unwrap(), shards(0..10));
    lease_a.publish("{}", at(1)).await.unwrap();
    assert_eq!(lease_b.published(&BTreeMap::new()).await.unwrap().len(), 1);
    b.freeze_all("incident", "ann").await.unwrap();
    assert!(lease_a.renew(NOW).await.unwrap().unwrap().frozen.is_some());
    a.record(&running("ci-a", born(), at(0))).await.unwrap();
    lease_a.leave().await.unwrap();
    assert_eq!(lease_b.take_all().await.unwrap(), None);
    let dir = tempfile::tempdir().unwrap();
    let file = written(&Store::open(dir.path()).await.unwrap()).await;
    let store = Store::connect(&database().await.server).await.unwrap();
    // several at once on two connections, each statement where its transaction is
    let (told, _) = tokio::join!(written(&store), async {
        for _ in 0..40 {
            drop(store.verify_audit().await.unwrap());
        }
    });
    assert_eq!(told, file);
}
