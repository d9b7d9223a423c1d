//! Manual pages, written from the command tree itself.

use clap::{Command, CommandFactory as _};

use super::args::Args;
use crate::units::VERSION;

/// A page: its name without the section, and its text in roff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Such as `lightsout-ledger-verify`.
    pub name: String,
    /// The page.
    pub text: Vec<u8>,
}

/// The page of every command: that of the program first, then each command's with those below it.
///
/// # Errors
/// When a page cannot be written, which memory does not refuse.
pub fn pages() -> std::io::Result<Vec<Page>> {
    let mut root = Args::command().disable_help_subcommand(true);
    // Flags that every command takes are handed down here.
    root.build();
    let mut pages = Vec::new();
    write(&root, &mut pages)?;
    Ok(pages)
}

fn write(command: &Command, pages: &mut Vec<Page>) -> std::io::Result<()> {
    // Named by the way to it, such as lightsout-ledger-verify; the root has no such name.
    let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
    let mut text = Vec::new();
    // No date: the same program writes the same bytes on any day.
    let man = clap_mangen::Man::new(command.clone()).title(name.to_uppercase()).section("1").manual("Lightsout");
    man.source(format!("lightsout {VERSION}")).render(&mut text)?;
    pages.push(Page { name, text });
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        write(below, pages)?;
    }
    Ok(())
}
