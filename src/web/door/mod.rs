//! The door before everything that people are served: who asks, whether they may, and whether their browser means it.
//!
//! A router is built from routes that name their rule, and stands behind a door:
//!
//! ```
//! # use axum::response::Response;
//! # use lightsout::web::door::{Asked, Door, Own, Read, Routes};
//! async fn fleet(asked: Asked<Read>) -> String {
//!     format!("hello {}", asked.who().name)
//! }
//! async fn hold(asked: Asked<Own>) -> Result<String, Response> {
//!     let person = asked.on(["ada@example.org"])?; // the owners of the instance that the request names
//!     Ok(format!("held by {}", person.key))
//! }
//! fn router(door: &Door) -> axum::Router {
//!     Routes::new().get("/api/v1/fleet", Read, fleet).post("/api/v1/holds", Own, hold).behind(door, ())
//! }
//! ```

mod asked;
mod audit;
mod buckets;
mod cookies;
mod cross_site;
mod entrance;
mod guarded;
mod headers;
mod host;
mod login;
mod problem;
mod proxy;
mod random;
mod routes;
mod serve;
mod sessions;
mod tokens;

pub use asked::{Administer, Anyone, Asked, ByOwner, Operate, Own, Read, RuleMark, Settled, Stop};
pub use audit::AuditTo;
pub use buckets::Rate;
pub use guarded::{Door, DoorError, DoorOptions, Rates, Surroundings, Ways};
pub use login::{LOGIN_BACK, LOGOUT};
pub(in crate::web) use problem::ProblemShape;
pub use problem::{Call, Faces, LoginPage, PlainFaces, Problem};
pub use proxy::ProxyTrust;
pub use random::{NoRandom, random_bytes};
pub use routes::{AsksFirst, Route, Routes};
pub use serve::{people_limits, serve_people};
pub use sessions::SessionLength;
pub use tokens::{TOKENS_NAME, TokenFile, TokensError};
