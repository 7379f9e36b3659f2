//! Dialects: how a network writes messages, as data. Some are built in; others are read from a file of the same form.
//!
//! Knows: which fields there are and how each lies in bytes. Does not know: what a field means to the switch (`map`), which
//! fields a message needs (`profile`).

mod description;
mod quick;
mod spec;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use bytes::BytesMut;
use model::FieldNumber;

use crate::error::TomlError;
use crate::subfields::Subfields;
use crate::{BuildError, DialectError, ParseError, Parsed, Value};
pub use description::Version;
use description::{ByteEncoding, Description, DigitEncoding, Secondary, Word};
pub(crate) use quick::{Alphabet, Figures, Lead};
pub(crate) use spec::{Coding, Extent, Fill, IndicatorForm, Prefix, Shown, Spec, number_in};

/// How a network writes messages: the encodings of message type, bitmap and lengths, and one row per field. Read once, then shared.
pub struct Dialect {
    name: String,
    version: Version,
    pub(crate) mti: DigitEncoding,
    pub(crate) bitmap: ByteEncoding,
    pub(crate) secondary: Secondary,
    /// By field number. Only places 2 to 128 are used; there is one for each byte, so that none is looked up outside.
    specs: Box<[Option<Spec>; 256]>,
    names: Box<[String]>,
    subfields: BTreeMap<FieldNumber, Subfields>,
}

pub(crate) use description::{ByteEncoding as BitmapEncoding, DigitEncoding as MtiEncoding, Secondary as SecondaryBitmap};

const BUILTIN: [(&str, &str); 5] = [
    ("iso87-ascii", include_str!("../../dialects/iso87-ascii.toml")),
    ("iso87-bcd", include_str!("../../dialects/iso87-bcd.toml")),
    ("iso87-ebcdic", include_str!("../../dialects/iso87-ebcdic.toml")),
    ("iso93-ascii", include_str!("../../dialects/iso93-ascii.toml")),
    ("iso93-bcd", include_str!("../../dialects/iso93-bcd.toml")),
];

/// The built-in descriptions, read at first use. One that does not read is left out; a test sees to it that none is.
static READ: LazyLock<Vec<Arc<Dialect>>> =
    LazyLock::new(|| BUILTIN.iter().filter_map(|(_, text)| Dialect::from_toml(text).ok().map(Arc::new)).collect());

/// The description of a built-in dialect.
pub(crate) fn builtin_text(name: &str) -> Option<&'static str> {
    BUILTIN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

impl Dialect {
    /// The dialect of this name that ships with the switch; `None` where there is none.
    #[must_use]
    pub fn builtin(name: &str) -> Option<Arc<Self>> {
        READ.iter().find(|dialect| dialect.name == name).cloned()
    }

