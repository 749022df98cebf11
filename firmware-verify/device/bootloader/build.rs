//! Gives the linker its script.

use std::{env, fs, path::PathBuf};

fn main() {
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    println!("cargo:rerun-if-changed=memory.x");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("Cargo sets OUT_DIR"));
    fs::copy("memory.x", out.join("memory.x")).expect("the linker script is copied");
    println!("cargo:rustc-link-search={}", out.display());
}
