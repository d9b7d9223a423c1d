//! Azure says no, or nothing: throttling, failing, forbidding, conflicts (faults 3, 4, 14, 15, 17, 18).

use crate::site::{NAME, Site};

/// A stop that is throttled is sent again after a look of its own, and each POST has its look.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_03_a_throttled_stop_is_sent_again_after_another_look() {
    let site = Site::due(1, 1).await;
    site.fault("stop,count=1 => throttle:1");
    site.sweep();
    assert_eq!(site.stops(), (1, 0), "one try a sweep");
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    for _ in 0..4 {
        if site.stops().1 == 0 {
            site.sweep();
        }
    }
    assert_eq!(site.stops(), (2, 1), "{:?}", site.asked_of_it());
    let asked = site.asked_of_it();
    let looks: Vec<_> = asked.split(|kind| *kind == "stop").map(|before| before.contains(&"get")).collect();
    assert_eq!(looks.get(..2), Some([true, true].as_slice()), "a look before each: {asked:?}");
}

/// A workspace that answers 503 is tried four times and is unknown; the others go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_04_a_workspace_that_fails_is_unknown_and_the_others_go_on() {
    let site = Site::due(6, 1).await;
    site.fault("list-computes,path=ws-00000 => status:503");
    let said = site.sweep();
    assert_eq!(said.code, 3, "some could not be read: {}{}", said.out, said.err);
    let lists = site.estate.sandbox.recorder().recent();
    let tries = lists.iter().filter(|asked| asked.operation == "list-computes" && asked.path.contains("ws-00000"));
    assert_eq!(tries.count(), 4);
    assert_eq!(site.stops(), (0, 0), "unknown is not idle");
    assert!(site.all_stops() >= 1, "{}{}", said.out, said.err);
}

/// Without a token nothing is asked of Azure, the token endpoint is not hammered, and nothing is stopped.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_14_without_a_token_nothing_is_asked_and_nothing_is_stopped() {
    for fault in ["token => status:500", "token => throttle:1", "token => token-wrong", "token => token-life:-60"] {
        let site = Site::due(3, 1).await;
        site.fault(fault);
        let said = site.sweep();
        assert_ne!(said.code, 0, "{fault}: {}{}", said.out, said.err);
        assert_eq!(site.all_stops(), 0, "{fault}");
        let asked = site.estate.sandbox.recorder().count("token");
        assert!((1..=12).contains(&asked), "{fault}: {asked} tokens asked for");
        site.well();
        site.sweep();
        assert!(site.all_stops() >= 1, "{fault}: and it passes");
    }
}

/// A right that is missing in one workspace is that workspace's alone; where all are forbidden nobody acts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_15_one_forbidden_workspace_is_only_itself_and_all_of_them_are_the_breaker() {
    let site = Site::due(6, 1).await;
    site.fault("list-computes,path=ws-00000 => forbidden");
    let said = site.sweep();
    assert_eq!((said.code, site.stops()), (3, (0, 0)), "{}{}", said.out, said.err);
    assert!(site.all_stops() >= 1, "{}{}", said.out, said.err);
    let all = Site::due(6, 1).await;
    all.fault("list-computes => forbidden");
    let said = all.sweep();
    assert_eq!((said.code, all.all_stops()), (3, 0), "{}{}", said.out, said.err);
}

/// Something else is being done with it: no hot retry, and a look before anything else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_17_a_conflict_is_read_again_and_not_sent_again_at_once() {
    let site = Site::due(1, 1).await;
    site.fault("stop,count=1 => conflict");
    site.sweep();
    site.sweep();
    assert_eq!(site.stops(), (1, 0), "it rests: {:?}", site.asked_of_it());
    assert!(
        site.explained().contains("backing_off") || site.explained().contains("stop_under_way"),
        "{}",
        site.explained()
    );
}

/// What Azure refuses for good is refused once, and after more than three in the hour the scope rests (G8).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_18_permanent_refusals_are_not_retried_and_count() {
    for fault in
        ["error:412,PreconditionFailed", "error:400,BadArgument", "error:405,MethodNotAllowed", "error:415,Media"]
    {
        let site = Site::due(1, 8).await;
        site.fault(&format!("stop => {fault}"));
        let mut last = site.sweep();
        assert_eq!(last.code, 4, "{fault}: a stop failed: {}{}", last.out, last.err);
        for _ in 0..5 {
            last = site.sweep();
        }
        let sent = site.all_stops();
        assert!((1..=4).contains(&sent), "{fault}: {sent} stops were sent: {}{}", last.out, last.err);
        let recent = site.estate.sandbox.recorder().recent();
        let mut of_each: Vec<_> =
            recent.iter().filter(|asked| asked.operation == "stop").map(|asked| &asked.path).collect();
        of_each.sort();
        let count = of_each.len();
        of_each.dedup();
        assert_eq!(of_each.len(), count, "{fault}: none was sent twice");
        assert!(site.stops().0 <= 1, "{NAME}");
    }
}
