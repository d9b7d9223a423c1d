//! The seams between the engine and the outside.
