//! Text with `{{…}}` in it: variables, what was captured, and fields of messages by the name of their step.

/// Text whose holes are filled while the scenario is played.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

/// A piece of a [`Template`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// As it is.
    Text(String),
    /// `{{name}}`: of `[vars]`, or captured.
    Name(String),
    /// `{{step.field}}`: a field of the message that a step sent, or that answered an expectation.
    Field {
        /// The step's name.
        step: String,
        /// The field's.
        field: String,
    },
}

impl Template {
    /// Reads it.
    ///
    /// # Errors
    /// What is wrong with its braces.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some((before, after)) = rest.split_once("{{") {
            let (name, after) =
                after.split_once("}}").ok_or_else(|| "`{{` without its `}}`; write {{name}} or {{step.field}}".to_owned())?;
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            parts.push(hole(name.trim())?);
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self { parts })
    }

    /// Text without holes.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        Self { parts: vec![Part::Text(text.into())] }
    }

    /// Its pieces in order.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Its text where it has no holes.
    #[must_use]
    pub fn as_plain(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Its text, each hole filled by `fill`.
    ///
    /// # Errors
    /// What `fill` says of a hole that it cannot fill.
    pub fn fill<E>(&self, mut fill: impl FnMut(&Part) -> Result<String, E>) -> Result<String, E> {
        self.parts.iter().try_fold(String::new(), |all, part| {
            Ok(match part {
                Part::Text(text) => all + text,
                Part::Name(_) | Part::Field { .. } => all + &fill(part)?,
            })
        })
    }
}

/// Whether something can be called so: any script, without blanks, dots and braces.
pub(super) fn is_word(word: &str) -> bool {
    !word.is_empty() && !word.contains(|it: char| it.is_whitespace() || matches!(it, '.' | '{' | '}'))
}

fn hole(name: &str) -> Result<Part, String> {
    match name.split_once('.') {
        None if is_word(name) => Ok(Part::Name(name.to_owned())),
        Some((step, field)) if is_word(step) && is_word(field) => {
            Ok(Part::Field { step: step.to_owned(), field: field.to_owned() })
        }
        _ => Err(format!("{{{{{name}}}}} names nothing; write {{{{name}}}} or {{{{step.field}}}}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_filled_and_all_else_stays() {
        let template = Template::parse("{{amount}} of {{cash.rrn}}, {one}").unwrap();
        let fill = |part: &Part| match part {
            Part::Name(name) => Ok(format!("<{name}>")),
            Part::Field { step, field } => Ok(format!("<{step}/{field}>")),
            Part::Text(_) => Err("text is no hole"),
        };
        assert_eq!(template.fill(fill).unwrap(), "<amount> of <cash/rrn>, {one}");
        assert_eq!(template.as_plain(), None);
        assert_eq!(Template::parse("plain").unwrap().as_plain(), Some("plain"));
    }

    #[test]
    fn a_name_is_in_any_script() {
        let khmer = Template::parse("{{ឈ្មោះ}}").unwrap();
        assert!(matches!(khmer.parts(), [Part::Name(name)] if name == "ឈ្មោះ"));
    }

    #[test]
    fn braces_that_name_nothing_are_refused() {
        for text in ["{{a", "{{}}", "{{a.b.c}}", "{{a b}}", "{{.rrn}}", "{{{a}}}"] {
            assert!(Template::parse(text).is_err(), "{text}");
        }
    }
}
