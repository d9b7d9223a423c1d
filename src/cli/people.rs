//! What people are served: links and their key, the site, and the listener behind its door.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum_server::Handle;
use secrecy::SecretString;
use url::Url;

use super::clock::SystemClock;
use super::people_door::{Given, audit_queue, people_door, sign_in};
use super::records::Recorded;
use super::relay::Relay;
use super::render::{self, Look, Paint, Zones};
use crate::links::{LinkBase, link_keys};
use crate::metrics::Metrics;
use crate::notify::Linker;
use crate::ports::{Clock, Journal as _};
use crate::seal::{KeyError, Keys};
use crate::settings::{Environment, SecretError, Settings, secret_lines};
use crate::web::door::{Door, people_limits, random_bytes, serve_people};
use crate::web::{self, Explain, PageFaces, Site, SiteOptions, TemplateError, people_routes};

/// What links are signed with, beside the journal: the first line signs, the others are believed.
const KEY_NAME: &str = "link.key";

/// Why people cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// The key of links.
    #[error("could not use {}, which signs the links in warnings", path.display())]
    Key {
        /// Its file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// The same, of the settings.
    #[error("could not read what signs the links in warnings ([web.links])")]
    Secret(#[from] SecretError),
    /// The same.
    #[error(
        "could not use the secret that signs the links in warnings ([web.links], or link.key in the store's folder)"
    )]
    Short(#[from] KeyError),
    /// A template.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The door.
    #[error(transparent)]
    Door(#[from] super::people_door::PeopleError),
}

/// The keys of links in a store's folder, made when there are none. To change the key, write another line above the first.
///
/// # Errors
/// When the file cannot be read or made, or others may read it.
pub fn keys_of_links(dir: &Path) -> Result<Keys, PeopleError> {
    let path = dir.join(KEY_NAME);
    let text = read_or_make(&path).map_err(|cause| PeopleError::Key { path, cause })?;
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(SecretString::from);
    let present = lines.next().unwrap_or_else(|| SecretString::from(String::new()));
    Ok(link_keys(present, lines)?)
}

/// The keys of links as settings name them.
fn keys_by(settings: &Settings, environment: &Environment) -> Result<Keys, PeopleError> {
    let links = &settings.web.links;
    let Some(secret) = &links.secret else { return keys_of_links(&settings.store.dir) };
    // it may be a link.key with keys of before
    let before = links.old_secret.as_deref().map(secret_lines).transpose()?;
    Ok(link_keys(secret.read(environment)?, before.into_iter().flatten())?)
}

/// Made whole or not at all: a key that was half written would be no key, and the service could not start.
fn read_or_make(path: &Path) -> std::io::Result<String> {
    if !path.exists() {
        let bytes = random_bytes().map_err(std::io::Error::other)?;
        let secret: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        // of mode 0600, as temporary files are
        let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
        writeln!(file, "{secret}")?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(path) {
            Ok(_) => return Ok(secret),
            // another command made it meanwhile
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.error),
        }
    }
    let mut file = OpenOptions::new().read(true).open(path)?;
    if file.metadata()?.mode() & 0o077 != 0 {
        let why = "others may read it; chmod 600 it, and put another line above the first if anyone did";
        return Err(std::io::Error::new(ErrorKind::PermissionDenied, why));
    }
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok(text)
}

/// Where people reach the page: as settings say, else where it is listened on; none when nothing is served.
#[must_use]
pub fn base_of(settings: &Settings) -> Option<Url> {
    let web = &settings.web;
    let scheme = if web.tls.is_some() { "https" } else { "http" };
    let here = || Url::parse(&format!("{scheme}://{}", web.listen)).ok();
    web.public_url.clone().or_else(here).filter(|_| web.enabled)
}

/// What puts links into messages; none when no page is served.
///
/// # Errors
/// When the key cannot be used.
pub fn linker(settings: &Settings, environment: &Environment) -> Result<Option<Linker>, PeopleError> {
    let Some(base) = base_of(settings) else { return Ok(None) };
    Ok(Some(Linker::new(LinkBase::new(base), keys_by(settings, environment)?)))
}

/// Explanations as the command line writes them, without colours.
#[must_use]
pub fn explained() -> Explain {
    Arc::new(|told, zone, now| {
        let look = Look { paint: Paint::Plain, width: 100, zones: Zones::default(), now };
        render::explain(told, zone, &look)
    })
}

/// The site of an engine.
pub type SiteOf<C> = Site<Relay<C>, Recorded<C>>;

