//! Several from a file: all mistakes at once, one agreement, and one failure that stops no other.

use crate::azure::{Scene, json};

fn table(name: &str, size: &str) -> String {
    format!("[[instance]]\nname = \"{name}\"\nworkspace = \"ws-00000\"\nsize = \"{size}\"\ntag = [\"class=ml\"]\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_class_is_made_and_its_bad_one_costs_itself() {
    let scene = Scene::new(1, 1).await;
    let file =
        [table("ci-one", "Standard_DS3_v2"), table("ci-two", "Standard_Nope"), table("ci-three", "Standard_DS3_v2")];
    scene.place.write("class.toml", &file.concat());
    let said = scene.answered(&["create", "--from", "class.toml"], "yes\n");
    assert_eq!(said.code, 4, "{}{}", said.out, said.err);
    assert!(said.err.contains("all 2 together:") && said.err.contains("create these 2?"), "{}", said.err);
    for words in ["instance", "outcome", "ws-00000/ci-one", "ws-00000/ci-three", "refused", "done"] {
        assert!(said.out.contains(words), "{words} in\n{}", said.out);
    }
    assert_eq!(scene.writes("PUT"), 2);
    let listed = json(&scene.well(&["list", "--json"]));
    let names = listed.to_string();
    assert!(names.contains("ci-one") && names.contains("ci-three") && !names.contains("ci-two"), "{listed:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_mistake_of_a_file_has_its_line_and_nothing_is_sent() {
    let scene = Scene::new(1, 1).await;
    let bad = format!("{}idle = \"60m\"\n{}", table("ci-7", "Standard_DS3_v2"), table("ci-fine", "Standard DS3"));
    scene.place.write("class.toml", &bad);
    let said = scene.run(&["create", "--from", "class.toml", "--yes"]);
    assert_eq!(said.code, 2, "{}{}", said.out, said.err);
    for words in
        ["class.toml:2:", "no name for an instance", "class.toml:6:", "unknown key", "class.toml:10:", "no VM size"]
    {
        assert!(said.err.contains(words), "{words} in\n{}", said.err);
    }
    scene.place.write("class.toml", &table("ci-fine", "S").replace("ws-00000", "ws-nowhere"));
    let said = scene.run(&["create", "--from", "class.toml", "--yes"]);
    assert!(said.code == 2 && said.err.contains("class.toml:1: workspace: no workspace"), "{}{}", said.out, said.err);
    assert_eq!(scene.writes("PUT"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_twice_in_a_region_is_seen_however_the_workspace_is_written() {
    let scene = Scene::new(2, 1).await;
    let one = table("ci-same", "Standard_DS3_v2");
    let shown = json(&scene.well(&["show", "ws-00000/ci-00000-00000", "--json"]))["id"].to_string();
    let id = shown.trim_matches('"').split("/computes/").next().unwrap_or_default().to_owned();
    for other in ["ws-00001", id.as_str()] {
        let again = table("CI-same", "Standard_DS3_v2").replace("ws-00000", other);
        scene.place.write("class.toml", &format!("{one}{again}"));
        let said = scene.run(&["create", "--from", "class.toml", "--yes"]);
        assert_eq!(said.code, 2, "{other}: {}{}", said.out, said.err);
        assert!(said.err.contains("class.toml:6: name: \"CI-same\" is wanted twice in westeurope"), "{}", said.err);
    }
    assert_eq!(scene.writes("PUT"), 0);
}
