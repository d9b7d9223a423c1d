//! The templates of the page, in the binary: checked when the service starts, and filled in with models that hold plain text.

use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

/// Every template by its name.
const TEMPLATES: [(&str, &str); 11] = [
    ("base.html", include_str!("templates/base.html")),
    ("dialogs.html", include_str!("templates/dialogs.html")),
    ("fleet.html", include_str!("templates/fleet.html")),
    ("hold.html", include_str!("templates/hold.html")),
    ("instance.html", include_str!("templates/instance.html")),
    ("login.html", include_str!("templates/login.html")),
    ("operations.html", include_str!("templates/operations.html")),
    ("parts.html", include_str!("templates/parts.html")),
    ("problem.html", include_str!("templates/problem.html")),
    ("savings.html", include_str!("templates/savings.html")),
    ("week.html", include_str!("templates/week.html")),
];

/// Why a page could not be made.
#[derive(Debug, thiserror::Error)]
#[error("could not make the page {page}")]
pub struct TemplateError {
    /// Which.
    page: &'static str,
    /// Why.
    #[source]
    cause: minijinja::Error,
}

/// Fills in templates.
#[derive(Debug, Clone)]
pub struct Templates(std::sync::Arc<Environment<'static>>);

impl Templates {
    /// The templates of the binary. What a template names and a model lacks is an error, never silence; and everything
    /// that a model holds is escaped.
    ///
    /// # Errors
    /// When one is no template.
    pub fn new() -> Result<Self, TemplateError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        for (page, source) in TEMPLATES {
            environment.add_template(page, source).map_err(|cause| TemplateError { page, cause })?;
        }
        Ok(Self(std::sync::Arc::new(environment)))
    }

    /// A page.
    ///
    /// # Errors
    /// When the template and the model do not fit.
    pub fn page(&self, page: &'static str, model: &impl Serialize) -> Result<String, TemplateError> {
        let made = self.0.get_template(page).and_then(|template| template.render(minijinja::value::Serde(model)));
        made.map_err(|cause| TemplateError { page, cause })
    }
}
