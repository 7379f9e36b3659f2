//! Rules that look at a request and the configuration and say what follows. They change nothing.

pub(crate) mod route;
