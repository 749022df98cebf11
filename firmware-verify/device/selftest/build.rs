//! Turns the files of `tests/vectors` into a table of constants, which lie in flash, and gives the linker its script.
//!
//! Every fault in a file ends the build. With the feature `naive` one vector of each group is turned into its opposite.

#[path = "build/ed25519.rs"]
mod ed25519;
#[path = "build/source.rs"]
mod source;
#[path = "build/statements.rs"]
mod statements;
#[path = "build/trees.rs"]
mod trees;

use std::{env, error::Error, fs, path::PathBuf};

/// The folder of the vectors, from this one.
const VECTORS: &str = "../../../tests/vectors";
/// The machine that stands for each target.
const MACHINES: [(&str, &str); 3] = [
    ("thumbv6m-none-eabi", "microbit"),
    ("thumbv7em-none-eabihf", "mps2-an386"),
    ("thumbv8m.main-none-eabihf", "mps2-an505"),
];

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let target = env::var("TARGET")?;
    let machine = MACHINES.iter().find(|(name, _)| *name == target);
    let (_, machine) = machine.ok_or(format!("no machine for {target}"))?;
    println!("cargo:rustc-env=MACHINE={machine}");
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    println!("cargo:rustc-link-search={}", out.display());
    println!("cargo:rerun-if-changed=machines");
    println!("cargo:rerun-if-changed={VECTORS}");
    fs::copy(format!("machines/{machine}.x"), out.join("memory.x"))?;

    let mut tables = String::new();
    ed25519::write(&mut tables)?;
    statements::write(&mut tables)?;
    trees::write(&mut tables)?;
    fs::write(out.join("tables.rs"), tables)?;
    Ok(())
}