    /// The names that [`Dialect::builtin`] knows.
    #[must_use]
    pub fn builtin_names() -> &'static [&'static str] {
        const NAMES: [&str; 5] = [BUILTIN[0].0, BUILTIN[1].0, BUILTIN[2].0, BUILTIN[3].0, BUILTIN[4].0];
        &NAMES
    }

    /// Reads a description of the form of the built-in ones.
    ///
    /// # Errors
    /// Where it is none: with line, column and a pointer at the place, or with line and field.
    pub fn from_toml(text: &str) -> Result<Self, DialectError> {
        let description: Description = toml::from_str(text).map_err(|error| DialectError::Toml(TomlError(Box::new(error))))?;
        let mut specs = Box::new([None; 256]);
        let mut names = vec![String::new(); 129].into_boxed_slice();
        for (Word(number), row) in description.fields {
            let (field, at) = (number.0, row.span().start);
            let row = row.into_inner();
            let line = || text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
            let wrong = |problem| DialectError::Field { line: line(), field, problem };
            let spec = row.compile(&description.encoding).map_err(wrong)?;
            if let Some(problem) = crate::map::objection(description.version, field, &spec) {
                return Err(wrong(problem));
            }
            if let (Some(place), Some(name)) = (specs.get_mut(usize::from(field)), names.get_mut(usize::from(field))) {
                (*place, *name) = (Some(spec), row.name);
            }
        }
        let mut subfields = BTreeMap::new();
        for (Word(number), row) in description.subfields {
            let (field, at) = (number.0, row.span().start);
            let line = text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
            let max = specs.get(usize::from(field)).and_then(|spec| *spec).map_or(0, |spec: Spec| spec.max);
            let wrong = |problem| DialectError::Subfields { line, field, problem };
            subfields.insert(field, row.into_inner().compile(max).map_err(wrong)?);
        }
        let encoding = description.encoding;
        Ok(Self {
            name: description.name,
            version: description.version,
            mti: encoding.mti,
            bitmap: encoding.bitmap,
            secondary: encoding.secondary,
            specs,
            names,
            subfields,
        })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The edition of the standard that it follows.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// The name of a field, for people; `None` where the dialect does not define it.
    #[must_use]
    pub fn field_name(&self, number: FieldNumber) -> Option<&str> {
        self.spec(number)?;
        self.names.get(usize::from(number)).map(String::as_str)
    }

    /// Cuts a message (without its frame) into fields and checks every byte of it, in place: no copy, no allocation.
    ///
    /// # Errors
    /// The first thing that is wrong, with place and offset.
    pub fn parse<'a>(&self, body: &'a [u8]) -> Result<Parsed<'a>, ParseError> {
        crate::parse::parse(self, body)
    }

    /// What can be read of a message that [`Dialect::parse`] refuses: every field up to where the length of one is unknown, left out
    /// those whose content is wrong. `None` where type or bitmap cannot be read. A message that is out of step holds content under
    /// other fields' names, so what is sensitive may stand anywhere in it.
    #[must_use]
    pub fn parse_prefix<'a>(&self, body: &'a [u8]) -> Option<Parsed<'a>> {
        crate::parse::salvage(self, body)
    }

    /// Builds a message (without its frame) from field values, in ascending order of fields, and appends it to `out`. Field 1 follows
    /// from the others and is not given. Without an allocation where `out` has room.
    ///
    /// # Errors
    /// The first field that cannot hold its value; `out` is then as it was.
    pub fn build(&self, mti: u16, fields: &[(FieldNumber, Value<'_>)], out: &mut BytesMut) -> Result<(), BuildError> {
        crate::build::build(self, mti, fields, out)
    }

    /// How a field's characters are divided; `None` where the dialect does not say.
    #[must_use]
    pub fn subfields(&self, number: FieldNumber) -> Option<&Subfields> {
        self.subfields.get(&number)
    }

    #[inline(always)]
    pub(crate) fn spec(&self, number: FieldNumber) -> Option<&Spec> {
        self.specs.get(usize::from(number))?.as_ref()
    }
}

impl fmt::Debug for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialect").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_dialect_reads_and_has_all_fields() {
        for (name, text) in BUILTIN {
            let dialect = Dialect::from_toml(text).unwrap();
            assert_eq!(dialect.name(), name);
            assert!(Dialect::builtin_names().contains(&name) && Dialect::builtin(name).is_some());
            assert_eq!((2..=128).find(|number| dialect.spec(*number).is_none()), None);
            assert_eq!((dialect.field_name(37), dialect.field_name(1)), (Some("Retrieval reference number"), None));
        }
        assert!(Dialect::builtin("iso2003").is_none());
    }

    /// Changes one text of a built-in description and tells what is said about it.
    fn error_after(change: &str, into: &str) -> String {
        let text = BUILTIN[0].1;
        assert!(text.contains(change), "{change}");
        Dialect::from_toml(&text.replacen(change, into, 1)).unwrap_err().to_string()
    }

    #[test]
    fn the_wrong_file_is_not_in_the_log_as_a_whole() {
        let error = Dialect::from_toml("[journal]\nkey = \"0412AC89ABCDEF67\"\n").unwrap_err();
        assert!(format!("{error:?}").contains("line 1") && !format!("{error:?}").contains("0412AC89"), "{error:?}");
    }

    #[test]
    fn a_mistake_in_a_description_is_told_with_its_line() {
        let error = error_after("\"n 12\"", "\"m 12\"");
        assert!(
            error.contains("TOML parse error at line") && error.contains("`m 12` is no format") && error.contains('^'),
            "{error}"
        );
        let error = error_after("bitmap = \"hex\"", "bitmap = \"hexa\"");
        assert!(error.contains("hexa") && error.contains("`raw` or `hex`"), "{error}");
        let error = error_after("bitmap = ", "bitmp = ");
        assert!(error.contains("unknown field `bitmp`") && error.contains('^'), "{error}");
        let error = error_after("\n2 = ", "\n1 = ");
        assert!(error.contains("fields are 2 to 128") && error.contains("line"), "{error}");
        let error = error_after("\n3 = ", "\n2 = ");
        assert!(error.contains("duplicate key"), "{error}");
        let error = error_after("\"n 6\"", "\"n 6\", encoding = \"hex\"");
        assert!(error.contains("field 3: only class b") && error.starts_with("line "), "{error}");
        let error = error_after("\"n 6\"", "\"n 6\", length = \"bcd\"");
        assert!(error.contains("field 3: a fixed length"), "{error}");
    }
}
