//! From the settings of `[notify]` to the channels that they describe.

use std::error::Error as _;
use std::path::Path;
use std::sync::Arc;

use jiff::SignedDuration;

use super::clock::SystemClock;
use crate::notify::render::Templates;
use crate::notify::{
    Alertmanager, Channel, Channels, Cidr, CidrError, HookOptions, Now, Slack, Smtp, SmtpError, SmtpOptions, SmtpTls,
    Teams, Webhook, WebhookError, WebhookFormat, WebhookOptions, wording,
};
use crate::ports::{Clock as _, with_causes};
use crate::settings::{self, Environment, Network, SecretError};
use crate::units::Span;

/// Why a channel could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// A secret, or an address that is one.
    #[error("could not read a secret of [notify.{channel}]")]
    Secret {
        /// Which channel.
        channel: &'static str,
        /// Why.
        #[source]
        source: SecretError,
    },
    /// Where it leads.
    #[error("could not set up [notify.{channel}]")]
    Address {
        /// Which channel.
        channel: &'static str,
        /// Why.
        #[source]
        source: WebhookError,
    },
    /// E-mail.
    #[error("could not set up [notify.smtp]")]
    Mail(#[from] SmtpError),
    /// A network that receivers may be in.
    #[error("could not read allow_private of [notify]")]
    Network(#[from] CidrError),
}

/// Every channel that is set up.
pub(super) fn channels(settings: &settings::Notify, environment: &Environment) -> Result<Channels, ChannelError> {
    let mut all = Vec::new();
    if let Some(smtp) = &settings.smtp {
        all.push(Channel::Smtp(mail(smtp, environment)?.worded(templates(settings.templates.as_deref()))));
    }
    if let Some(hook) = &settings.teams {
        let teams = Teams::new(options(hook, "teams", environment)?, now());
        all.push(Channel::Teams(teams.map_err(|source| ChannelError::Address { channel: "teams", source })?));
    }
    if let Some(hook) = &settings.slack {
        let slack = Slack::new(options(hook, "slack", environment)?, now());
        all.push(Channel::Slack(slack.map_err(|source| ChannelError::Address { channel: "slack", source })?));
    }
    if let Some(webhook) = &settings.webhook {
        all.push(Channel::Webhook(signed(webhook, environment)?));
    }
    if let Some(hook) = &settings.alertmanager {
        let alerts = Alertmanager::new(options(hook, "alertmanager", environment)?, now());
        let alerts = alerts.map_err(|source| ChannelError::Address { channel: "alertmanager", source })?;
        all.push(Channel::Alertmanager(alerts));
    }
    Ok(Channels::new(all))
}

fn signed(webhook: &settings::Webhook, environment: &Environment) -> Result<Webhook, ChannelError> {
    let secret = webhook.secret.as_ref().map(|secret| secret.read(environment)).transpose();
    let options = WebhookOptions {
        url: webhook.url.clone(),
        format: match webhook.format {
            settings::WebhookFormat::Lightsout => WebhookFormat::Lightsout,
            settings::WebhookFormat::CloudEvents => WebhookFormat::CloudEvents,
        },
        secret: secret.map_err(|source| ChannelError::Secret { channel: "webhook", source })?,
        unsigned: webhook.secret.is_none(),
        allow_private: networks(&webhook.allow_private)?,
        timeout: Some(length(webhook.timeout)),
    };
    Webhook::new(options, now()).map_err(|source| ChannelError::Address { channel: "webhook", source })
}

fn options(
    hook: &settings::Hook,
    channel: &'static str,
    environment: &Environment,
) -> Result<HookOptions, ChannelError> {
    let url = hook.url.read(environment).map_err(|source| ChannelError::Secret { channel, source })?;
    Ok(HookOptions { url, allow_private: networks(&hook.allow_private)?, timeout: Some(length(hook.timeout)) })
}

fn mail(smtp: &settings::Smtp, environment: &Environment) -> Result<Smtp, ChannelError> {
    let login = smtp.login.as_ref().map(|(user, password)| Ok((user.clone(), password.read(environment)?))).transpose();
    Ok(Smtp::new(SmtpOptions {
        host: smtp.host.clone(),
        port: smtp.port,
        tls: match smtp.tls {
            settings::SmtpTls::StartTls => SmtpTls::StartTls,
            settings::SmtpTls::Implicit => SmtpTls::Implicit,
            settings::SmtpTls::Plain => SmtpTls::Plain,
        },
        login: login.map_err(|source| ChannelError::Secret { channel: "smtp", source })?,
        from: smtp.from.clone(),
        fallback: smtp.fallback.clone(),
        ca_file: smtp.ca_file.clone(),
        timeout: Some(length(smtp.timeout)),
    })?)
}

/// The operator's templates, as far as they can be used: what is wrong is said, and keeps nobody from being told.
fn templates(folder: Option<&Path>) -> Templates {
    let Some(folder) = folder else { return Templates::default() };
    let (templates, left_out) = match wording(folder) {
        Ok((templates, troubles)) => {
            let place = |trouble| format!("{}/{trouble}", folder.display());
            (templates, troubles.into_iter().map(place).collect())
        }
        Err(error) => (Templates::default(), vec![with_causes(error.to_string(), error.source())]),
    };
    left_out.iter().for_each(|words: &String| tracing::warn!("the template in the program stands in: {words}"));
    templates
}

fn now() -> Now {
    Arc::new(|| SystemClock.now())
}

fn networks(networks: &[Network]) -> Result<Vec<Cidr>, CidrError> {
    networks.iter().map(|network| network.to_string().parse()).collect()
}

fn length(span: Span) -> SignedDuration {
    SignedDuration::from_secs(i64::from(span.as_secs()))
}
