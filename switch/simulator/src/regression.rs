//! Seeds under which something once went wrong, kept as files (`fixtures/seeds/*.toml`) that a test runs for ever.

use std::path::{Path, PathBuf};

use serde::Deserialize;

/// One such file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Regression {
    /// The seed.
    pub seed: u64,
    /// With how many transactions it is run.
    pub transactions: u32,
    /// What went wrong, and what was done about it.
    pub why: String,
    /// Not mended yet: it is kept to be looked at, and may fail.
    #[serde(default)]
    pub open: bool,
}

/// Why a regression cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RegressionError {
    /// The file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is no regression.
    #[error("{path}: {source}")]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<toml::de::Error>,
    },
}

impl Regression {
    /// All in a folder, by name of file.
    ///
    /// # Errors
    /// Where the folder or a file in it cannot be used.
    pub fn all(folder: &Path) -> Result<Vec<(PathBuf, Self)>, RegressionError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| RegressionError::File { path, source }
        };
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(failed(folder))? {
            let path = entry.map_err(failed(folder))?.path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                let text = std::fs::read_to_string(&path).map_err(failed(&path))?;
                let read = toml::from_str(&text);
                let read = read.map_err(|source| RegressionError::Form { path: path.clone(), source: Box::new(source) })?;
                found.push((path, read));
            }
        }
        found.sort_by(|one, other| one.0.cmp(&other.0));
        Ok(found)
    }

    /// Writes it to `<folder>/<seed>-<transactions>.toml`.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn save(&self, folder: &Path) -> Result<PathBuf, RegressionError> {
        let path = folder.join(format!("{}-{}.toml", self.seed, self.transactions));
        let why = self.why.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " ");
        let text = format!("seed = {}\ntransactions = {}\nwhy = \"{why}\"\nopen = {}\n", self.seed, self.transactions, self.open);
        let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, text));
        written.map_err(|source| RegressionError::File { path: path.clone(), source })?;
        Ok(path)
    }
}
