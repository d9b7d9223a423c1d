//! What the program writes of itself: `man`, `version`, `completions`, `openapi`.

use std::io::Write as _;
use std::path::Path;

use serde_json::json;

use super::context::{CommandError, Context};
use crate::cli::args::{Completions, Man};
use crate::cli::complete::script;
use crate::cli::exit::Exit;
use crate::cli::manual::{Page, pages};
use crate::cli::tzdata;
use crate::units::{COMMIT, RELEASE, RUST, VERSION};

/// Prints a completion script.
///
/// # Errors
/// When stdout cannot be written.
pub fn completions(asked: &Completions) -> Result<Exit, CommandError> {
    say(&script(asked.shell))
}

/// Prints the document of the API.
///
/// # Errors
/// When stdout cannot be written.
pub fn openapi() -> Result<Exit, CommandError> {
    say(format!("{:#}\n", crate::web::openapi()).as_bytes())
}

/// Prints one page of the manual, or writes all.
///
/// # Errors
/// When there is no such page, or it cannot be written.
pub fn man(asked: &Man) -> Result<Exit, CommandError> {
    let pages = pages().map_err(|error| CommandError::Io("write the manual".to_owned(), error))?;
    if let Some(dir) = &asked.dir {
        return write_all(&pages, dir);
    }
    let name = asked.page.as_ref().map_or_else(|| "lightsout".to_owned(), |page| format!("lightsout-{page}"));
    match pages.iter().find(|page| page.name == name) {
        Some(page) => say(&page.text),
        None => Err(CommandError::Page(name)),
    }
}

fn write_all(pages: &[Page], dir: &Path) -> Result<Exit, CommandError> {
    let failed = |path: &Path| {
        let doing = format!("write {}", path.display());
        move |error| CommandError::Io(doing, error)
    };
    std::fs::create_dir_all(dir).map_err(failed(dir))?;
    for page in pages {
        let path = dir.join(format!("{}.1", page.name));
        std::fs::write(&path, &page.text).map_err(failed(&path))?;
    }
    Ok(Exit::Well)
}

/// Says which program this is.
///
/// # Errors
/// When stdout cannot be written.
pub fn version(context: &Context) -> Result<Exit, CommandError> {
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    let zones = tzdata::release();
    let told = json!({
        "version": VERSION, "commit": COMMIT, "release": RELEASE,
        "os": os, "arch": arch, "rust_version": RUST, "zone_data": zones,
    });
    context.print(&told, || format!("lightsout {RELEASE}\nfor {os} on {arch}; built by Rust {RUST} or newer"))?;
    Ok(Exit::Well)
}

fn say(bytes: &[u8]) -> Result<Exit, CommandError> {
    let written = std::io::stdout().write_all(bytes);
    written.map_err(|error| CommandError::Io("write to standard output".to_owned(), error))?;
    Ok(Exit::Well)
}
