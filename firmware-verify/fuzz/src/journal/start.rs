//! What a bootloader starts. An image that something is known of must lie in its slot.

use latch_verify::{
    boot::{Bootloader, Choice, Start},
    image::{TreeHasher, leaf_hash},
    ledger::Image,
    limits::MAX_RECORD,
};

use crate::device::Hardware;

/// Chooses what to start, if the journal can be read.
///
/// # Panics
/// When what is chosen is not what its slot holds, or the start of a trial was not noted.
pub(super) fn choose(hardware: &Hardware) -> Option<Choice> {
    let mut buffer = [0; MAX_RECORD];
    let mut loader = Bootloader::read(hardware.journal.clone(), &mut buffer).ok()?;
    let known = *loader.images();
    let choice = loader.start(&mut hardware.slots.clone(), &mut buffer);
    match choice.start {
        Start::Confirmed(image) | Start::Fallback(image) => {
            assert!(
                image.from_factory() || holds(hardware, &image),
                "starts what is not whole: {image:?}"
            );
        }
        Start::Trial(image) => {
            assert!(
                holds(hardware, &image),
                "tries what is not whole: {image:?}"
            );
            let again = Bootloader::read(hardware.journal.clone(), &mut buffer);
            let after = again.map(|loader| *loader.images());
            assert_ne!(after.ok(), Some(known), "a start that was not noted");
        }
        Start::Recovery => {}
    }
    Some(choice)
}

/// Whether a slot holds an image, without the verifier's reading of slots.
fn holds(hardware: &Hardware, image: &Image) -> bool {
    let Some(chip) = hardware.slots.get(usize::from(image.slot)) else {
        return false;
    };
    let chip = chip.probe();
    let Some(bytes) = chip.contents().get(..image.size as usize) else {
        return false;
    };
    let mut tree = TreeHasher::default();
    for page in bytes.chunks(1 << image.page_size_log2) {
        tree.push(leaf_hash(page)).expect("few pages");
    }
    tree.finish() == image.merkle_root
}
