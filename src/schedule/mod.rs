//! stub
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Hours;
