//! A client that is generated from the committed document, and not written by us, uses the API.

use lightsout::access::Scope;

use crate::contract::document;
use crate::house::{ADA, House, OFFICE};
use crate::tools::tool;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_generated_client_lists_offers_holds_lifts_and_adds_up() {
    let Some(mut generator) = tool("openapi-python-client") else { return };
    let house = House::new(1, 3, OFFICE).await;
    for minute in (5..60).step_by(5) {
        house.at(&format!("2026-03-16T10:{minute:02}:00Z"));
        house.engine.sweep_all().await;
    }
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let config = dir.path().join("client.yaml");
    // what is generated is used as it is: nothing is formatted
    std::fs::write(&config, "post_hooks: []\npackage_name_override: lightsout_client\n").unwrap();
    generator.current_dir(dir.path()).args(["generate", "--meta", "none", "--fail-on-warning"]);
    generator.arg("--path").arg(document()).arg("--config").arg(&config);
    let made = generator.arg("--output-path").arg(dir.path().join("lightsout_client")).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let token = house.token("ada", &[Scope::Read, Scope::Hold], &[ADA]);
    let mut python = tool("python3").unwrap();
    python.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/client.py")).env("PYTHONPATH", dir.path());
    python.env("NO_PROXY", "*").env("PYTHONDONTWRITEBYTECODE", "1");
    python.env("LIGHTSOUT_URL", format!("http://{}", house.address)).env("LIGHTSOUT_TOKEN", token);
    let ran = tokio::task::block_in_place(|| python.output().unwrap());
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(said, "listed 3, held and lifted ci-00000-00000, refused ci-00000-00001\n");
    let made = house.holds().await;
    assert_eq!(made.len(), 1);
    assert_eq!((&*made[0].hold.reason, &*made[0].hold.by), ("a long run", "token:ada"));
    assert!(made[0].ends_at < made[0].hold.until, "it was lifted: {made:?}");
}
