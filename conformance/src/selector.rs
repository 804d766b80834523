//! Selectors: which cases `--run`, `--skip` and the expectations file mean.
//!
//! `ratchet/limits/forward-25000`, `ratchet/*/forward-25000`, `ratchet/**`, `req:RATCHET-*`, `cap:sender-key-v3/1`,
//! `severity:security`, `kind:vector`, `@file` (one selector a line, `#` comments). In a path `*` stands for one whole
//! component and `**` for any number.

use std::fs;

use crate::{case::Case, verdict::level_of};

/// One selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    text: String,
    rule: Rule,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    Path(Vec<String>),
    Requirement(String),
    Capability(String),
    Severity(String),
    Kind(String),
    Level(String),
}

impl Selector {
    /// Reads selectors as the command line gives them: several in one word are separated by commas, `@file` is read.
    ///
    /// # Errors
    /// What is wrong with a selector, for the user.
    pub fn parse_all(words: &[String]) -> Result<Vec<Self>, String> {
        let mut found = Vec::new();
        for word in words
            .iter()
            .flat_map(|word| word.split(','))
            .map(str::trim)
            .filter(|word| !word.is_empty())
        {
            match word.strip_prefix('@') {
                None => found.push(Self::parse(word)?),
                Some(file) => {
                    let text = fs::read_to_string(file)
                        .map_err(|error| format!("cannot read the selectors in {file}: {error}"))?;
                    let lines =
                        text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
                    for line in lines.filter(|line| !line.is_empty()) {
                        found.push(Self::parse(line)?);
                    }
                }
            }
        }
        Ok(found)
    }

    /// Reads one selector.
    ///
    /// # Errors
    /// What is wrong with it, for the user.
    pub fn parse(text: &str) -> Result<Self, String> {
        let rule = match text.split_once(':') {
            Some(("req", id)) => Rule::Requirement(id.to_owned()),
            Some(("cap", capability)) => Rule::Capability(capability.to_owned()),
            Some(("severity", word)) => Rule::Severity(word.to_owned()),
            Some(("kind", word)) => Rule::Kind(word.to_owned()),
            Some(("level", word)) => Rule::Level(word.to_uppercase()),
            Some((other, _)) => {
                return Err(format!(
                    "unknown selector {other}: in \"{text}\"; known are req:, cap:, severity:, kind:, level:"
                ));
            }
            None => Rule::Path(text.split('/').map(str::to_owned).collect()),
        };
        if let Rule::Path(components) = &rule {
            let partial = |component: &&String| {
                component.contains('*') && !matches!(component.as_str(), "*" | "**")
            };
            if let Some(component) = components.iter().find(partial) {
                return Err(format!(
                    "in the selector \"{text}\" the component \"{component}\" must be *, ** or a whole name"
                ));
            }
        }
        Ok(Self { text: text.to_owned(), rule })
    }

    /// Whether it means this case.
    #[must_use]
    pub fn matches(&self, case: &Case) -> bool {
        match &self.rule {
            Rule::Path(components) => {
                let pattern: Vec<_> = components.iter().map(String::as_str).collect();
                let id: Vec<_> = case.id.split('/').collect();
                path_matches(&pattern, &id)
            }
            Rule::Requirement(id) => case.reqs.iter().any(|req| glob(id, req)),
            Rule::Capability(capability) => case.needs.iter().any(|need| glob(capability, need)),
            Rule::Severity(word) => case.severity.word() == word,
            Rule::Kind(word) => format!("{:?}", case.kind).eq_ignore_ascii_case(word),
            Rule::Level(word) => case.reqs.iter().any(|req| level_of(req).word() == word),
        }
    }
}

/// Keeps the cases that some `run` selector means (all when there is none) and says which of them `skip` leaves out.
///
/// # Errors
/// A selector that means no case at all, for the user.
pub fn select(
    cases: &[&'static Case],
    run: &[Selector],
    skip: &[Selector],
) -> Result<Vec<(&'static Case, bool)>, String> {
    for selector in run.iter().chain(skip) {
        if !cases.iter().any(|case| selector.matches(case)) {
            return Err(format!(
                "the selector \"{}\" means no case; see conformance list",
                selector.text
            ));
        }
    }
    let wanted =
        |case: &&&'static Case| run.is_empty() || run.iter().any(|selector| selector.matches(case));
    let skipped = |case: &'static Case| skip.iter().any(|selector| selector.matches(case));
    Ok(cases.iter().filter(wanted).map(|case| (*case, skipped(case))).collect())
}

fn path_matches(pattern: &[&str], id: &[&str]) -> bool {
    match (pattern.split_first(), id.split_first()) {
        (None, None) => true,
        (Some((&"**", rest)), _) => {
            path_matches(rest, id)
                || id.split_first().is_some_and(|(_, tail)| path_matches(pattern, tail))
        }
        (Some((first, rest)), Some((component, tail))) => {
            (*first == "*" || first == component) && path_matches(rest, tail)
        }
        _ => false,
    }
}

/// `RATCHET-*`: one star stands for any run of characters.
fn glob(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, end)) => {
            text.len() >= start.len() + end.len() && text.starts_with(start) && text.ends_with(end)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{Body, Kind, Severity};

    const CASE: Case = Case {
        id: "ratchet/limits/forward-25000",
        reqs: &["RATCHET-16"],
        needs: &["signal-v3/1"],
        severity: Severity::Robustness,
        kind: Kind::Live,
        body: Body::Library(|_| Ok(())),
    };

    fn means(selector: &str) -> bool {
        Selector::parse(selector).unwrap().matches(&CASE)
    }

    #[test]
    fn paths_match_by_whole_components() {
        assert!(means("ratchet/limits/forward-25000"));
        assert!(
            means("ratchet/*/forward-25000")
                && means("ratchet/**")
                && means("**")
                && means("**/forward-25000")
        );
        assert!(
            !means("ratchet")
                && !means("ratchet/limits")
                && !means("ratchet/*")
                && !means("limits/**")
        );
        assert!(Selector::parse("ratchet/limits/forward-*").is_err());
    }

    #[test]
    fn the_other_kinds_match() {
        assert!(means("req:RATCHET-16") && means("req:RATCHET-*") && !means("req:RATCHET-1"));
        assert!(
            means("cap:signal-v3/1")
                && means("severity:robustness")
                && means("kind:live")
                && means("level:must")
        );
        assert!(Selector::parse("colour:red").is_err());
    }

    #[test]
    fn a_selector_that_means_nothing_is_an_error() {
        static CASES: [&Case; 1] = [&CASE];
        let selector = |text| vec![Selector::parse(text).unwrap()];
        assert!(select(&CASES, &selector("groups/**"), &[]).is_err());
        assert_eq!(select(&CASES, &[], &selector("ratchet/**")).unwrap().len(), 1);
    }
}
