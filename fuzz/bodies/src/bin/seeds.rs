//! Writes the bytes and requests of `vectors/*.json` as seeds into `fuzz/seeds/TARGET`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

fn main() -> io::Result<()> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut seeds = Seeds { folder: fuzz.join("seeds"), count: 0 };
    for entry in fs::read_dir(fuzz.join("../vectors"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let file: Value = serde_json::from_str(&fs::read_to_string(&path)?)?;
            seeds.of(&file)?;
        }
    }
    Ok(())
}

struct Seeds {
    folder: PathBuf,
    count: u32,
}

impl Seeds {
    /// Every string of hex is bytes for the decoders; every list of requests is a text of lines.
    fn of(&mut self, value: &Value) -> io::Result<()> {
        match value {
            Value::String(text) if text.len() >= 16 => match hex::decode(text) {
                Ok(bytes) => ["decoders", "signatures"]
                    .iter()
                    .try_for_each(|target| self.write(target, &bytes)),
                Err(_) => Ok(()),
            },
            Value::Array(items) => {
                let lines: Vec<String> = items.iter().filter_map(request).collect();
                if !lines.is_empty() {
                    self.write("lines", lines.join("\n").as_bytes())?;
                }
                items.iter().try_for_each(|item| self.of(item))
            }
            Value::Object(members) => members.values().try_for_each(|member| self.of(member)),
            _ => Ok(()),
        }
    }

    fn write(&mut self, target: &str, bytes: &[u8]) -> io::Result<()> {
        let folder = self.folder.join(target);
        fs::create_dir_all(&folder)?;
        self.count += 1;
        fs::write(folder.join(format!("{:06}", self.count)), bytes)
    }
}

fn request(step: &Value) -> Option<String> {
    let (op, args) = (step.get("op")?, step.get("args")?);
    Some(json!({ "id": 1, "op": op, "args": args }).to_string())
}
