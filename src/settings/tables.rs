//! The tables of the settings file: what a table is, and the macro that declares each by its keys.

use crate::document::TableReader;

/// What kind of TOML value a key takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text in quotes.
    Text,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Truth,
    /// A list of text.
    Texts,
}

/// A table of the file as written; the macro `tables!` makes them.
pub(super) trait TableDocument: Clone + Default {
    /// Takes every key out of an open table.
    fn taken(table: &mut TableReader<'_, '_, '_, '_>) -> Self;

    /// This table laid over a lower one, value by value.
    fn over(self, lower: Self) -> Self;

    /// The keys of its plain values, with their tables, and what kind of value each takes.
    fn scalars(path: &str, into: &mut Vec<(String, Kind)>);
}

/// Words under which people put secrets into files, and must not.
const SECRET_WORDS: [&str; 8] =
    ["secret", "password", "token", "passphrase", "bearer", "api_key", "private_key", "sas"];

/// What to say of an unknown key that seems to hold a secret, in a table of these keys.
pub(super) fn of_secret(key: &str, keys: &[&str]) -> Option<String> {
    if key.ends_with("url") && keys.contains(&"url_file") {
        return Some(
            "here the address itself is a secret: put it in a file of mode 0600 and name that with url_file, or in an environment \
             variable and name that with url_env"
                .to_owned(),
        );
    }
    let folded = key.to_ascii_lowercase().replace('-', "_");
    let secret = SECRET_WORDS.iter().any(|word| folded == *word || folded.ends_with(&format!("_{word}")));
    secret.then(|| {
        "secrets are never written in this file: put it in a file of mode 0600 and name that with secret_file, or in an environment \
         variable and name that with secret_env"
            .to_owned()
    })
}

/// Declares tables of the file: each a struct of fields, read key by key.
macro_rules! tables {
    ($($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $field:ident: $type:ty),+ $(,)? })+) => { $(
        $(#[$about])*
        #[derive(Debug, Clone, Default)]
        pub(super) struct $name {
            $($(#[$doc])* pub(super) $field: $type,)+
        }

        impl TableDocument for $name {
            fn taken(table: &mut TableReader<'_, '_, '_, '_>) -> Self {
                Self { $($field: <$type as Field>::taken(table, stringify!($field)),)+ }
            }

            fn over(self, lower: Self) -> Self {
                Self { $($field: self.$field.over(lower.$field),)+ }
            }

            fn scalars(path: &str, into: &mut Vec<(String, Kind)>) {
                $(<$type as Field>::scalars(&join(path, stringify!($field)), into);)+
            }
        }

        impl Read for $name {
            fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
                let names = [$(stringify!($field)),+];
                let keys = names.join(", ");
                let wanted = format!("[{key}] above its keys, each on a line of its own; its keys are {keys}");
                let mut table = TableReader::wanted(value, key, &wanted, findings)?;
                let read = Self::taken(&mut table);
                table.finish_with(|key| of_secret(key, &names));
                Some(read)
            }
        }
    )+ };
}
pub(super) use tables;
