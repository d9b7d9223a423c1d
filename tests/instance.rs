//! `lightsout instance` with the real program against a simulated Azure: lives, refusals, and what is sent and written down.

#[path = "support/program.rs"]
mod program;

#[path = "instance/azure.rs"]
mod azure;
#[path = "instance/creation.rs"]
mod creation;
#[path = "instance/dry.rs"]
mod dry;
#[path = "instance/leaving.rs"]
mod leaving;
#[path = "instance/life.rs"]
mod life;
#[path = "instance/refusals.rs"]
mod refusals;
#[path = "instance/several.rs"]
mod several;
#[path = "instance/shown.rs"]
mod shown;
