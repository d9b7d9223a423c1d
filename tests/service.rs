//! The service as an operator runs it: `lightsout run` against a simulated Azure, asked and told while it works.

#[path = "support/allowed.rs"]
mod allowed;
#[path = "support/estate.rs"]
mod estate;
#[path = "support/people.rs"]
mod people;
#[path = "support/program.rs"]
mod program;
#[path = "support/service.rs"]
mod service;

#[path = "service/apart.rs"]
mod apart;
#[path = "service/asked.rs"]
mod asked;
#[path = "service/copied.rs"]
mod copied;
#[path = "service/notified.rs"]
mod notified;
#[path = "service/reload.rs"]
mod reload;
#[path = "service/watched.rs"]
mod watched;
