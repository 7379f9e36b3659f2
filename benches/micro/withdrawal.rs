//! The message that all of this is measured with, as the model has it: the same seventeen fields that the wire's own bench uses.

#[path = "../../switch/wire/benches/shared/request.rs"]
mod request;

use std::sync::{Arc, LazyLock};

use bytes::BytesMut;
use model::Message;
use wire::Dialect;

pub(crate) use request::{REQUEST, request};

/// The withdrawal as it is read from its bytes.
pub(crate) fn withdrawal() -> Message<'static> {
    static BODY: LazyLock<BytesMut> = LazyLock::new(|| body(&dialect("iso87-ascii")));
    wire::read(&dialect("iso87-ascii"), &BODY).unwrap()
}

pub(crate) fn dialect(name: &str) -> Arc<Dialect> {
    Dialect::builtin(name).unwrap()
}

/// Its bytes, without a frame.
pub(crate) fn body(dialect: &Dialect) -> BytesMut {
    let mut out = BytesMut::new();
    dialect.build(REQUEST, &request(), &mut out).unwrap();
    out
}
