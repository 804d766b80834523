//! Turns the description of the interface into the JSON that the server shows.

use std::{env, error::Error, fs, path::PathBuf};

const SOURCE: &str = "../spec/openapi.yaml";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={SOURCE}");
    let document: serde_json::Value = yaml_serde::from_str(&fs::read_to_string(SOURCE)?)?;
    let target = PathBuf::from(env::var_os("OUT_DIR").ok_or("no OUT_DIR")?).join("openapi.json");
    fs::write(target, serde_json::to_vec(&document)?)?;
    Ok(())
}
