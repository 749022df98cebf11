//! The programs of the microcontroller.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use object::{Object as _, ObjectSegment as _};

/// The bootloader, for QEMU to load.
pub(crate) fn bootloader() -> PathBuf {
    folder().join("bootloader")
}

/// The application's image of this version: what a slot holds.
pub(crate) fn application(version: &str) -> Vec<u8> {
    let path = folder().join(format!("application-{version}"));
    let bytes = fs::read(&path).unwrap_or_else(|cause| panic!("{}: {cause}", path.display()));
    flat(&bytes)
}

/// A program as it lies in memory, from its first byte on.
fn flat(program: &[u8]) -> Vec<u8> {
    let file = object::File::parse(program).expect("an ELF file");
    let mut image = Vec::new();
    let mut start = None;
    // What is not in the file is cleared by the program itself.
    for segment in file.segments().filter(|segment| segment.file_range().1 > 0) {
        let start = *start.get_or_insert(segment.address());
        let at = usize::try_from(segment.address() - start).expect("segments in order");
        image.resize(at, 0xff);
        image.extend_from_slice(segment.data().expect("its bytes"));
    }
    assert!(!image.is_empty(), "a program has segments");
    image
}

/// Where `tests/device` has put the programs; it builds them from the tree as it is now.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let test = env::current_exe().expect("a running test has a path");
        // Cargo puts tests at <build folder>/<profile>/deps/<test>.
        let target = test
            .ancestors()
            .nth(3)
            .expect("a test lies three folders deep");
        let top = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .expect("tests/ has a parent folder");
        let built = Command::new(top.join("tests/device"))
            .env("CARGO_TARGET_DIR", target)
            .status()
            .expect("tests/device starts");
        assert!(
            built.success(),
            "the programs do not build: run ./tests/device to see why"
        );
        target.join("device/programs")
    })
}
