//! The ledger on a server is the ledger in a file: the same rows, sums and hashes.

use lightsout::ledger::{BillLine, BillSource, DaySpan, Entry};
use lightsout::ports::{Apart, BillBook as _, LedgerBook as _, Statement};
use lightsout::store::{LedgerReader, Store};
use lightsout::units::{Currency, SubscriptionId, WorkspaceId};

use crate::fleet::{Fleet, january};
use crate::fresh;
use crate::postgres::Postgres;

const JANUARY: DaySpan = DaySpan { first: jiff::civil::date(2027, 1, 1), last: jiff::civil::date(2027, 1, 31) };

async fn rows(store: &Store) -> Vec<Entry> {
    let mut rows = Vec::new();
    let take = |entry| {
        rows.push(entry);
        Ok(())
    };
    store.each_entry((i64::MAX, None), take).await.unwrap();
    rows
}

fn bill() -> Statement {
    let line = |day: i8, amount: &str| BillLine {
        workspace: WorkspaceId::new("11111111-2222-3333-4444-555555555555", "rg-ml", "nlp").unwrap(),
        day: jiff::civil::date(2027, 1, day),
        meter: "D3 v2/DS3 v2".into(),
        category: "Virtual Machines".into(),
        amount: amount.parse().unwrap(),
        currency: Currency::USD,
        quantity: Some("2.5".parse().unwrap()),
    };
    Statement {
        source: BillSource::Folder,
        name: "january.csv".to_owned(),
        subscription: SubscriptionId::new("11111111-2222-3333-4444-555555555555"),
        days: JANUARY,
        lines: vec![line(4, "3.10"), line(5, "2.95"), line(5, "0.05")],
        digest: Some([7; 32]),
    }
}

/// Everything that a store tells of its ledger, in one text.
pub(crate) async fn told(store: &Store) -> String {
    let (from, to) = JANUARY.seconds();
    let mut told = vec![format!("{:?}", store.verify_ledger().await.unwrap())];
    told.push(format!("{:?}", store.head().await.unwrap()));
    told.extend(rows(store).await.iter().map(|row| format!("{row:?}")));
    told.push(format!("{:?}", store.sums().await.unwrap()));
    for (teams, owners) in [(false, false), (true, false), (false, true), (true, true)] {
        told.push(format!("{:?}", store.spent(from, to, Apart { teams, owners }).await.unwrap()));
    }
    let mut avoided: Vec<String> =
        store.avoided(from, to).await.unwrap().iter().map(|one| format!("{one:?}")).collect();
    avoided.sort();
    told.extend(avoided);
    told.push(format!("{:?}", store.prices().await.unwrap()));
    told.push(format!("{:?}", store.metered(JANUARY).await.unwrap()));
    told.push(format!("{:?}", store.bills_of(JANUARY).await.unwrap()));
    told.push(format!("{:?}", store.bills_had(BillSource::Folder).await.unwrap()));
    told.push(format!("{:?}", store.bills_read(BillSource::Folder).await.unwrap()));
    told.join("\n")
}

pub(crate) async fn written(store: &Store) -> String {
    january(&mut Fleet::new(store)).await;
    let at = "2027-02-03T00:00:00Z".parse().unwrap();
    store.keep_bills(&[bill()], at).await.unwrap();
    // said once more, it is nothing new; said otherwise, the later counts
    store.keep_bills(&[bill(), Statement { lines: Vec::new(), ..bill() }, bill()], at).await.unwrap();
    told(store).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_the_same_row_for_row_and_hash_for_hash() {
    let Some(postgres) = Postgres::start() else { return };
    let dir = tempfile::tempdir().unwrap();
    let (file, database) = (Store::open(dir.path()).await.unwrap(), fresh(&postgres).await);
    let server = Store::connect(&database.server).await.unwrap();
    let (here, there) = (written(&file).await, written(&server).await);
    assert!(here.lines().count() > 50, "there is something to compare");
    for (here, there) in here.lines().zip(there.lines()) {
        assert_eq!(here, there);
    }
    assert_eq!(here.len(), there.len());
    // by a reader beside the service
    let reader = LedgerReader::connect(&database.server).await.unwrap();
    assert_eq!(reader.verify().await.unwrap(), file.verify_ledger().await.unwrap());
    assert_eq!(reader.going_on().await.unwrap(), file.ledger().going_on().await.unwrap());
    assert_eq!(reader.agreed(JANUARY).await.unwrap(), file.ledger().agreed(JANUARY).await.unwrap());
}
