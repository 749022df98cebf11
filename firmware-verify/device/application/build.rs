//! Gives the linker its script.

use std::{env, fs, path::PathBuf};

fn main() {
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    println!("cargo:rerun-if-changed=memory.x");
    // The version of this build, which it says where nothing else does.
    println!("cargo:rerun-if-env-changed=LATCH_VERSION");
    let version = env::var("LATCH_VERSION").unwrap_or_else(|_| "1.0.0".to_owned());
    println!("cargo:rustc-env=LATCH_VERSION={version}");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("Cargo sets OUT_DIR"));
    fs::copy("memory.x", out.join("memory.x")).expect("the linker script is copied");
    println!("cargo:rustc-link-search={}", out.display());
}
