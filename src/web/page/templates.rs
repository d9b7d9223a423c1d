//! The templates of the page, in the binary: checked when the service starts, and filled in with models that hold plain text.

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

/// Every template by its name.
const TEMPLATES: [(&str, &str); 12] = [
    ("base.html", include_str!("templates/base.html")),
    ("dialogs.html", include_str!("templates/dialogs.html")),
    ("fleet.html", include_str!("templates/fleet.html")),
    ("hold.html", include_str!("templates/hold.html")),
    ("instance.html", include_str!("templates/instance.html")),
    ("keep.html", include_str!("templates/keep.html")),
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
pub(in crate::web) struct Templates(std::sync::Arc<Environment<'static>>);

impl Templates {
    /// The templates of the binary. What a template names and a model lacks is an error, never silence; and everything
    /// that a model holds is escaped.
    ///
    /// # Errors
    /// When one is no template.
    pub(in crate::web) fn new() -> Result<Self, TemplateError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        // a line that holds only a tag is no part of the page: rows are a hundred, and have many
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.map_err(|cause| TemplateError { page: "base.html", cause })?);
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
    pub(in crate::web) fn page(&self, page: &'static str, model: &impl Serialize) -> Result<String, TemplateError> {
        let made = self.0.get_template(page).and_then(|template| template.render(minijinja::value::Serde(model)));
        made.map_err(|cause| TemplateError { page, cause })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::Value;

    use super::*;

    fn models() -> Vec<(String, Value)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page/models");
        let read = |file: std::io::Result<std::fs::DirEntry>| {
            let path = file.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            (path.file_stem().unwrap().to_str().unwrap().to_owned(), serde_json::from_str(&text).unwrap())
        };
        std::fs::read_dir(folder).unwrap().map(read).collect()
    }

    #[test]
    fn every_template_shows_its_models_and_nothing_in_them_is_markup() {
        let templates = Templates::new().unwrap();
        let mut shown = std::collections::BTreeSet::new();
        for (name, model) in models() {
            let kind = name.split('_').next().unwrap();
            let page = TEMPLATES.iter().find(|(file, _)| file.strip_suffix(".html") == Some(kind)).unwrap().0;
            let text = templates.page(page, &model).unwrap_or_else(|error| panic!("{name}: {error:?}"));
            for markup in ["<script>", "<img src=x", "onerror=alert", "javascript:alert", "<svg onload"] {
                let plain = text.replace("&lt;", "").replace("&quot;", "").replace("&#x27;", "");
                assert!(!plain.contains("<script>alert") && !text.contains(&format!("<{markup}")), "{name}: {markup}");
            }
            assert!(!text.contains("style=\""), "{name}: the policy of the page's contents forbids inline styles");
            shown.insert(page);
        }
        assert_eq!(shown.len(), 9, "every page has a model: {shown:?}");
    }

    #[test]
    fn a_field_that_is_missing_is_an_error() {
        let templates = Templates::new().unwrap();
        let (_, mut model) = models().into_iter().find(|(name, _)| name == "fleet").unwrap();
        model.as_object_mut().unwrap().remove("tiles");
        assert!(templates.page("fleet.html", &model).is_err());
    }
}
