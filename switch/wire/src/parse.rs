//! Parsing.
/// A message cut into fields.
#[derive(Clone, Copy, Debug)]
pub struct Parsed<'a> {
    /// To come.
    pub body: &'a [u8],
}
