//! The process's own settings: file, environment and flags in; settings, policies and findings out.

mod agents;
mod amount;
mod azure;
mod bounds;
mod compile;
mod creation;
mod creation_file;
mod creation_parts;
mod digest;
mod document;
mod environment;
mod fields;
mod findings;
mod folder;
mod layers;
mod load;
mod model;
mod money;
mod money_files;
mod network;
mod notify;
mod notify_tables;
mod owners;
mod people;
mod price_sheet;
mod prices;
mod quiet;
mod reconcile;
mod secret;
mod tables;
mod unnamed;
mod values;
mod watch;
mod watched;
mod web;
mod web_roles;
mod web_tables;
mod witness;
mod witness_tables;

pub use agents::Agents;
pub use bounds::{Guard, ScopeLimits};
pub use creation::{AgentWritten, CreationFault, CreationWritten};
pub use creation_file::{CreationFound, read_creations};
pub use creation_parts::{ScriptSource, ScriptWish, ScriptWishes, identities, new_schedules, script_wishes, tag_pairs};
pub use digest::Digest;
pub use environment::Environment;
pub use layers::{Overrides, variable_name, variables};
pub use load::{Loaded, check_files, load, read_settings};
pub use model::{
    Azure, Cloud, Fleet, Freeze, Identity, Log, LogFormat, LogLevel, ManagedIdentity, Policies, Server, Settings,
    Store, Sweep,
};
pub use money_files::MoneyFiles;
pub use network::{Network, NetworkError};
pub use notify::{Hook, Notify, Smtp, SmtpTls, Webhook, WebhookFormat};
pub use owners::read_owners;
pub use price_sheet::read_sheet;
pub use prices::{Convert, Ledger, Prices, Residual};
pub use reconcile::{BillsFrom, Reconcile};
pub use secret::{SecretError, SecretSource};
pub use unnamed::unnamed;
pub use watch::Watch;
pub use watched::Watched;
pub use web::{Oidc, Proxy, Tokens, Web};
pub use web_roles::WebRoles;
pub use witness::{Jobs, Monitor, Promql};
