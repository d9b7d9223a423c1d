//! Who is told and how: each channel's settings with their defaults, and what was written of them.

use std::net::IpAddr;
use std::path::PathBuf;

use super::azure::{secret_source, source_of};
use super::compile::each;
use super::digest::{Digest, delivered, digest};
use super::fields::{List, Table};
use super::findings::{Findings, Http, path};
use super::network::Network;
use super::notify_tables::{HookDocument, NotifyDocument, SmtpDocument, WebhookDocument};
use super::people::{addresses, people};
use super::quiet::quiet;
use super::secret::SecretSource;
use crate::document::Place;
use crate::facts::Addressing;
use crate::schedule::Hours;
use crate::units::{Span, is_plain_address};

/// A POST takes no longer.
const HOOK_TIMEOUT: Span = Span::seconds(5);
/// A talk with a mail server takes longer: some make every stranger wait before they answer.
const SMTP_TIMEOUT: Span = Span::seconds(20);
/// What may be written.
const TIMEOUTS: (Span, Span) = (Span::seconds(1), Span::seconds(60));

/// The channels; none of them is one that is not set up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notify {
    /// Who runs the service.
    pub operators: Vec<String>,
    /// The folder of templates for e-mail; none: those in the program.
    pub templates: Option<PathBuf>,
    /// How the people behind an instance are found.
    pub people: Addressing,
    /// When the week in figures is sent; none: it is not.
    pub digest: Option<Digest>,
    /// When people are left in peace.
    pub quiet: Option<Hours>,
    /// The signed JSON webhook.
    pub webhook: Option<Webhook>,
    /// E-mail.
    pub smtp: Option<Smtp>,
    /// A channel of Microsoft Teams.
    pub teams: Option<Hook>,
    /// A channel of Slack.
    pub slack: Option<Hook>,
    /// An Alertmanager.
    pub alertmanager: Option<Hook>,
}

impl Notify {
    /// How many are set up.
    #[must_use]
    pub fn count(&self) -> usize {
        let hooks = [&self.teams, &self.slack, &self.alertmanager].into_iter().flatten().count();
        hooks.saturating_add(usize::from(self.webhook.is_some())).saturating_add(usize::from(self.smtp.is_some()))
    }

    /// True where one is set up that people read, and not a program.
    #[must_use]
    pub const fn has_readers(&self) -> bool {
        self.smtp.is_some() || self.teams.is_some() || self.slack.is_some()
    }

    /// Where the secrets are that they name, addresses among them.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretSource> {
        let hooks = [&self.teams, &self.slack, &self.alertmanager].into_iter().flatten().map(|hook| &hook.url);
        let webhook = self.webhook.iter().filter_map(|webhook| webhook.secret.as_ref());
        let smtp = self.smtp.iter().filter_map(|smtp| smtp.login.as_ref()).map(|(_, password)| password);
        webhook.chain(smtp).chain(hooks)
    }

    /// The files that they name, to be resolved.
    pub(super) fn files(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let Self { webhook, smtp, teams, slack, alertmanager, templates, .. } = self;
        let webhook = webhook.iter_mut().filter_map(|webhook| webhook.secret.as_mut());
        let hooks = [teams, slack, alertmanager].into_iter().flatten().map(|hook| &mut hook.url);
        let secrets = webhook.chain(hooks).filter_map(SecretSource::file);
        let of_smtp = smtp.iter_mut().flat_map(|smtp| {
            let password = smtp.login.iter_mut().filter_map(|(_, password)| password.file());
            password.chain(&mut smtp.ca_file)
        });
        secrets.chain(of_smtp).chain(templates)
    }
}

/// The signed JSON webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Where to.
    pub url: String,
    /// The form of what is posted.
    pub format: WebhookFormat,
    /// The signing secret; none: unsigned, which the file has to say in so many words.
    pub secret: Option<SecretSource>,
    /// Private networks that the receiver may be in.
    pub allow_private: Vec<Network>,
    /// For one delivery.
    pub timeout: Span,
}

/// The form of what the webhook posts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WebhookFormat {
    /// Our own JSON.
    #[default]
    Lightsout,
    /// The same inside a CloudEvent.
    CloudEvents,
}

/// E-mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Smtp {
    /// The mail server.
    pub host: String,
    /// Its port; none: as the encryption has it.
    pub port: Option<u16>,
    /// How it is talked to.
    pub tls: SmtpTls,
    /// User, and where the password is.
    pub login: Option<(String, SecretSource)>,
    /// Who writes.
    pub from: String,
    /// Who gets what has no other address.
    pub fallback: Vec<String>,
    /// Certificate authorities trusted beside the system's (PEM).
    pub ca_file: Option<PathBuf>,
    /// For one delivery.
    pub timeout: Span,
}

