//! The journal on PostgreSQL: the conformance of every journal, the same ledger as SQLite's to the last hash, and what is the
//! server's own.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

#[path = "report/fleet.rs"]
#[expect(dead_code, reason = "what only reports ask of it")]
mod fleet;
#[path = "support/journal_conformance.rs"]
mod journal_conformance;
#[path = "support/journal_random.rs"]
mod journal_random;
#[path = "support/journal_rules.rs"]
mod journal_rules;
#[path = "support/journal_samples.rs"]
mod journal_samples;
#[path = "support/memory_journal.rs"]
#[expect(dead_code, reason = "what only the scenarios ask of it")]
mod memory_journal;
#[path = "support/postgres.rs"]
mod postgres;
#[path = "support/tools.rs"]
mod tools;

#[path = "postgres/lease.rs"]
mod lease;
#[path = "postgres/ledger.rs"]
mod ledger;
#[path = "postgres/losses.rs"]
mod losses;
#[path = "postgres/moving.rs"]
mod moving;
#[path = "postgres/pooler.rs"]
mod pooler;
#[path = "postgres/relay.rs"]
mod relay;
#[path = "postgres/server.rs"]
mod server;
#[path = "postgres/switch.rs"]
mod switch;
#[path = "postgres/upgrade.rs"]
mod upgrade;

use journal_conformance::Bench;
use lightsout::store::{Server, Store};
use postgres::Postgres;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;

/// A journal in a database of its own.
struct Database {
    server: Server,
}

impl Bench for Database {
    type Journal = Store;

    async fn open(&self) -> Store {
        Store::connect(&self.server).await.unwrap()
    }
}

async fn fresh(postgres: &Postgres) -> Database {
    Database { server: postgres.server(&postgres.database().await) }
}

/// One server for all of them: to start one takes longer than most rules.
#[macro_export]
macro_rules! one_after_another {
    ($bench:expr, $($rule:ident),+ $(,)?) => {
        $(eprintln!("{}", stringify!($rule));
        journal_conformance::$rule(&$bench).await;)+
    };
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_rule_of_a_journal_holds_on_a_server() {
    let Some(postgres) = Postgres::start() else { return };
    journal_rules!(one_after_another, fresh(&postgres).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_life_of_a_journal_is_as_the_model_says() {
    let Some(postgres) = Postgres::start() else { return };
    let mut runner = TestRunner::deterministic();
    for _ in 0..8 {
        let steps = journal_random::happenings().new_tree(&mut runner).unwrap().current();
        journal_random::live(&fresh(&postgres).await, &steps).await;
    }
}
