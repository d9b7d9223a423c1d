//! Ledger against bill over real sockets: a simulated Azure that bills its true meters, late; and servers that misbehave.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

#[path = "support/allowed.rs"]
mod allowed;
#[path = "reconcile/asking.rs"]
mod asking;
#[path = "reconcile/estate.rs"]
mod estate;
#[path = "arm/world.rs"]
#[expect(dead_code, reason = "the world of another suite, of which this one needs a part")]
mod world;

use lightsout::ledger::{BillSource, Cause, DaySpan, Part};
use lightsout::ports::{BillBook as _, Control as _, Observe as _};
use lightsout::sandbox::DEMO_SUBSCRIPTIONS;

use crate::estate::{Estate, FIRST_DAY};

#[tokio::test]
async fn after_three_days_the_bill_agrees_and_before_nothing_is_due() {
    let estate = Estate::new(|options| options.cost_page_size = 5).await;
    let (_dir, engine) = estate.engine(BillSource::CostManagement, |_| ()).await;
    estate.sweep_through_the_first_day(&engine).await;
    estate.sweep_at(&engine, "2026-03-19T23:00:00Z").await;
    let early = engine.reconcile().await.unwrap().unwrap();
    assert_eq!((early.view.days, early.view.coverage, early.differences.len()), (0, None, 0));
    let asked = estate.asked();
    assert!(asked > 0, "bills are had all the same");

    estate.at("2026-03-20T00:00:00Z");
    let told = engine.reconcile().await.unwrap().unwrap();
    assert_eq!(estate.asked(), asked, "no bill is asked for twice a day");
    assert_eq!(
        (told.view.first.to_string().as_str(), told.view.last.to_string().as_str()),
        ("2026-02-13", "2026-03-16")
    );
    assert_eq!((told.view.days, told.view.compared), (3, 0), "the bill that was had tells of days before");

    estate.at("2026-03-20T23:00:00Z");
    let told = engine.reconcile().await.unwrap().unwrap();
    assert!(estate.asked() > asked);
    assert_eq!((told.view.days, told.view.compared, told.differences.len()), (3, 3, 0), "{:#?}", told.differences);
    assert_eq!(told.view.causes.get(&Cause::Agrees), Some(&3));
    assert!(told.view.error.unwrap().0 < 20_000, "{:?}", told.view.error);
    assert_eq!(told.view.faults, []);
    let parts: Vec<Part> = told.view.parts.iter().map(|part| part.part).collect();
    assert_eq!(parts, [Part::Compute, Part::Disk, Part::PublicIp, Part::LoadBalancer]);
    for part in told.view.parts.iter().skip(1) {
        assert!(part.error.unwrap().0 < 1_000, "what is billed around the clock is exact: {part:?}");
    }
    assert!(told.view.parts[0].billed.as_micros() > 1_000_000);

    // every page is the same question again, to the one path that may be asked
    let mut counts = estate.sandbox.recorder().counts();
    assert_eq!(allowed::strays(&counts), [format!("{} of POST cost-query", estate.asked())]);
    counts.retain(|(_, kind), _| *kind != "cost-query");
    assert_eq!(allowed::strays(&counts), Vec::<String>::new(), "G3");
    assert_eq!(estate.asked_by(&engine), estate.asked());
    assert_eq!(engine.world().api_use().requests.get(&("cost_query", "204".to_owned())), Some(&6), "of days before");

    // the faces show it with the next sweep
    estate.sweep_at(&engine, "2026-03-20T23:30:00Z").await;
    let shown = engine.last_view().money.reconciliation.clone().unwrap();
    assert_eq!(*shown, told.view);
}

#[tokio::test]
async fn a_restart_asks_for_no_bill_again_and_compares_all_the_same() {
    let estate = Estate::new(|_| ()).await;
    let (dir, engine) = estate.engine(BillSource::CostManagement, |_| ()).await;
    estate.sweep_through_the_first_day(&engine).await;
    estate.sweep_at(&engine, "2026-03-20T12:00:00Z").await;
    assert!(engine.reconcile_if_due().await.unwrap());
    assert!(!engine.reconcile_if_due().await.unwrap(), "not twice");
    let asked = estate.asked();
    assert_eq!(asked, DEMO_SUBSCRIPTIONS.len() as u64 * 2, "a question for each of two months");
    drop(engine);
    let engine = estate.engine_in(dir.path(), (BillSource::CostManagement, None), |_| ()).await;
    assert!(engine.reconcile_if_due().await.unwrap());
    assert_eq!(estate.asked(), asked);
    let told = engine.reconcile().await.unwrap().unwrap();
    assert_eq!((told.view.compared, told.differences.len()), (3, 0));
    estate.at("2026-03-21T12:00:00Z");
    assert!(engine.reconcile_if_due().await.unwrap());
    assert_eq!(estate.asked(), asked * 2, "once a day a subscription");
}

