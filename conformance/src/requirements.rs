//! The numbered requirements, read from the chapters of the specification that are built into this program.

use std::{collections::BTreeMap, sync::OnceLock};

use sha2::{Digest as _, Sha256};

use crate::case::Profile;

include!(concat!(env!("OUT_DIR"), "/chapters.rs"));

/// How binding a requirement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// MUST, MUST NOT.
    Must,
    /// SHOULD, SHOULD NOT.
    Should,
    /// MAY.
    May,
}

impl Level {
    /// The key word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
            Self::May => "MAY",
        }
    }
}

/// One numbered sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// For instance `RATCHET-16`.
    pub id: String,
    /// The chapter's file name without `.md`.
    pub chapter: String,
    /// The strongest key word in the sentence.
    pub level: Level,
    /// The first noun: who has to do it, for instance `receiver`.
    pub role: String,
    /// What the tag after the id narrows it to: a profile (`compatible`, `strict`) or a suite.
    pub tag: Option<String>,
    /// The sentence without its id, on one line.
    pub text: String,
    /// Line of the chapter, from 1.
    pub line: usize,
}

impl Requirement {
    /// What it binds as a whole: the chapters of `spec/server/` are about servers.
    #[must_use]
    pub fn profile(&self) -> Profile {
        if self.chapter.starts_with("server/") { Profile::Server } else { Profile::Library }
    }

    /// SHA-256 of tag and sentence with white space and emphasis normalised, as hex.
    #[must_use]
    pub fn text_hash(&self) -> String {
        let plain = format!("{} {}", self.tag.as_deref().unwrap_or_default(), self.text)
            .replace(['`', '*', '_'], "");
        let words = plain.split_whitespace().collect::<Vec<_>>().join(" ");
        hex::encode(Sha256::digest(words.as_bytes()))
    }
}

/// A defect of a chapter's numbering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defect {
    /// `file:line`.
    pub at: String,
    /// What is wrong.
    pub what: String,
}

/// All requirements by id, and what is wrong with the numbering.
#[derive(Clone, Debug, Default)]
pub struct Requirements {
    /// In the order of the chapters.
    pub all: Vec<Requirement>,
    /// Duplicate ids and sentences with a key word but no id.
    pub defects: Vec<Defect>,
    by_id: BTreeMap<String, usize>,
}

impl Requirements {
    /// The requirements of the specification that this program was built with.
    #[must_use]
    pub fn built_in() -> &'static Self {
        static BUILT_IN: OnceLock<Requirements> = OnceLock::new();
        BUILT_IN.get_or_init(|| Self::read(CHAPTERS))
    }

    /// Reads chapters: file name and text.
    #[must_use]
    pub fn read(chapters: &[(&str, &str)]) -> Self {
        let mut found = Self::default();
        for (file, text) in chapters {
            found.read_chapter(file, text);
        }
        found
    }

    /// The requirement with this id.
    #[must_use]
    pub fn with_id(&self, id: &str) -> Option<&Requirement> {
        self.by_id.get(id).and_then(|at| self.all.get(*at))
    }

    /// Whether there are chapters about this profile.
    #[must_use]
    pub fn are_about(&self, profile: Profile) -> bool {
        self.all.iter().any(|requirement| requirement.profile() == profile)
    }

    fn read_chapter(&mut self, file: &str, text: &str) {
        let chapter = file.trim_end_matches(".md");
        for paragraph in paragraphs(text) {
            let starts: Vec<_> = paragraph.text.match_indices("**[").map(|(at, _)| at).collect();
            if starts.is_empty() {
                self.unnumbered(file, &paragraph);
            }
            for (n, start) in starts.iter().enumerate() {
                let end = starts.get(n + 1).copied().unwrap_or(paragraph.text.len());
                let numbered = paragraph.text.get(*start..end).unwrap_or_default();
                self.add(file, chapter, numbered, paragraph.line);
            }
        }
    }

    fn add(&mut self, file: &str, chapter: &str, numbered: &str, line: usize) {
        let at = format!("spec/{file}:{line}");
        let Some((id, text)) = numbered.strip_prefix("**[").and_then(|rest| rest.split_once("]**"))
        else {
            self.defects.push(Defect {
                at,
                what: "a requirement must be written **[ID]** sentence".into(),
            });
            return;
        };
        let (tag, text) = split_tag(text.trim());
        let Some(level) = level(text) else {
            self.defects.push(Defect { at, what: format!("{id} has no MUST, SHOULD or MAY") });
            return;
        };
        if self.by_id.insert(id.to_owned(), self.all.len()).is_some() {
            self.defects.push(Defect { at, what: format!("{id} is given twice") });
        }
        let role = text.split_whitespace().nth(1).unwrap_or_default().to_lowercase();
        let (id, chapter, text) = (id.to_owned(), chapter.to_owned(), text.to_owned());
        self.all.push(Requirement {
            id,
            chapter,
            level,
            role,
            tag: tag.map(str::to_owned),
            text,
            line,
        });
    }

    fn unnumbered(&mut self, file: &str, paragraph: &Paragraph) {
        let quoted =
            paragraph.text.starts_with(['|', '>']) || file == "README.md" || file == "rationale.md";
        if !quoted && level(&paragraph.text).is_some() {
            let at = format!("spec/{file}:{}", paragraph.line);
            self.defects
                .push(Defect { at, what: "a sentence with MUST, SHOULD or MAY has no id".into() });
        }
    }
}

