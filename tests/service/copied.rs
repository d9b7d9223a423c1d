//! The journal copied while the service writes it, and a restore that waits until it has ended.

use crate::asked::{ready, site, sweep};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l1_a_copy_is_made_beside_the_running_service_and_a_restore_is_refused() {
    let (_estate, place) = site(2, "observe").await;
    let service = ready(&place);
    sweep(&service);
    let copied = place.run(&["journal", "backup", "copy.db"]);
    assert_eq!(copied.code, 0, "{}{}", copied.out, copied.err);
    let verified = place.run(&["ledger", "verify", "--store", "copy.db"]);
    assert!(verified.code == 0 && verified.out.contains("the ledger is whole"), "{}{}", verified.out, verified.err);
    // It goes on writing.
    sweep(&service);
    let refused = place.run(&["journal", "restore", "copy.db"]);
    assert!(refused.code == 1 && refused.err.contains("is in use by process"), "{}{}", refused.out, refused.err);
    assert!(!place.path("store/FREEZE").exists(), "a restore that did nothing freezes nothing");
    assert!(service.log().contains("lightsout 0.1.0"), "the log begins with the version: {}", service.log());
    assert!(service.get("/metrics").contains("lightsout_build_info{version=\"0.1.0\",commit=\"unknown\""));
}
