//! From the command line to what the agent works with: its rules, its token, its sender.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::args::{Place, RunArgs, SETTINGS};
use super::identity::{Door, DoorError, IdentityError, Managed, is_here};
use super::read::read_bounded;
use super::rules::{Identity, Rules, parse};
use super::send::{Sender, SenderError};
use super::speaker::Speaker;
use super::token::{Here, Token, TokenError};

/// Settings and tokens are read so far.
const MOST: u64 = 256 * 1_024;

/// Why the agent cannot begin. A person has to mend it.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// The settings cannot be read.
    #[error("could not read the settings {0}")]
    Settings(String, #[source] io::Error),
    /// They are wrong; each mistake has a line.
    #[error("{0}")]
    Mistakes(String),
    /// The token cannot be read.
    #[error("could not read the token {0}")]
    TokenFile(String, #[source] io::Error),
    /// Others can read it.
    #[error("the token {0} can be read by others: make it `chmod 600`")]
    TokenMode(String),
    /// It is wrong.
    #[error("the token {0} cannot be used")]
    Token(String, #[source] TokenError),
    /// The managed identity cannot be asked.
    #[error(transparent)]
    Door(DoorError),
    /// The settings are those of another instance.
    #[error(transparent)]
    Identity(IdentityError),
    /// No sender can be made.
    #[error("nothing can be sent")]
    Sender(#[source] SenderError),
    /// No eyes can be opened.
    #[error("could not make an HTTP client")]
    Client(#[source] reqwest::Error),
}

/// The rules of a settings file; the default place may be empty.
///
/// # Errors
/// When it cannot be read, or is wrong.
pub fn rules(place: &Place) -> Result<Rules, SetUpError> {
    let name = place.settings.display().to_string();
    let text = match read_bounded(&place.settings, MOST) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound && place.settings == Path::new(SETTINGS) => String::new(),
        Err(error) => return Err(SetUpError::Settings(name, error)),
    };
    let lines =
        |found: Vec<crate::document::Diagnostic>| found.iter().map(|one| format!("\n  {one}")).collect::<String>();
    parse(&name, &text).map_err(|found| SetUpError::Mistakes(format!("the settings are not valid{}", lines(found))))
}

/// The token of this instance.
///
/// # Errors
/// When there is none that can be used here.
pub fn token(file: &str, here: &Here) -> Result<Token, SetUpError> {
    let unread = |error| SetUpError::TokenFile(file.to_owned(), error);
    let mode = std::fs::metadata(file).map_err(unread)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(SetUpError::TokenMode(file.to_owned()));
    }
    let bytes = read_bounded(Path::new(file), MOST).map_err(unread)?;
    let wrong = |error| SetUpError::Token(file.to_owned(), error);
    let token = Token::read(&String::from_utf8_lossy(&bytes)).map_err(wrong)?;
    token.is_of(here).map_err(wrong)?;
    Ok(token)
}

/// The sender; none when the settings name no service.
///
/// # Errors
/// When it cannot be made.
pub fn sender(rules: &Rules, args: &RunArgs) -> Result<Option<Sender>, SetUpError> {
    let Some(url) = &rules.service.url.0 else {
        return Ok(None);
    };
    let speaker = match rules.service.identity {
        Identity::Token => Speaker::Token(token(&rules.service.token_file.0, &args.here())?),
        Identity::Managed => Speaker::Managed(Box::new(managed(rules, args)?)),
    };
    Sender::new(&rules.service, url, speaker).map(Some).map_err(SetUpError::Sender)
}

/// The managed identity. Nobody is asked yet: the platform may answer later than the machine starts.
fn managed(rules: &Rules, args: &RunArgs) -> Result<Managed, SetUpError> {
    let door = Door::find(&args.doors.ways(), &rules.service).map_err(SetUpError::Door)?;
    let (instance, here) = (rules.service.instance.0.clone(), args.here());
    if let Some(instance) = &instance {
        is_here("service.instance", instance, &here).map_err(SetUpError::Identity)?;
    }
    Managed::new(door, instance, here).map_err(SetUpError::Client)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, "lo1.x.y").unwrap();
        let name = file.display().to_string();
        let with_mode = |mode| {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            token(&name, &Here::default()).unwrap_err().to_string()
        };
        assert!(with_mode(0o644).contains("chmod 600"));
        assert!(with_mode(0o600).contains("cannot be used"));
        assert!(token("/nowhere/token", &Here::default()).unwrap_err().to_string().contains("could not read"));
    }

    #[test]
    fn settings_that_are_named_must_be_there() {
        let place = |settings: &str| Place { settings: settings.into(), root: "/".into() };
        assert!(rules(&place("/nowhere/agent.toml")).is_err());
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("agent.toml");
        std::fs::write(&file, "[look]\nevry = \"1m\"\n[gpuu]\n").unwrap();
        let error = rules(&place(&file.display().to_string())).unwrap_err().to_string();
        assert!(error.contains("agent.toml:2:1: look.evry") && error.contains("agent.toml:3:2: gpuu"), "{error}");
    }
}
