//! Links the monitor where the device's program never reaches.

fn main() {
    println!("cargo:rerun-if-changed=monitor.x");
    println!("cargo:rerun-if-changed=src/monitor.s");
    let folder = env!("CARGO_MANIFEST_DIR");
    println!("cargo:rustc-link-arg-bins=-T{folder}/monitor.x");
}