/// How the talk with the mail server is encrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SmtpTls {
    /// Begun in the clear, then encrypted or ended.
    #[default]
    StartTls,
    /// From the first byte.
    Implicit,
    /// Not at all; on this machine only.
    Plain,
}

/// A channel whose address is a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// Where the address is.
    pub url: SecretSource,
    /// Private networks that the receiver may be in.
    pub allow_private: Vec<Network>,
    /// For one delivery.
    pub timeout: Span,
}

/// Reads `[notify]`.
pub(super) fn notify(document: &NotifyDocument, found: &mut Findings) -> Notify {
    let notify = Notify {
        operators: addresses(&document.operators, "notify.operators", found),
        templates: path(&document.templates),
        people: people(&document.people.or_empty(), found),
        quiet: quiet(&document.quiet.or_empty(), found),
        webhook: webhook(&document.webhook, found),
        smtp: smtp(&document.smtp, found),
        teams: hook(&document.teams, "notify.teams", found),
        slack: hook(&document.slack, "notify.slack", found),
        alertmanager: hook(&document.alertmanager, "notify.alertmanager", found),
        digest: digest(&document.digest.or_empty(), found),
    };
    delivered(document, &notify, found);
    notify
}

fn networks(list: &List, table: &str, found: &mut Findings) -> Vec<Network> {
    each(list, &format!("{table}.allow_private"), found, |text| {
        text.parse::<Network>().map_err(|error| (error.to_string(), "write it as \"10.0.0.0/8\" or \"fd00::/8\""))
    })
}

fn hook(table: &Table<HookDocument>, name: &str, found: &mut Findings) -> Option<Hook> {
    let document = table.get()?;
    let url = source_of(&document.url_file, &document.url_env, (name, "url"), found);
    let allow_private = networks(&document.allow_private, name, found);
    let timeout = found.within(&document.timeout, &format!("{name}.timeout"), HOOK_TIMEOUT, TIMEOUTS);
    let usual = allow_private.is_empty() && timeout == HOOK_TIMEOUT;
    // An address that was written where none may be has its own finding.
    if url.is_none() && !usual && !found.has_error_at(name) {
        let help = "name a file of mode 0600 with url_file, or an environment variable with url_env, or leave the whole table out";
        found.error(&found.place(table), &format!("{name}.url_file"), "the channel has no address", help);
    }
    Some(Hook { url: url?, allow_private, timeout })
}

fn smtp(table: &Table<SmtpDocument>, found: &mut Findings) -> Option<Smtp> {
    let document = table.get()?;
    let at = found.place(table);
    let secret = secret_source(&document.secret_file, &document.secret_env, "notify.smtp", found);
    let fallback = addresses(&document.fallback, "notify.smtp.fallback", found);
    let timeout = found.within(&document.timeout, "notify.smtp.timeout", SMTP_TIMEOUT, TIMEOUTS);
    let port = document.port.get().map(|_| found.within(&document.port, "notify.smtp.port", 587, (1, 65_535)));
    let tls = document.tls.or(SmtpTls::default());
    let texts = [
        &document.host,
        &document.user,
        &document.secret_file,
        &document.secret_env,
        &document.from,
        &document.ca_file,
    ];
    let usual = fallback.is_empty() && timeout == SMTP_TIMEOUT && tls == SmtpTls::default() && port.is_none();
    if usual && texts.iter().all(|text| text.0.is_none()) {
        return None;
    }
    let host = host(document, tls, &at, found);
    let from = from(document, &at, found);
    let login = login(document, secret, &at, found);
    let port = port.and_then(|port| u16::try_from(port).ok());
    Some(Smtp { host: host?, port, tls, login, from: from?, fallback, ca_file: path(&document.ca_file), timeout })
}

fn host(document: &SmtpDocument, tls: SmtpTls, at: &Place, found: &mut Findings) -> Option<String> {
    let Some(written) = &document.host.0 else {
        if !found.has_error_at("notify.smtp.host") {
            let help = "write host = \"smtp.example.org\", or leave the whole table out";
            found.error(at, "notify.smtp.host", "e-mail has no mail server", help);
        }
        return None;
    };
    let host = written.value.as_str();
    let ip = host.parse::<IpAddr>().ok();
    let is_name = host.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.') && !host.starts_with('.');
    if ip.is_none() && !is_name {
        let help = "write the server's name alone, such as \"smtp.example.org\"; its port is a key of its own";
        found.error(&written.at, "notify.smtp.host", "it is not the name of a server", help);
        return None;
    }
    let local = host.eq_ignore_ascii_case("localhost") || ip.is_some_and(|ip| ip.is_loopback());
    if tls == SmtpTls::Plain && !local {
        let at = document.tls.0.as_ref().map_or(&written.at, |tls| &tls.at);
        let help = "write \"starttls\" or \"implicit\"; \"none\" is taken for 127.0.0.1, ::1 and localhost only";
        found.error(at, "notify.smtp.tls", "without TLS, names, owners and the password would go in the clear", help);
    }
    Some(host.to_owned())
}

