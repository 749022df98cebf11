//! How far an installation has come, as the relay needs to know it.

use latch_verify::{
    Reason,
    device::{Device, PagesWanted, Platform},
    ledger::{Image, InstallPhase},
    limits::MAX_RECEIPT_ENVELOPE,
    statement::{Outcome, Receipt},
    types::{Digest, StatementId},
    wire::{Envelope, Kind},
};

/// How far an installation has come.
pub(super) enum Stage {
    /// There is none, or nothing that is left to do about it before the next boot.
    Nothing,
    /// Pages are wanted.
    Receiving(PagesWanted),
    /// All pages are durable.
    Received(StatementId),
    /// The new image is on trial, with so many boots left, this one among them.
    Trial(Image, u8),
}

pub(super) fn stage<P: Platform>(device: &Device<P>) -> Stage {
    let Some((phase, image)) = device.install_phase().zip(device.installing()) else {
        return Stage::Nothing;
    };
    match phase {
        InstallPhase::Receiving { .. } => device.wanted().map_or(Stage::Nothing, Stage::Receiving),
        InstallPhase::Received => Stage::Received(image.manifest),
        // A boot makes a trial of it.
        InstallPhase::Armed => Stage::Nothing,
        InstallPhase::Trial { boots_left, .. } => Stage::Trial(image, boots_left.saturating_add(1)),
    }
}

/// The Merkle root of the image that is being received.
pub(super) fn root_wanted<P: Platform>(device: &Device<P>) -> Option<Digest> {
    device.wanted()?;
    device.installing().map(|image| image.merkle_root)
}

/// Why the last installation was given up, if it ended so and nothing about one came after.
///
/// Its hook may have been cut off: whoever starts sees to it that the image which the device
/// went back to runs.
pub(super) fn last_reverted<P: Platform>(device: &mut Device<P>) -> Option<u16> {
    let recent = &device.facts().recent;
    let numbers: Vec<u64> = recent.iter().map(|recent| recent.number).collect();
    for number in numbers.into_iter().rev() {
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        let receipt = device.receipt_numbered(number, &mut out).ok()?;
        match read_receipt(receipt)?.outcome {
            Outcome::InstallReverted { reason } => return Some(reason),
            Outcome::InstallStarted | Outcome::InstallConfirmed => return None,
            _ => {}
        }
    }
    None
}

/// Reads a receipt that the device itself has made.
pub(super) fn read_receipt(bytes: &[u8]) -> Option<Receipt> {
    let envelope = Envelope::parse(Kind::Receipt, bytes).ok()?;
    envelope.read().ok()
}

/// Whether a refusal says that the device itself is at fault.
pub(super) fn is_fault(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::StorageFault
            | Reason::KeyFault
            | Reason::NoEntropy
            | Reason::CounterFault
            | Reason::LogicFault
            | Reason::MemoryFault
    )
}
