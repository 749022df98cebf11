//! Which image to start: a pure function of the journal, for a bootloader that never handles a
//! code.
//!
//! A [`Bootloader`] reads the journal that the device writes, looks at the images that it may
//! start, and notes the start of an image on trial before it happens: one that hangs is out of
//! boots as soon as one that crashes. It repairs what a power cut has left, as any mount does, and
//! writes nothing else.
//!
//! | found | started |
//! |---|---|
//! | an image on trial with a boot left, and its slot holds it | the image on trial |
//! | otherwise: the confirmed image's slot holds it | the confirmed image |
//! | otherwise: there is a fallback, not below the security floor, and its slot holds it | the fallback |
//! | otherwise, or a journal that cannot be read | the recovery program |
//!
//! Nothing that is unknown, torn or unreadable is started. A recovery program that handles no code brings the confirmed image
//! back by a [`Restoration`].

mod choice;
mod loader;
mod restore;

pub use choice::{Choice, Start, Started, choose};
pub use loader::{BootFault, Bootloader};
pub use restore::Restoration;