#[tokio::test]
async fn another_price_than_the_bill_has_is_named() {
    let estate = Estate::new(|_| ()).await;
    let (_dir, engine) = estate.engine(BillSource::CostManagement, |_| ()).await;
    engine.world().azure.use_sheet(estate::half_price());
    estate.sweep_through_the_first_day(&engine).await;
    estate.sweep_at(&engine, "2026-03-20T12:00:00Z").await;
    let told = engine.reconcile().await.unwrap().unwrap();
    assert_eq!(told.view.causes.get(&Cause::Price), Some(&3), "{:#?}", told.view);
    let error = told.view.error.unwrap().0;
    assert!((480_000..520_000).contains(&error), "half of it: {error}");
    let worst = &told.differences[0];
    assert_eq!((worst.part, worst.day.to_string().as_str()), (Part::Compute, "2026-03-16"));
    assert!(worst.difference.unwrap().as_micros() > 0, "the bill is more than the ledger says");
    let kept = engine.world().store.reconciled(DaySpan { first: FIRST_DAY, last: FIRST_DAY }).await.unwrap();
    let compute: Vec<Cause> = kept.iter().filter(|row| row.part == Part::Compute).map(|row| row.cause).collect();
    assert_eq!(compute, [Cause::Price; 3]);
}

#[tokio::test]
async fn a_folder_of_bills_does_as_well_and_a_workspace_that_is_left_out_was_not_billed() {
    let estate = Estate::new(|_| ()).await;
    let bills = tempfile::tempdir().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let engine = estate.engine_in(dir.path(), (BillSource::Folder, Some(bills.path())), |_| ()).await;
    estate.sweep_through_the_first_day(&engine).await;
    estate.sweep_at(&engine, "2026-03-20T12:00:00Z").await;
    let none = engine.reconcile().await.unwrap().unwrap();
    assert_eq!((none.view.days, none.view.compared, none.view.bill_at), (3, 0, None));
    let exported = estate.export(FIRST_DAY).await;
    let (first, rest): (Vec<String>, Vec<String>) =
        exported.iter().cloned().partition(|row| row.contains("/workspaces/vision-madrid,"));
    assert!(!first.is_empty() && !rest.is_empty());
    estate::put(bills.path(), "partly.csv", &rest);
    estate::put(bills.path(), "broken.csv", &["what,is,this".to_owned()]);
    let told = engine.reconcile().await.unwrap().unwrap();
    let said = &told.view.faults[0].words;
    assert!(said.contains("broken.csv") && said.ends_with("mend the file or take it away"), "{said}");
    let causes: Vec<_> = told.differences.iter().map(|row| (row.workspace.name().to_owned(), row.cause)).collect();
    assert_eq!(causes, vec![("vision-madrid".to_owned(), Cause::NotBilled); 4], "{:#?}", told.view);
    std::fs::remove_file(bills.path().join("broken.csv")).unwrap();
    estate::put(bills.path(), "whole.csv", &exported);
    let told = engine.reconcile().await.unwrap().unwrap();
    assert_eq!(
        (told.view.compared, told.differences.len(), told.view.faults.len()),
        (3, 0, 0),
        "{:#?}",
        told.differences
    );
    assert_eq!(estate.asked_by(&engine), 0, "nobody was asked");
}

#[tokio::test]
async fn without_a_source_nothing_is_asked_and_people_are_told() {
    let estate = Estate::new(|_| ()).await;
    let dir = tempfile::tempdir().unwrap();
    let engine =
        estate.engine_in(dir.path(), (BillSource::CostManagement, None), |options| options.reconciling = None).await;
    estate.sweep_at(&engine, "2026-03-20T12:00:00Z").await;
    assert!(!engine.reconcile_if_due().await.unwrap());
    let why = lightsout::ports::Control::reconcile(&engine).await.unwrap_err().to_string();
    assert!(why.contains("[reconcile]"), "{why}");
    assert_eq!((estate.asked(), engine.view().money.reconciliation.clone()), (0, None));
}

#[tokio::test]
async fn a_missing_right_is_named_and_tried_again_within_the_hour() {
    let denied = "Microsoft.CostManagement/query/read";
    let estate = Estate::new(|options| options.denied = vec![denied.into()]).await;
    let (_dir, engine) = estate.engine(BillSource::CostManagement, |_| ()).await;
    estate.sweep_at(&engine, "2026-03-20T12:00:00Z").await;
    assert!(engine.reconcile_if_due().await.unwrap());
    let told = engine.reconcile().await.unwrap().unwrap();
    assert_eq!((told.view.faults.len(), told.view.bill_at), (2, None));
    assert!(told.view.faults[0].words.contains(&format!("which needs {denied}")), "{:?}", told.view.faults);
    estate.at("2026-03-20T12:30:00Z");
    assert!(!engine.reconcile_if_due().await.unwrap());
    estate.at("2026-03-20T13:00:00Z");
    assert!(engine.reconcile_if_due().await.unwrap());
}
