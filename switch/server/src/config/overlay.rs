//! A few keys laid over the shipped configuration, for whoever needs another switch in one place only.

use std::path::Path;

use serde::Deserialize;
use toml::{Table, Value};

use super::{Config, ConfigError, DEFAULT};

/// Lists whose entries are told apart by their `name`; all others are replaced whole.
const NAMED: [&str; 2] = ["bank", "acquirer"];

impl Config {
    /// The built-in configuration with `over` laid over it: tables key by key, `[[bank]]` and `[[acquirer]]` by their `name`, one that
    /// has a new name is added, any other list replaces the built-in one. `path` names where `over` stands.
    ///
    /// # Errors
    /// Where what comes of it is no configuration. Values are looked at by [`Config::check`], as they always are.
    pub fn embedded_with(path: &Path, over: &Table) -> Result<Self, ConfigError> {
        let failed = |source| ConfigError::Text { path: path.into(), source: Box::new(source) };
        let mut whole: Table = toml::from_str(DEFAULT).map_err(failed)?;
        lay(&mut whole, over);
        Self::deserialize(whole).map_err(failed)
    }
}

fn lay(under: &mut Table, over: &Table) {
    for (key, value) in over {
        match (under.get_mut(key), value) {
            (Some(Value::Table(under)), Value::Table(over)) => lay(under, over),
            (Some(Value::Array(under)), Value::Array(over)) if NAMED.contains(&key.as_str()) => lay_named(under, over),
            _ => {
                under.insert(key.clone(), value.clone());
            }
        }
    }
}

fn lay_named(under: &mut Vec<Value>, over: &[Value]) {
    let name = |value: &Value| value.get("name").and_then(Value::as_str).map(str::to_owned);
    for value in over {
        let known = under.iter_mut().find(|it| name(it).is_some() && name(it) == name(value));
        match (known.and_then(Value::as_table_mut), value) {
            (Some(under), Value::Table(over)) => lay(under, over),
            _ => under.push(value.clone()),
        }
    }
}
