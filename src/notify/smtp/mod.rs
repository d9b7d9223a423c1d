//! E-mail: whom it goes to, the letter, and the talk with the mail server.

mod letter;
mod people;
mod sender;
mod session;

pub use sender::{Smtp, SmtpError, SmtpOptions, SmtpTls};
