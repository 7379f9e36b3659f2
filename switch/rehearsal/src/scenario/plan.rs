//! The configuration of a scenario's own switch: the shipped one with `[switch]` laid over it, judged as the switch does it.
//!
//! Knows: where in the file a mistake stands. Does not know: what the configuration means (`server::config`).

use server::config::Plan;
use server::{Config, ConfigError};

use super::{Error, Scenario, Span};

impl Scenario {
    /// Reads and checks the configuration of its switch.
    ///
    /// # Errors
    /// Where the switch would refuse it, or it says what is said on the command line.
    pub fn plan(&self) -> Result<Plan, Error> {
        let none = toml::Table::new();
        let over = self.switch.as_ref().map_or(&none, |over| &over.value);
        let wrong = |error: ConfigError| self.unfit(&error);
        let plan = Config::embedded_with(&self.path, over).map_err(wrong)?.check(&self.path).map_err(wrong)?;
        if plan.cast.is_some() || plan.bulk_per_bank > 0 || plan.accounts.is_some() {
            let problem = "the cast is named on the command line, --cast FILE; leave cast out";
            return Err(Error::at(&self.path, &self.source, &self.switch_at(Some("cast")), problem, ""));
        }
        Ok(plan)
    }

    fn unfit(&self, error: &ConfigError) -> Error {
        let (key, problem) = match error {
            ConfigError::File { source, .. } => (None, source.to_string()),
            ConfigError::Text { source, .. } => (source.message().split('`').nth(1), source.message().trim().to_owned()),
            ConfigError::Value { place, problem, .. } => (place.rsplit(['.', ' ']).next(), format!("{place}: {problem}")),
        };
        Error::at(&self.path, &self.source, &self.switch_at(key), problem, "")
    }

    /// Where this key first stands behind `[switch]`; `[switch]` itself where it does not.
    fn switch_at(&self, key: Option<&str>) -> Span {
        let whole = self.switch.as_ref().map_or(0..0, |it| it.span.clone());
        let is_part = |it: char| it.is_alphanumeric() || matches!(it, '_' | '-');
        let found = key.filter(|key| !key.is_empty()).and_then(|key| {
            let behind = self.source.get(whole.start..)?;
            let stands = |(at, _): &(usize, &str)| {
                let before = behind.get(..*at).and_then(|it| it.chars().next_back());
                let after = behind.get(at + key.len()..).and_then(|it| it.chars().next());
                !before.is_some_and(is_part) && !after.is_some_and(is_part)
            };
            let (at, _) = behind.match_indices(key).find(stands)?;
            Some(whole.start + at..whole.start + at + key.len())
        });
        found.unwrap_or(whole)
    }
}
