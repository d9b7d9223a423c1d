//! What page and API are made of: the running engine, the record of the past, links, and templates.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::page::{self, Site as SiteModel, TemplateError, Templates};
use crate::ports::{Control, Freezer, Records};
use crate::report::Explanation;
use crate::seal::Keys;

/// Pages that follow the service live, at once: half of the connections that people may have.
const STREAMS_MAX: usize = 256;

/// Tells the time.
#[derive(Clone)]
pub struct Clock(pub Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Clock").field(&self.now()).finish()
    }
}

/// Writes a decision out as text.
pub type Explain = Arc<dyn Fn(&Explanation, &TimeZone, Timestamp) -> String + Send + Sync>;

/// What a site is set up with.
pub struct SiteOptions {
    /// Tells the time.
    pub now: Clock,
    /// Writes a decision out as text.
    pub explain: Explain,
    /// What links are signed with; none: there are no links.
    pub links: Option<Arc<Keys>>,
    /// Where people reach it, to be shown; empty where nobody said.
    pub public_url: String,
    /// True in the demo.
    pub demo: bool,
}

impl std::fmt::Debug for SiteOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SiteOptions").field("public_url", &self.public_url).finish_non_exhaustive()
    }
}

/// What page and API are made of.
pub struct Site<C, R> {
    /// The running engine.
    pub(super) control: Arc<C>,
    /// The record of the past.
    pub(super) records: Arc<R>,
    /// How it is set up.
    pub(super) options: SiteOptions,
    /// The templates.
    pub(super) templates: Templates,
    /// Room for those who follow it live.
    pub(super) streams: Arc<tokio::sync::Semaphore>,
    /// What every page says of the site.
    pub(super) model: SiteModel,
}

impl<C, R> std::fmt::Debug for Site<C, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Site").field("options", &self.options).finish_non_exhaustive()
    }
}

impl<C: Control, R: Records + Freezer> Site<C, R> {
    /// A site over an engine.
    ///
    /// # Errors
    /// When a template is none.
    pub fn new(control: Arc<C>, records: Arc<R>, options: SiteOptions) -> Result<Arc<Self>, TemplateError> {
        let model = SiteModel {
            version: crate::units::RELEASE,
            stamp: page::stamp(),
            public_url: options.public_url.clone(),
            demo: options.demo,
        };
        let streams = Arc::new(tokio::sync::Semaphore::new(STREAMS_MAX));
        Ok(Arc::new(Self { control, records, options, templates: Templates::new()?, streams, model }))
    }

    /// Now.
    pub(super) fn now(&self) -> Timestamp {
        self.options.now.now()
    }
}
