//! Watching files: every kind of change is told once it has come to rest, and nothing else is (fault 44).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lightsout::settings::{Environment, Overrides, Watch, Watched, load};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

/// Long enough for a slow machine; no test waits it out unless it fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// A settings file and a folder with one policy, watched.
struct Scene {
    dir: TempDir,
    watch: Watch,
    told: mpsc::Receiver<&'static str>,
}

impl Scene {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("lightsout.toml"), "one").unwrap();
        std::fs::create_dir(dir.path().join("policies")).unwrap();
        std::fs::write(dir.path().join("policies/a.toml"), "one").unwrap();
        let (sender, told) = mpsc::channel(64);
        let paths = ["lightsout.toml", "policies", "policies/x.ics"].map(|name| dir.path().join(name)).to_vec();
        let watch = Watch::start(Watched::now(&paths), "reload", sender);
        Self { dir, watch, told }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    async fn told(&mut self, what: &str) {
        assert_eq!(timeout(PATIENCE, self.told.recv()).await, Ok(Some("reload")), "{what} was not told");
    }

    /// Nothing may come for longer than contents are compared.
    async fn quiet(&mut self, what: &str) {
        assert!(timeout(Duration::from_secs(3), self.told.recv()).await.is_err(), "{what} was told");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_a_new_file_a_calendar_and_a_deletion_are_told() {
    let mut scene = Scene::start();
    std::fs::write(scene.path("lightsout.toml"), "two").unwrap();
    scene.told("an edit of the settings").await;
    std::fs::write(scene.path("policies/a.toml"), "two").unwrap();
    scene.told("an edit of a policy").await;
    std::fs::write(scene.path("policies/b.toml"), "new").unwrap();
    scene.told("a new policy").await;
    std::fs::write(scene.path("policies/x.ics"), "BEGIN").unwrap();
    scene.told("a calendar that was missing").await;
    std::fs::remove_file(scene.path("policies/b.toml")).unwrap();
    scene.told("a deletion").await;
    std::fs::write(scene.path("policies/.a.toml.swp"), "an editor's own").unwrap();
    std::fs::write(scene.path("policies/notes.txt"), "no policy").unwrap();
    std::fs::write(scene.path("policies/a.toml"), "two").unwrap();
    scene.quiet("what changes nothing").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_written_in_pieces_is_told_when_it_is_whole() {
    let mut scene = Scene::start();
    let file = scene.path("policies/a.toml");
    let writer = tokio::spawn(async move {
        let mut text = String::new();
        for piece in 0..12 {
            text.push_str(&format!("# piece {piece}\n"));
            std::fs::write(&file, &text).unwrap();
            sleep(Duration::from_millis(40)).await;
        }
    });
    scene.told("the file").await;
    writer.await.unwrap();
    let mut tellings = 1;
    while timeout(Duration::from_secs(3), scene.told.recv()).await.is_ok() {
        tellings += 1;
    }
    // One on a machine that is not held up; a machine that is may rest between two pieces, but not between all.
    assert!(tellings < 6, "12 pieces were told {tellings} times");
    std::fs::write(scene.path("policies/a.toml"), "# another\n").unwrap();
    scene.told("the next edit").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_config_map_whose_link_is_swapped_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let version = |name: &str, text: &str| {
        std::fs::create_dir(at(name)).unwrap();
        std::fs::write(at(name).join("a.toml"), text).unwrap();
        symlink(name, at("..data_tmp")).unwrap();
        std::fs::rename(at("..data_tmp"), at("..data")).unwrap();
    };
    version("..v1", "one");
    symlink("..data/a.toml", at("a.toml")).unwrap();
    let (sender, told) = mpsc::channel(64);
    let watch = Watch::start(Watched::now(&[dir.path().to_owned()]), "reload", sender);
    let mut told = told;
    version("..v2", "two");
    std::fs::remove_dir_all(at("..v1")).unwrap();
    assert_eq!(timeout(PATIENCE, told.recv()).await, Ok(Some("reload")));
    version("..v3", "three");
    assert_eq!(timeout(PATIENCE, told.recv()).await, Ok(Some("reload")), "a second swap is seen as well");
    drop(watch);
    assert_eq!(timeout(PATIENCE, told.recv()).await, Ok(None), "a watch that is dropped ends");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_is_replaced_goes_on_being_watched() {
    let mut scene = Scene::start();
    replace(&scene.path("policies"), &scene.path("old"));
    scene.told("a replaced folder").await;
    std::fs::write(scene.path("policies/a.toml"), "after").unwrap();
    scene.told("an edit in the new folder").await;
    std::fs::remove_dir_all(scene.path("policies")).unwrap();
    scene.told("a folder that went away").await;
    std::fs::create_dir(scene.path("policies")).unwrap();
    scene.told("a folder that came back").await;
}

fn replace(folder: &Path, aside: &Path) {
    std::fs::rename(folder, aside).unwrap();
    std::fs::create_dir(folder).unwrap();
    std::fs::write(folder.join("a.toml"), "replaced").unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_between_loading_and_watching_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("lightsout.toml");
    std::fs::write(&file, "[log]\n").unwrap();
    let loaded = load(&file, &Environment::default(), &Overrides::none());
    let (sender, mut told) = mpsc::channel(64);
    let watch = Watch::start(loaded.watched.clone(), "reload", sender);
    assert!(timeout(Duration::from_secs(3), told.recv()).await.is_err(), "nothing changed since it was loaded");
    std::fs::create_dir(dir.path().join("policies")).unwrap();
    assert_eq!(timeout(PATIENCE, told.recv()).await, Ok(Some("reload")));
    watch.follow(loaded.watched);
    assert_eq!(timeout(PATIENCE, told.recv()).await, Ok(Some("reload")), "what was loaded is older than what is there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_paths_can_be_followed_after_a_reload() {
    let mut scene = Scene::start();
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::write(elsewhere.path().join("c.toml"), "one").unwrap();
    scene.watch.follow(Watched::now(&[scene.path("lightsout.toml"), elsewhere.path().to_owned()]));
    scene.quiet("a path that is new").await;
    std::fs::write(elsewhere.path().join("c.toml"), "two").unwrap();
    scene.told("an edit there").await;
    std::fs::write(scene.path("policies/a.toml"), "three").unwrap();
    scene.quiet("what is followed no more").await;
}
