//! The table of known-bad servers: what each does wrong, and which requirement that breaks.

use std::sync::OnceLock;

use serde::Deserialize;

const TABLE: &str = include_str!("../../server-known-bad.toml");

/// One known-bad server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownBad {
    /// Its name: the requirement's id and a few words.
    pub name: String,
    /// The requirement it breaks.
    pub requirement: String,
    /// What it does, in one sentence.
    pub sentence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    server: Vec<KnownBad>,
}

/// All of them, in the order of the specification.
#[must_use]
pub fn all() -> &'static [KnownBad] {
    static ALL: OnceLock<Vec<KnownBad>> = OnceLock::new();
    ALL.get_or_init(|| {
        toml::from_str(TABLE).map_or_else(|_| Vec::new(), |table: Table| table.server)
    })
}

/// The one with this name.
#[must_use]
pub fn with_name(name: &str) -> Option<&'static KnownBad> {
    all().iter().find(|server| server.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_begin_with_the_requirement() {
        assert!(all().len() > 100);
        let names: BTreeSet<_> = all().iter().map(|server| &server.name).collect();
        assert_eq!(names.len(), all().len());
        for server in all() {
            assert!(
                server.name.starts_with(&format!("{}-", server.requirement.to_lowercase())),
                "{}",
                server.name
            );
        }
    }
}
