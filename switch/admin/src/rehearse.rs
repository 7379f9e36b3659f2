//! The bodies of `POST /faults` and `POST /clock`: what testers want of a switch.

use crate::Trouble;
use crate::given::Given;

/// A fault to be set. What its words mean is for the desk to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WantedFault {
    /// `delay`, `drop` …
    pub action: String,
    /// A bank's or acquirer's name.
    pub link: String,
    /// `in`, `out` or `both`.
    pub way: Option<String>,
    /// A message type.
    pub only: Option<String>,
    /// How many messages.
    pub times: Option<u32>,
    /// How long.
    pub by: Option<String>,
    /// Bytes a second.
    pub rate: Option<u32>,
    /// What a choice by chance depends on.
    pub seed: Option<u64>,
}

/// Where a clock that stands is to be moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MoveClock {
    /// That many milliseconds further.
    AdvanceMs(u64),
    /// To this moment, RFC 3339.
    To(String),
}

const FAULT_FIELDS: [&str; 8] = ["action", "link", "way", "only", "times", "by", "rate", "seed"];
const CLOCK_FIELDS: [&str; 2] = ["advance_ms", "to"];

impl WantedFault {
    /// Reads a body.
    ///
    /// # Errors
    /// [`Trouble::Unfit`] with the field at fault.
    pub fn read(body: &[u8]) -> Result<Self, Trouble> {
        let example = "{\"action\": \"delay\", \"link\": \"acleda\", \"way\": \"in\", \"only\": \"0210\", \"by\": \"26s\"}";
        let mut given = Given::read(body, "fault", &FAULT_FIELDS, example)?;
        Ok(Self {
            action: given.needed("action")?,
            link: given.needed("link")?,
            way: given.text("way")?,
            only: given.text("only")?,
            times: given.number("times")?,
            by: given.text("by")?,
            rate: given.number("rate")?,
            seed: given.number("seed")?,
        })
    }
}

impl MoveClock {
    /// Reads a body.
    ///
    /// # Errors
    /// [`Trouble::Unfit`] with the field at fault.
    pub fn read(body: &[u8]) -> Result<Self, Trouble> {
        let mut given = Given::read(body, "clock", &CLOCK_FIELDS, "{\"advance_ms\": 3600000}")?;
        match (given.number("advance_ms")?, given.text("to")?) {
            (Some(millis), None) => Ok(Self::AdvanceMs(millis)),
            (None, Some(to)) => Ok(Self::To(to)),
            (Some(_), Some(_)) => Err(Trouble::unfit("to", "means nothing beside advance_ms; leave one of them out")),
            (None, None) => Err(Trouble::unfit("advance_ms", "is missing, and so is to; one of them is needed")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field<T: std::fmt::Debug>(read: Result<T, Trouble>) -> String {
        match read {
            Err(Trouble::Unfit(problem)) => problem.field.unwrap_or_default(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_fault_is_read_with_what_belongs_to_it() {
        let read = |body: &str| WantedFault::read(body.as_bytes());
        let wanted = WantedFault { action: "drop".into(), link: "wing".into(), times: Some(2), ..WantedFault::default() };
        assert_eq!(read(r#"{"action": "drop", "link": "wing", "times": 2, "by": null}"#), Ok(wanted));
        for (body, wrong) in [
            ("drop", "body"),
            (r#"{"action": "drop", "link": "wing", "bank": "wing"}"#, "body"),
            (r#"{"link": "wing"}"#, "action"),
            (r#"{"action": "drop"}"#, "link"),
            (r#"{"action": "drop", "link": 7}"#, "link"),
            (r#"{"action": "drop", "link": "wing", "only": 210}"#, "only"),
            (r#"{"action": "drop", "link": "wing", "times": "2"}"#, "times"),
            (r#"{"action": "drop", "link": "wing", "times": 5000000000}"#, "times"),
            (r#"{"action": "drop", "link": "wing", "rate": -1}"#, "rate"),
            (r#"{"action": "drop", "link": "wing", "seed": 1.5}"#, "seed"),
        ] {
            assert_eq!(field(read(body)), wrong, "{body}");
        }
    }

    #[test]
    fn a_clock_is_told_one_thing() {
        let read = |body: &str| MoveClock::read(body.as_bytes());
        assert_eq!(read(r#"{"advance_ms": 5}"#), Ok(MoveClock::AdvanceMs(5)));
        assert_eq!(read(r#"{"to": "2023-01-15T09:00:00+07:00"}"#), Ok(MoveClock::To("2023-01-15T09:00:00+07:00".into())));
        for (body, wrong) in
            [("{}", "advance_ms"), (r#"{"advance_ms": -5}"#, "advance_ms"), (r#"{"advance_ms": 5, "to": "x"}"#, "to")]
        {
            assert_eq!(field(read(body)), wrong, "{body}");
        }
    }
}
