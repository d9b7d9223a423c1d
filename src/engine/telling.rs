//! How people are told; every one a setting.

use crate::facts::Addressing;

/// How people are told.
#[derive(Debug, Clone, Default)]
pub struct Telling {
    /// How the people behind an instance are found.
    pub people: Addressing,
    /// Who runs the service: told of policies that changed or are broken.
    pub operators: Vec<String>,
}
