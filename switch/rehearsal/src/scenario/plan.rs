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
        let over = with_treasury(self.switch.as_ref().map(|over| over.value.clone()).unwrap_or_default());
        let wrong = |error: ConfigError| self.unfit(&error);
        let plan = Config::embedded_with(&self.path, &over).map_err(wrong)?.check(&self.path).map_err(wrong)?;
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

/// The shipped configuration pays nobody. Here the treasury of the cast may pay, and whoever else is written there instead; the
/// registry is the scenario's own, and no file.
fn with_treasury(mut over: toml::Table) -> toml::Table {
    const TREASURY: &str = "registry = \"none\"\npayer = [{ id = \"MEF\", institution = \"116900\", bank = \"acleda\", \
        accounts = { KHR = \"001900000116\", USD = \"001900000840\" } }]";
    let treasury: toml::Table = toml::from_str(TREASURY).unwrap_or_default();
    let payroll = over.entry("payroll").or_insert_with(|| toml::Value::Table(toml::Table::new()));
    if let toml::Value::Table(payroll) = payroll {
        for (key, value) in treasury {
            payroll.entry(key).or_insert(value);
        }
    }
    over
}
