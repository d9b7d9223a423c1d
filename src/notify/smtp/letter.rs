//! The letter: headers of ours, and the message as text and as HTML.

use std::time::SystemTime;

use lettre::Address;
use lettre::error::Error as LetterError;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use sha2::{Digest, Sha256};

use super::people::People;
use crate::notify::render::{Link, Sheet, Templates};
use crate::ports::Message;

/// Who writes, as mail programs show it beside the address.
const NAME: &str = "Lightsout";

/// The bytes of a letter. The same message makes the same letter for ever, its date included: that of the message.
pub(super) fn write(
    from: &Address,
    people: &People,
    message: &Message,
    links: &[Link],
    templates: &Templates,
) -> Result<Vec<u8>, LetterError> {
    let (words, troubles) = templates.letter(&Sheet::of(message), links);
    for trouble in troubles {
        tracing::warn!(id = message.id, "a template failed, and the one in the program stood in: {trouble}");
    }
    let mut letter = lettre::Message::builder()
        .from(Mailbox::new(Some(NAME.to_owned()), from.clone()))
        .subject(words.subject)
        .date(SystemTime::from(message.at))
        .message_id(Some(message_id(&message.id, from)))
        // RFC 3834: answers of absent people stay away. Exchange asks in its own way.
        .raw_header(own("Auto-Submitted", "auto-generated"))
        .raw_header(own("X-Auto-Response-Suppress", "All"));
    for address in people.all() {
        letter = letter.to(Mailbox::new(None, address.clone()));
    }
    let body = MultiPart::alternative_plain_html(words.text, words.html);
    Ok(letter.multipart(body)?.formatted())
}

/// A header whose name and value are ours.
fn own(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// The same for the same message, so that a letter which is sent again is known as such. A digest, since what an id is
/// made of may not stand in a header.
fn message_id(id: &str, from: &Address) -> String {
    let digest: String = Sha256::digest(id).iter().take(20).map(|byte| format!("{byte:02x}")).collect();
    format!("<{digest}@{}>", from.domain())
}