/// The site over an engine.
///
/// # Errors
/// When a template is none.
pub fn site<C: Clock + 'static>(
    relay: &Arc<Relay<C>>,
    (links, public): (Option<Arc<Keys>>, Option<Url>),
    demo: bool,
) -> Result<Arc<SiteOf<C>>, PeopleError> {
    let outside = relay.engine().world().clone();
    let clock = outside.clone();
    let options = SiteOptions {
        now: web::Clock(Arc::new(move || clock.now())),
        explain: explained(),
        links,
        public_url: public.map(|url| url.origin().ascii_serialization()).unwrap_or_default(),
        demo,
    };
    Ok(Site::new(relay.clone(), Arc::new(Recorded::new(outside)), options)?)
}

/// The site of the service, and the door before it.
///
/// # Errors
/// When the key of links cannot be used, or the door would be open to more than it should be.
pub fn house(
    (settings, environment): (&Settings, &Environment),
    relay: &Arc<Relay<SystemClock>>,
    listener: SocketAddr,
) -> Result<(Arc<SiteOf<SystemClock>>, Door), PeopleError> {
    let keys = Arc::new(keys_by(settings, environment)?);
    let site = site(relay, (Some(keys), base_of(settings)), false)?;
    let world = relay.engine().world().clone();
    let audit = audit_queue(move |line| {
        let world = world.clone();
        async move {
            if let Err(fault) = world.audit(&line).await {
                tracing::warn!(who = line.who, what = line.what, "{}", fault.words());
            }
        }
    });
    let given = Given { sign_in: sign_in(settings, environment)?, audit, faces: Arc::new(PageFaces::new(&site)) };
    let door = people_door(settings, listener, given)?;
    Ok((site, door))
}

/// Serves people until the process ends.
///
/// # Errors
/// When the listener cannot be used.
pub async fn serve<C: Clock + 'static>(
    listener: TcpListener,
    tls: Option<axum_server::tls_rustls::RustlsConfig>,
    (site, door): (Arc<SiteOf<C>>, Door),
    metrics: Option<Metrics>,
) -> std::io::Result<()> {
    let router = people_routes().behind(&door, site);
    serve_people(listener, (tls, people_limits()), router, metrics, Handle::new()).await
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::settings::SecretSource;

    #[test]
    fn the_key_of_links_is_made_once_and_for_its_user_alone() {
        let dir = tempfile::tempdir().unwrap();
        let first = keys_of_links(dir.path()).unwrap();
        assert_eq!(keys_of_links(dir.path()).unwrap().name(), first.name());
        let path = dir.path().join(KEY_NAME);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let old = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{}\n{old}", "n".repeat(64))).unwrap();
        let both = keys_of_links(dir.path()).unwrap();
        assert_ne!(both.name(), first.name(), "the first line signs");
        let signature = first.sign(b"x").unwrap();
        assert!(both.signed(first.name(), b"x", &signature), "and the others are believed");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(keys_of_links(dir.path()).is_err(), "nobody else may read it");
    }

    #[test]
    fn replicas_with_one_secret_believe_each_others_links() {
        let environment = Environment::of([("NEW".to_owned(), "n".repeat(40)), ("SHORT".to_owned(), "n".repeat(9))]);
        let replica = |secret: Option<SecretSource>, old_secret: Option<PathBuf>| {
            let dir = tempfile::tempdir().unwrap();
            let mut settings = Settings::default();
            settings.store.dir = dir.path().to_owned();
            settings.web.links = crate::settings::Links { secret, old_secret };
            (keys_by(&settings, &environment), dir)
        };
        let of = |name: &str| Some(SecretSource::Env(name.to_owned()));
        let (one, folder) = replica(of("NEW"), None);
        let (another, _other) = replica(of("NEW"), None);
        let (one, another) = (one.unwrap(), another.unwrap());
        assert!(another.signed(one.name(), b"x", &one.sign(b"x").unwrap()));
        assert!(!folder.path().join(KEY_NAME).exists(), "no other key is made");
        let (by_folder, dir) = replica(None, None);
        let by_folder = by_folder.unwrap();
        assert!(!another.signed(by_folder.name(), b"x", &by_folder.sign(b"x").unwrap()));
        // whoever begins with replicas believes the links that are in mailboxes already, also of a key that was changed since
        let path = dir.path().join(KEY_NAME);
        let old = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{}\n{old}", "m".repeat(64))).unwrap();
        let (after, _last) = replica(of("NEW"), Some(dir.path().join(KEY_NAME)));
        assert!(after.unwrap().signed(by_folder.name(), b"x", &by_folder.sign(b"x").unwrap()));
        assert!(replica(of("SHORT"), None).0.unwrap_err().to_string().contains("[web.links]"));
        assert!(replica(of("NOWHERE"), None).0.unwrap_err().to_string().contains("[web.links]"));
    }
}