fn from(document: &SmtpDocument, at: &Place, found: &mut Findings) -> Option<String> {
    let help = "write from = \"lightsout@example.org\": an address that the mail server lets us send from";
    match &document.from.0 {
        Some(written) if is_plain_address(&written.value) => Some(written.value.clone()),
        Some(written) => {
            found.error(&written.at, "notify.smtp.from", "it is no plain e-mail address", help);
            None
        }
        None => {
            if !found.has_error_at("notify.smtp.from") {
                found.error(at, "notify.smtp.from", "e-mail has no sender", help);
            }
            None
        }
    }
}

fn login(
    document: &SmtpDocument,
    secret: Option<SecretSource>,
    at: &Place,
    found: &mut Findings,
) -> Option<(String, SecretSource)> {
    match (document.user.0.as_ref(), secret) {
        (Some(user), Some(secret)) => Some((user.value.clone(), secret)),
        (Some(user), None) => {
            if !found.has_error_about("notify.smtp", "secret") && !found.has_error_about("notify.smtp", "password") {
                let help = "name a file of mode 0600 with secret_file, or an environment variable with secret_env";
                found.error(&user.at, "notify.smtp.user", "a user without a password", help);
            }
            None
        }
        (None, Some(_)) => {
            let help = "write user = \"…\", or leave the password out where the server wants none";
            found.error(at, "notify.smtp.user", "a password without a user", help);
            None
        }
        (None, None) => None,
    }
}

fn webhook(table: &Table<WebhookDocument>, found: &mut Findings) -> Option<Webhook> {
    let document = table.get()?;
    let at = found.place(table);
    let secret = secret_source(&document.secret_file, &document.secret_env, "notify.webhook", found);
    let allow_private = networks(&document.allow_private, "notify.webhook", found);
    let timeout = found.within(&document.timeout, "notify.webhook.timeout", HOOK_TIMEOUT, TIMEOUTS);
    let Some(written) = &document.url.0 else {
        if !nothing_said(document) && !found.has_error_at("notify.webhook.url") {
            found.error(
                &at,
                "notify.webhook.url",
                "the webhook has no url",
                "write url = \"https://…\", or leave the whole table out",
            );
        }
        return None;
    };
    let url = found.url(written, "notify.webhook.url", Http::OnLoopback);
    check_signing(document, &at, found);
    let format = document.format.or(WebhookFormat::default());
    Some(Webhook { url: url.map(String::from).unwrap_or_default(), format, secret, allow_private, timeout })
}

/// True for a table in which nothing is written, as in the file that is shipped.
fn nothing_said(document: &WebhookDocument) -> bool {
    let lists = document.allow_private.0.is_none();
    let texts = document.secret_file.0.is_none() && document.secret_env.0.is_none();
    // Those that are written with their defaults say nothing either.
    let usual = document.unsigned.get() != Some(&true)
        && document.format.or(WebhookFormat::default()) == WebhookFormat::default()
        && document.timeout.get().is_none_or(|timeout| *timeout == HOOK_TIMEOUT);
    (lists || document.allow_private.iter().next().is_none()) && texts && usual
}

fn check_signing(document: &WebhookDocument, at: &Place, found: &mut Findings) {
    let named = document.secret_file.0.as_ref().or(document.secret_env.0.as_ref());
    match (named, document.unsigned.0.as_ref().filter(|written| written.value)) {
        // A secret that was written where none may be has its own finding.
        (None, None) if found.has_error_about("notify.webhook", "secret") => {}
        (None, None) => {
            let help = "name a file of mode 0600 with secret_file, or an environment variable with secret_env, or write unsigned = true";
            found.error(at, "notify.webhook.secret_file", "nothing to sign messages with", help);
        }
        (Some(_), Some(written)) => {
            found.error(
                &written.at,
                "notify.webhook.unsigned",
                "a secret is named, and yet nothing would be signed",
                "leave one of them out",
            );
        }
        (None, Some(_)) | (Some(_), None) => {}
    }
}
