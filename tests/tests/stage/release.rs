//! An image and its release.

use super::{Operator, PRODUCT};

/// Pages of the releases, in bytes: four of them share an erase block of the agent's storage.
const PAGE: usize = 1024;

/// An image and its release, as files of the operator.
pub(crate) struct Release {
    pub(crate) image: Vec<u8>,
    pub(crate) image_file: String,
    pub(crate) file: String,
}

impl Release {
    /// Builds one of so many pages.
    pub(crate) fn build(operator: &Operator, version: &str, pages: usize) -> Self {
        let seed = version.bytes().map(usize::from).sum::<usize>();
        let byte = |place: usize| {
            u8::try_from((place / PAGE * 7 + place + seed) % 251).expect("below 251")
        };
        let image: Vec<u8> = (0..pages * PAGE).map(byte).collect();
        let (image_file, file) = (format!("{version}.bin"), format!("{version}.latch"));
        operator.write(&image_file, &image);
        let build = [
            "release",
            "build",
            &image_file,
            "--version",
            version,
            "--product",
            PRODUCT,
            "--page-size",
            "1k",
            "--out",
            &file,
        ];
        operator.run(build).ok();
        Self {
            image,
            image_file,
            file,
        }
    }

    /// The arguments that name it to `latch install` and `latch serve`.
    pub(crate) fn arguments(&self) -> [&str; 4] {
        ["--release", &self.file, "--image", &self.image_file]
    }
}
