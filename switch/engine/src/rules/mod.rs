//! Rules that look at a request and the configuration and say what follows. They change nothing.

pub(crate) mod fees;
pub(crate) mod limits;
pub(crate) mod rates;
pub(crate) mod route;
pub(crate) mod standin;
