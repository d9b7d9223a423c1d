//! Yearly recurrence rules.
