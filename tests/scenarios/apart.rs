//! What no scene can tell, since a scene delivers in turns: that a channel which hangs holds up no other.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use jiff::SignedDuration;

use crate::outside_words::outside;
use crate::stage::Stage;
use crate::world::FakeWorld;

const POLICY: &str = "name = \"lab\"\nscope.workspaces = [\"*\"]\nmode = \"enforce\"\nuptime.max = \"2h\"\n";

/// Waits until the first channel took so many messages; a few seconds at most.
async fn took(world: &FakeWorld, count: usize) {
    for _ in 0..3_000 {
        if world.lock().messages.len() >= count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("{} of {count} messages were delivered", world.lock().messages.len());
}

#[test]
fn a_channel_that_hangs_holds_up_no_other() {
    let mut stage = Stage::at("2026-03-23T10:00:00Z".parse().unwrap());
    stage.files.policies.insert("lab".to_owned(), POLICY.to_owned());
    stage.world.lock().channels = 2;
    outside(&stage.world, &["instance".to_owned(), "ci-a".to_owned()]);
    stage.pass(SignedDuration::from_mins(110));
    let world: Arc<FakeWorld> = stage.world.clone();
    let engine = stage.engine();
    stage.runtime.block_on(async {
        let delivering = std::pin::pin!(engine.deliver_for_ever(Duration::from_millis(1)));
        let happening = std::pin::pin!(async {
            // the warning is taken by one channel, and hangs on the other
            engine.sweep_all().await;
            took(&world, 1).await;
            // what comes later is taken all the same
            for minutes in [16, 5] {
                world.pass(SignedDuration::from_mins(minutes));
                engine.sweep_all().await;
            }
            took(&world, 2).await;
        });
        match select(delivering, happening).await {
            Either::Left(((), _)) => panic!("nobody delivers any more"),
            Either::Right(((), _)) => {}
        }
    });
    let told: Vec<&str> = world.lock().messages.iter().map(|(_, message)| message.kind.label()).collect();
    assert_eq!(told, ["warning", "stopped"]);
}
