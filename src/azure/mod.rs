//! Room `azure`.
