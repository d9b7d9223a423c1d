//! File, environment and flags into settings, and the folder of policies into policies.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::compile::{compile, resolve};
use super::document;
use super::environment::Environment;
use super::findings::Findings;
use super::folder::{Folder, read_text};
use super::layers::{Overrides, of_environment, of_flags, rename};
use super::model::Settings;
use super::money_files::MoneyFiles;
use super::secret::SecretSource;
use super::tables::TableDocument;
use super::watched::Watched;
use crate::document::{Diagnostic, Place, Severity, Trouble};
use crate::facts::{Source, SourceSet};
use crate::policy::{DefaultsSource, Parsed, SourceText, Sources, parse};

/// Everything that could be loaded, and everything that is wrong with it.
#[derive(Debug)]
pub struct Loaded {
    /// The settings, their paths resolved; none when any of them is wrong.
    pub settings: Option<Settings>,
    /// Where the journal, its socket and the freeze switch are, when at least that could be read.
    pub places: Option<Settings>,
    /// The policies, with their own findings. Empty when the folder is not known.
    pub policies: Parsed,
    /// The price sheet and the owners' teams, with their own findings: what is wrong there keeps nothing from being stopped.
    pub money: MoneyFiles,
    /// What is wrong with the settings file, the environment, the flags, or the folder of policies.
    pub diagnostics: Vec<Diagnostic>,
    /// Every file and folder that was read or looked for, as it was then: what [`super::Watch`] goes on from.
    pub watched: Watched,
}

impl Loaded {
    /// All findings: of the settings first, then of the policies, then of what money is counted by.
    pub fn findings(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().chain(&self.policies.diagnostics).chain(&self.money.diagnostics)
    }

    /// True when nothing is an error.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.settings.is_some() && !self.findings().any(Diagnostic::is_error)
    }
}

/// The settings that a text means, with environment and flags laid over it, and all that is wrong. Paths are as
/// written. With an error among the findings the settings are the nearest guess, and not to be used.
#[must_use]
pub fn read_settings(
    file: &str,
    text: &str,
    environment: &Environment,
    overrides: &Overrides,
) -> (Settings, Vec<Diagnostic>) {
    let (written, mut all) = document::read(file, text);
    let (from_environment, from_flags) = (of_environment(environment), of_flags(overrides));
    all.extend(from_environment.found.iter().chain(&from_flags.found).cloned());
    let document = from_flags.document.clone().over(from_environment.document.clone().over(written));
    let mut found = Findings::new(Place::start_of(file), all);
    let settings = compile(&document, environment, &mut found);
    // A variable that holds a secret may be called as its owner likes.
    let secrets: Vec<&str> = settings.secrets().filter_map(SecretSource::variable).collect();
    found.all.retain(|finding| finding.is_error() || !secrets.contains(&finding.key.as_str()));
    rename(&mut found.all, &from_environment, &from_flags);
    found.all.sort_by_key(|finding| (&*finding.file != file, finding.file.clone(), finding.line, finding.column));
    (settings, found.all)
}

