//! Tests of the journal that reach inside it.
