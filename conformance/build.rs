//! Builds the specification's chapters and the vectors and the recorded transcripts into the program.

use std::{
    env, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?).join("..");
    let out = PathBuf::from(env::var("OUT_DIR").map_err(io::Error::other)?);
    let chapters = files(&root.join("spec"), ".md")?;
    table(
        &out.join("chapters.rs"),
        "CHAPTERS: &[(&str, &str)]",
        "include_str!",
        &root.join("spec"),
        &chapters,
    )?;
    let recorded = files(&root.join("vectors/recorded"), ".json.gz")?;
    table(
        &out.join("recorded.rs"),
        "RECORDED: &[(&str, &[u8])]",
        "include_bytes!",
        &root.join("vectors/recorded"),
        &recorded,
    )?;
    let vectors: Vec<_> = files(&root.join("vectors"), ".json")?
        .into_iter()
        .filter(|file| file.parent().is_some_and(|folder| folder.ends_with("vectors")))
        .collect();
    table(
        &out.join("vectors.rs"),
        "VECTORS: &[(&str, &[u8])]",
        "include_bytes!",
        &root.join("vectors"),
        &vectors,
    )?;
    openapi(&root.join("spec/openapi.yaml"), &out.join("openapi.json"))?;
    let mut source = String::new();
    for (name, file) in
        [("MATRIX", "kill-matrix.json"), ("SERVER_MATRIX", "server-kill-matrix.json")]
    {
        let matrix = root.join("conformance").join(file);
        println!("cargo::rerun-if-changed={}", matrix.display());
        let text = if matrix.exists() {
            format!("include_str!({:?})", matrix.display().to_string())
        } else {
            "\"{}\"".into()
        };
        source.push_str(&format!("const {name}: &str = {text};\n"));
    }
    fs::write(out.join("kill_matrix.rs"), source)
}

/// Turns the description of the HTTP interface into JSON.
fn openapi(from: &Path, to: &Path) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", from.display());
    let document: serde_json::Value =
        yaml_serde::from_str(&fs::read_to_string(from)?).map_err(io::Error::other)?;
    fs::write(to, document.to_string())
}

/// Writes `const NAME: TYPE = &[("relative/path", include!("absolute/path")), …];`.
fn table(
    to: &Path,
    declaration: &str,
    include: &str,
    base: &Path,
    files: &[PathBuf],
) -> io::Result<()> {
    let mut source = fs::File::create(to)?;
    writeln!(source, "const {declaration} = &[")?;
    for file in files {
        let name = file.strip_prefix(base).map_err(io::Error::other)?;
        writeln!(
            source,
            "    ({:?}, {include}({:?})),",
            name.display().to_string(),
            file.display().to_string()
        )?;
    }
    writeln!(source, "];")
}

/// All files under a folder whose name ends so, sorted; the build runs again when one of the folders changes.
fn files(folder: &Path, end: &str) -> io::Result<Vec<PathBuf>> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path, end)?);
        } else if path.to_string_lossy().ends_with(end) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
