//! The programs of the microcontroller.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use object::{
    Endianness,
    elf::{FileHeader32, PT_LOAD},
    read::elf::{FileHeader as _, ProgramHeader as _},
};

/// The bootloader, for QEMU to load.
pub(crate) fn bootloader() -> PathBuf {
    folder().join("bootloader")
}

/// What the application is written in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Language {
    Rust,
    C,
}

impl Language {
    /// The application's image of this version: what a slot holds.
    pub(crate) fn application(self, version: &str) -> Vec<u8> {
        let name = match self {
            Self::Rust => format!("application-{version}"),
            Self::C => format!("application-c-{version}"),
        };
        let path = folder().join(name);
        let bytes = fs::read(&path).unwrap_or_else(|cause| panic!("{}: {cause}", path.display()));
        flat(&bytes)
    }
}

/// The image of the application in Rust.
pub(crate) fn application(version: &str) -> Vec<u8> {
    Language::Rust.application(version)
}

/// A program as it is stored, from its first byte on: initial values lie behind the code, from where the program copies them.
fn flat(program: &[u8]) -> Vec<u8> {
    let file = FileHeader32::<Endianness>::parse(program).expect("an ELF file");
    let endian = file.endian().expect("an ELF file");
    let mut image = Vec::new();
    let mut start = None;
    for segment in file.program_headers(endian, program).expect("segments") {
        // What is not in the file is cleared by the program itself.
        if segment.p_type(endian) != PT_LOAD || segment.p_filesz(endian) == 0 {
            continue;
        }
        let address = segment.p_paddr(endian);
        let start = *start.get_or_insert(address);
        let at = usize::try_from(address - start).expect("segments in order");
        image.resize(at, 0xff);
        image.extend_from_slice(segment.data(endian, program).expect("its bytes"));
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
