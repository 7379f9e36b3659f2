//! A dialect by its name or its file, wherever one is named: in the configuration and on the command line.

use std::path::Path;
use std::sync::Arc;

use wire::Dialect;

/// The built-in dialect of this name, or the one in this `.toml` file.
///
/// # Errors
/// What is wrong and what is known, in words.
pub fn dialect(name: &str) -> Result<Arc<Dialect>, String> {
    if let Some(dialect) = Dialect::builtin(name) {
        return Ok(dialect);
    }
    if Path::new(name).extension().is_none_or(|extension| extension != "toml") {
        let known = Dialect::builtin_names().join(", ");
        return Err(format!("no dialect is called {name:?}; known: {known}, or the path of a .toml file"));
    }
    let text = std::fs::read_to_string(name).map_err(|error| format!("{name}: {error}"))?;
    Dialect::from_toml(&text).map(Arc::new).map_err(|error| format!("{name}: {error}"))
}
