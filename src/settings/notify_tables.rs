//! The tables of `lightsout.toml` that say who is told and how, as written.

use toml::Spanned;
use toml::de::DeValue;

use super::fields::{Field, List, Table, Value};
use super::notify::{SmtpTls, WebhookFormat};
use super::tables::{Kind, TableDocument, of_secret, tables};
use crate::document::{Findings, Read, TableReader, Word, join};
use crate::units::Span;

tables! {
    /// Who is told.
    NotifyDocument {
        /// Who runs the service: plain addresses. Default nobody.
        operators: List,
        /// Folder of templates for e-mail. Default those in the program.
        templates: Value<String>,
        /// How the people behind an instance are found.
        people: Table<PeopleDocument>,
        /// The week in figures, by person.
        digest: Table<DigestDocument>,
        /// When people are left in peace.
        quiet: Table<QuietDocument>,
        /// A signed JSON webhook.
        webhook: Table<WebhookDocument>,
        /// E-mail.
        smtp: Table<SmtpDocument>,
        /// A channel of Microsoft Teams.
        teams: Table<HookDocument>,
        /// A channel of Slack.
        slack: Table<HookDocument>,
        /// An Alertmanager.
        alertmanager: Table<HookDocument>,
    }

    /// How the people behind an instance are found.
    PeopleDocument {
        /// Where an owner's address is looked for, first to last. Default all of them.
        order: List,
        /// The tag of an instance that names its owner. Default "owner".
        owner_tag: Value<String>,
        /// The tag of a workspace that names whom to tell. Default "contact".
        contact_tag: Value<String>,
    }

    /// When people are left in peace.
    QuietDocument {
        /// By whose clocks: an IANA name. Default "UTC".
        zone: Value<String>,
        /// Windows of the week. Default none.
        hours: List,
    }

    /// The week in figures, by person.
    DigestDocument {
        /// Whether it is sent. Default false.
        enabled: Value<bool>,
        /// By whose clocks weeks begin: an IANA name. Default "UTC".
        zone: Value<String>,
        /// At which hour of Monday. Default "08:00".
        at: Value<String>,
    }

    /// A signed JSON webhook.
    WebhookDocument {
        /// Where to; https.
        url: Value<String>,
        /// "lightsout" (the default) or "cloudevents".
        format: Value<WebhookFormat>,
        /// File that holds the signing secret.
        secret_file: Value<String>,
        /// Environment variable that holds the signing secret.
        secret_env: Value<String>,
        /// Send without a signature. Default false.
        unsigned: Value<bool>,
        /// Private networks that the receiver may be in. Default none.
        allow_private: List,
        /// For one delivery. Default "5s".
        timeout: Value<Span>,
    }

    /// E-mail.
    SmtpDocument {
        /// The mail server's name or address.
        host: Value<String>,
        /// Its port. Default 587, 465 or 25, by `tls`.
        port: Value<u32>,
        /// "starttls" (the default), "implicit" or "none".
        tls: Value<SmtpTls>,
        /// Who logs in, where the server wants that.
        user: Value<String>,
        /// File that holds the password.
        secret_file: Value<String>,
        /// Environment variable that holds the password.
        secret_env: Value<String>,
        /// The address that letters come from.
        from: Value<String>,
        /// Who gets letters that have no other address. Default nobody.
        fallback: List,
        /// PEM file of certificate authorities trusted beside the system's.
        ca_file: Value<String>,
        /// For one delivery. Default "20s".
        timeout: Value<Span>,
    }

    /// A channel whose address is a secret.
    HookDocument {
        /// File that holds the address.
        url_file: Value<String>,
        /// Environment variable that holds the address.
        url_env: Value<String>,
        /// Private networks that the receiver may be in. Default none.
        allow_private: List,
        /// For one delivery. Default "5s".
        timeout: Value<Span>,
    }
}

impl Word for WebhookFormat {
    const WORDS: &'static [(&'static str, Self)] =
        &[("lightsout", Self::Lightsout), ("cloudevents", Self::CloudEvents)];
}

impl Word for SmtpTls {
    const WORDS: &'static [(&'static str, Self)] =
        &[("starttls", Self::StartTls), ("implicit", Self::Implicit), ("none", Self::Plain)];
}
