//! Where settings come from: a file, the environment, flags.

use std::path::PathBuf;

use toml::{Table, Value};

use super::Config;

/// Begins the name of every environment variable that is a setting.
const PREFIX: &str = "COUNTERSIGN_SERVER_";

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {0}")]
    File(PathBuf, #[source] std::io::Error),
    /// The file is no TOML.
    #[error("{0} is not TOML")]
    Toml(PathBuf, #[source] Box<toml::de::Error>),
    /// A setting that does not exist, or a value of the wrong kind.
    #[error("the settings are not as they have to be")]
    Setting(#[source] Box<toml::de::Error>),
    /// The name of a setting goes through another setting.
    #[error("{0} is not the name of a setting")]
    Name(String),
    /// Settings that do not fit each other.
    #[error("{0}")]
    Contradiction(String),
}

/// All sources beside the defaults.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// A TOML file.
    pub file: Option<PathBuf>,
    /// Names and values: `COUNTERSIGN_SERVER_LIMITS__WINDOW=32` is `limits.window = 32`.
    pub environment: Vec<(String, String)>,
    /// Names and values: `limits.window` and `32`.
    pub flags: Vec<(String, String)>,
}

impl Sources {
    /// Puts the sources over each other and checks the whole.
    ///
    /// # Errors
    /// [`ConfigError`]: nothing unknown is passed over.
    pub fn read(&self) -> Result<Config, ConfigError> {
        let mut settings = match &self.file {
            None => Table::new(),
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|cause| ConfigError::File(path.clone(), cause))?;
                text.parse().map_err(|cause| ConfigError::Toml(path.clone(), Box::new(cause)))?
            }
        };
        for (name, value) in &self.environment {
            if let Some(name) = name.strip_prefix(PREFIX) {
                put(&mut settings, &name.to_ascii_lowercase().replace("__", "."), value)?;
            }
        }
        for (name, value) in &self.flags {
            put(&mut settings, name, value)?;
        }
        let config: Config =
            settings.try_into().map_err(|cause| ConfigError::Setting(Box::new(cause)))?;
        config.check()?;
        Ok(config)
    }
}

/// Sets one value, by its dotted name. What is not a TOML value is a text.
fn put(settings: &mut Table, name: &str, value: &str) -> Result<(), ConfigError> {
    let (tables, last) = name.rsplit_once('.').map_or((None, name), |(a, b)| (Some(a), b));
    let mut table = settings;
    for part in tables.into_iter().flat_map(|tables| tables.split('.')) {
        let inner = table.entry(part).or_insert_with(|| Value::Table(Table::new()));
        table = inner.as_table_mut().ok_or_else(|| ConfigError::Name(name.to_owned()))?;
    }
    let parsed = format!("value = {value}").parse::<Table>().ok();
    let parsed = parsed.and_then(|mut table| table.remove("value"));
    table.insert(last.to_owned(), parsed.unwrap_or_else(|| Value::String(value.to_owned())));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn later_sources_win() {
        let file = std::env::temp_dir().join(format!("countersign-{}.toml", std::process::id()));
        std::fs::write(&file, "limits.window = 1\nlimits.low_water = 1\nlog.filter = 'warn'")
            .unwrap();
        let sources = Sources {
            file: Some(file.clone()),
            environment: pairs(&[
                ("COUNTERSIGN_SERVER_LIMITS__WINDOW", "2"),
                ("COUNTERSIGN_SERVER_LIMITS__LOW_WATER", "2"),
                ("HOME", "elsewhere"),
            ]),
            flags: pairs(&[("limits.window", "3"), ("database", "/tmp/a.db")]),
        };
        let config = sources.read().unwrap();
        std::fs::remove_file(file).unwrap();
        assert_eq!((config.limits.window, config.limits.low_water), (3, 2));
        assert_eq!(config.log.filter, "warn");
        assert_eq!(config.database, PathBuf::from("/tmp/a.db"));
    }

    #[test]
    fn a_mistyped_name_is_refused_from_every_source() {
        let environment = pairs(&[("COUNTERSIGN_SERVER_LIMITS__WINDOWS", "2")]);
        assert!(Sources { environment, ..Sources::default() }.read().is_err());
        let flags = pairs(&[("listen.port", "2")]);
        assert!(Sources { flags, ..Sources::default() }.read().is_err());
    }
}
