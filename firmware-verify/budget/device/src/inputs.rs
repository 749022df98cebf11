//! What the device is given, as `build.rs` made it.

macro_rules! input {
    ($file:literal) => {
        include_bytes!(concat!(env!("OUT_DIR"), "/", $file))
    };
}

/// The trust root: eight keys, four latches.
pub const ROOT: &[u8] = input!("root");
/// Its successor, which differs in its version.
pub const NEXT_ROOT: &[u8] = input!("next-root");
/// The device's enrolment.
pub const ENROLMENT: &[u8] = input!("enrolment");
/// A change of one property, signed by one operator.
pub const CODE: &[u8] = input!("code");
/// The operator's public key.
pub const CODE_KEY: &[u8; 32] = input!("code-key");
/// Such a code with one bit of its signature changed.
pub const FORGED: &[u8] = input!("forged");
/// The manifest of a release.
pub const MANIFEST: &[u8] = input!("manifest");
/// A code that asks to install it.
pub const INSTALL: &[u8] = input!("install");

/// The manifest of a release whose image fills a slot of 256 KiB.
pub const LARGE_MANIFEST: &[u8] = input!("large-manifest");
/// A code that asks to install it.
pub const LARGE_INSTALL: &[u8] = input!("large-install");

/// Its pages.
#[must_use]
pub fn large_pages() -> Messages {
    Messages(input!("large-pages"))
}

/// Codes with patches of 0.9 KB, until the journal's sector is full and beyond.
#[must_use]
pub fn long_codes() -> Messages {
    Messages(input!("long-codes"))
}

/// The pages of the release's image.
#[must_use]
pub fn pages() -> Messages {
    Messages(input!("pages"))
}

/// Messages one after the other, each behind its length in two bytes.
#[derive(Clone, Copy, Debug)]
pub struct Messages(&'static [u8]);

impl Iterator for Messages {
    type Item = &'static [u8];

    fn next(&mut self) -> Option<Self::Item> {
        let (length, rest) = self.0.split_first_chunk()?;
        let (message, rest) = rest.split_at_checked(u16::from_le_bytes(*length).into())?;
        self.0 = rest;
        Some(message)
    }
}
