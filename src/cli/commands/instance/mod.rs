//! `lightsout instance`: instances by hand, one command a file, over one desk.

mod agent_script;
mod ask;
mod brief;
mod carry;
mod compose;
mod create;
mod delete;
mod desk;
mod ended;
mod entry;
mod follow;
mod interrupt;
mod list;
mod progress;
mod restart;
mod several;
mod show;
mod start;
mod stop;
mod target;
mod terms;

pub use entry::instance;