/// Loads everything anew. Nothing is kept from one call to the next: what stays in force when a new version is wrong
/// is the caller's to decide (S10).
#[must_use]
pub fn load(path: &Path, environment: &Environment, overrides: &Overrides) -> Loaded {
    let name = path.display().to_string();
    let start = Place::start_of(&name);
    let contents = read_text(path);
    let mut watched = Watched::default();
    watched.file(path, &contents);
    let text = match contents {
        Ok(text) => text,
        Err(problem) => {
            let help = "name the file with --config, and see that this process may read it; without --config it is \
                        config/lightsout.toml, or else /etc/lightsout/lightsout.toml";
            let diagnostics = vec![start.keyed("file").finding(Severity::Error, &Trouble::new(problem, help))];
            let (calendars, around) =
                (BTreeMap::new(), Around { defaults: None, channels: 0, sources: SourceSet::NONE });
            let policies = around.parse(&[], &calendars);
            let money = MoneyFiles::default();
            return Loaded { settings: None, places: None, policies, money, diagnostics, watched };
        }
    };
    let (mut settings, mut diagnostics) = read_settings(&name, &text, environment, overrides);
    resolve(&mut settings, path.parent().unwrap_or(Path::new("")));
    diagnostics.append(&mut settings.web.roles.read_file(&start, &mut watched));
    let money = MoneyFiles::read(&settings, &start, &mut watched);
    let mut folder = Folder::read(&settings.policies.dir, &start, &mut watched);
    diagnostics.append(&mut folder.diagnostics);
    let calendars = folder.calendars(&name, &text);
    calendars.iter().for_each(|(calendar, contents)| watched.file(Path::new(calendar), contents));
    let defaults = DefaultsSource { file: name.into(), text };
    let around = Around { defaults: Some(&defaults), channels: settings.notify.count(), sources: settings.sources() };
    let mut policies = around.parse(&folder.texts, &calendars);
    if diagnostics.iter().any(Diagnostic::is_syntax) {
        // Both rooms read this file; that it is no TOML is said once.
        policies.diagnostics.retain(|finding| finding.file != defaults.file);
    }
    let errors = || diagnostics.iter().filter(|finding| finding.is_error());
    // what is misspelt may be meant to say where they are: only mistakes in a table that cannot are passed over
    let elsewhere = |key: &str| ELSEWHERE.contains(&key.split(['.', '[']).next().unwrap_or_default());
    let harmless = |error: &Diagnostic| error.file == defaults.file && elsewhere(&error.key) && !error.is_syntax();
    let places = Some(&settings).filter(|_| errors().all(harmless));
    let (places, is_valid) = (places.cloned(), errors().next().is_none());
    Loaded { settings: Some(settings).filter(|_| is_valid), places, policies, money, diagnostics, watched }
}

/// Tables of the settings that say nothing of the journal, its socket or the freeze switch.
const ELSEWHERE: [&str; 13] = [
    "agents", "azure", "fleet", "sweep", "policies", "server", "notify", "guard", "limits", "prices", "ledger", "log",
    "web",
];

/// What policies stand on beside their own files.
struct Around<'a> {
    defaults: Option<&'a DefaultsSource>,
    channels: usize,
    sources: SourceSet,
}

impl Around<'_> {
    fn parse(&self, policies: &[SourceText], calendars: &BTreeMap<String, Result<String, String>>) -> Parsed {
        let (channels, sources) = (self.channels, self.sources);
        parse(&Sources { defaults: self.defaults, policies, calendars, channels, sources })
    }
}

/// Policy files named one by one, judged as they would be in the folder: on the fleet's defaults and channels when there
/// is a settings file, on the built-in ones and a channel when there is none. The settings themselves are not judged.
#[must_use]
pub fn check_files(path: &Path, environment: &Environment, files: &[PathBuf]) -> Loaded {
    let (texts, diagnostics) = policy_texts(files);
    Loaded { diagnostics, ..check_texts(path, environment, texts, 0) }
}

/// The texts of policy files, and what cannot be read of them.
#[must_use]
pub fn policy_texts(files: &[PathBuf]) -> (Vec<SourceText>, Vec<Diagnostic>) {
    let mut folder = Folder::default();
    let mut watched = Watched::default();
    files.iter().for_each(|file| folder.add(file, &mut watched));
    (folder.texts, folder.diagnostics)
}

/// Texts of policies, judged as [`check_files`] judges files; with so many channels at least, for who does not go by those that
/// are set up today.
#[must_use]
pub fn check_texts(path: &Path, environment: &Environment, texts: Vec<SourceText>, channels: usize) -> Loaded {
    let text = read_text(path).ok();
    let name = path.display().to_string();
    let settings = text.as_ref().map(|text| read_settings(&name, text, environment, &Overrides::none()).0);
    let folder = Folder { texts, diagnostics: Vec::new() };
    let calendars = folder.calendars(&name, text.as_deref().unwrap_or_default());
    let defaults = text.map(|text| DefaultsSource { file: name.into(), text });
    let channels = settings.as_ref().map_or(1, |settings| settings.notify.count().max(channels));
    // without settings nothing is known of its sources, and they are not missed
    let every = || Source::ALL.into_iter().collect();
    let sources = settings.as_ref().map_or_else(every, Settings::sources);
    let policies = Around { defaults: defaults.as_ref(), channels, sources }.parse(&folder.texts, &calendars);
    let (places, money) = (settings.clone(), MoneyFiles::default());
    Loaded { places, settings, policies, money, diagnostics: Vec::new(), watched: Watched::default() }
}