struct Paragraph {
    text: String,
    line: usize,
}

/// Paragraphs outside code fences, joined to one line each. Headings, table rows and list items stand alone.
fn paragraphs(text: &str) -> Vec<Paragraph> {
    let mut found: Vec<Paragraph> = Vec::new();
    let mut fenced = false;
    let mut open = false;
    for (number, line) in text.lines().enumerate() {
        let trimmed = line.trim();
        if trimmed.starts_with("```") {
            fenced = !fenced;
            open = false;
            continue;
        }
        if fenced || trimmed.is_empty() {
            open = false;
            continue;
        }
        let alone = trimmed.starts_with(['#', '|'])
            || trimmed.starts_with("* ")
            || trimmed.starts_with("- ");
        match found.last_mut().filter(|_| open && !alone) {
            Some(paragraph) => {
                paragraph.text.push(' ');
                paragraph.text.push_str(trimmed);
            }
            None => found.push(Paragraph { text: trimmed.to_owned(), line: number + 1 }),
        }
        open = !trimmed.starts_with(['#', '|']);
    }
    found
}

fn level(text: &str) -> Option<Level> {
    let words: Vec<_> = text.split(|c: char| !c.is_ascii_alphabetic()).collect();
    [Level::Must, Level::Should, Level::May].into_iter().find(|level| words.contains(&level.word()))
}

/// `*(strict)* A decoder …` → `strict`, `A decoder …`.
fn split_tag(text: &str) -> (Option<&str>, &str) {
    match text.strip_prefix("*(").and_then(|rest| rest.split_once(")*")) {
        Some((tag, sentence)) => (Some(tag), sentence.trim_start()),
        None => (None, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_found_with_level_role_and_line() {
        let chapter = "# Ratchet\n\n**[R-1]** A receiver MUST refuse\nthis.\n\n**[R-2]** *(strict)* A sender SHOULD NOT do that.\n";
        let read = Requirements::read(&[("r.md", chapter)]);
        assert_eq!(read.defects, []);
        let first = read.with_id("R-1").unwrap();
        assert_eq!((first.level, first.role.as_str(), first.line), (Level::Must, "receiver", 3));
        assert_eq!(first.text, "A receiver MUST refuse this.");
        let second = read.with_id("R-2").unwrap();
        assert_eq!((second.level, second.tag.as_deref()), (Level::Should, Some("strict")));
    }

    #[test]
    fn duplicates_and_unnumbered_sentences_are_defects() {
        let chapter =
            "**[R-1]** A MUST b.\n\n**[R-1]** A MUST c.\n\nA MUST d.\n\n```\nA MUST e.\n```\n";
        let defects: Vec<_> = Requirements::read(&[("r.md", chapter)])
            .defects
            .into_iter()
            .map(|defect| defect.at)
            .collect();
        assert_eq!(defects, ["spec/r.md:3", "spec/r.md:5"]);
    }

    #[test]
    fn the_hash_ignores_emphasis_and_line_breaks() {
        let hash =
            |text: &str| Requirements::read(&[("r.md", text)]).all.first().unwrap().text_hash();
        assert_eq!(hash("**[R-1]** A MUST refuse `x`."), hash("**[R-1]** A MUST\nrefuse x."));
        assert_ne!(hash("**[R-1]** A MUST refuse x."), hash("**[R-1]** A MUST accept x."));
    }
}
