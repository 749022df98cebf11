//! The ledger written as the beginning of a fresh journal sector.

use embedded_storage::nor_flash::NorFlash;

use super::{
    record::{BURNED_TABLE, FLOOR_TABLE, OPEN_TABLE, RECORD, Record},
    state::{Facts, Firmware, Ledger},
};
use crate::{
    journal::{Address, JournalError, Snapshot},
    limits::MAX_RECORD,
    twin::Bytes,
    types::Digest,
    verdict::Identity,
    wire::{Item, Run, RunWriter, encode},
};

/// Writes every record that the ledger is made of, and moves its addresses along.
///
/// What RAM does not hold, the root's envelope and the last receipts, is copied from the
/// old sector and stands first; the state that follows contains what the receipts changed.
///
/// # Errors
/// As [`Snapshot::put`] and [`Snapshot::copy`]. The ledger's addresses are then those of a
/// sector that was not committed, so the device must stop using it.
pub(crate) fn write_snapshot<
    F: NorFlash,
    const CAPACITY: usize,
    const TWIN: usize,
    const USED: usize,
>(
    ledger: &mut Ledger<TWIN, USED>,
    snapshot: &mut Snapshot<'_, F, CAPACITY>,
) -> Result<(), JournalError> {
    let who = Record::Identity {
        identity: ledger.identity.clone(),
        device_key: ledger.device_key,
    };
    put(snapshot, &who)?;
    ledger.root_at = snapshot.copy(ledger.root_at)?;
    for recent in ledger.facts.recent.iter_mut() {
        recent.at = snapshot.copy(recent.at)?;
    }
    write_facts(&ledger.facts, snapshot)
}

/// What a device is provisioned with.
pub(crate) struct First<'a> {
    pub(crate) identity: Identity,
    pub(crate) device_key: Digest,
    /// The envelope of the first trust root.
    pub(crate) root: &'a [u8],
    pub(crate) firmware: Firmware,
    pub(crate) root_version: u32,
    /// What the hardware's counter stands at.
    pub(crate) anchor: u64,
}

/// Writes the first snapshot of a device's life.
///
/// # Errors
/// As [`Snapshot::put`].
pub(crate) fn write_first<F: NorFlash, const CAPACITY: usize>(
    first: First<'_>,
    snapshot: &mut Snapshot<'_, F, CAPACITY>,
) -> Result<(), JournalError> {
    let First {
        identity,
        device_key,
        root,
        firmware,
        root_version,
        anchor,
    } = first;
    put(
        snapshot,
        &Record::Identity {
            identity,
            device_key,
        },
    )?;
    put(snapshot, &Record::Root(Bytes(root)))?;
    write_facts(
        // Nothing of it depends on the sizes yet.
        &Facts::<0, 1> {
            firmware,
            root_told: root_version,
            anchor,
            ..Facts::default()
        },
        snapshot,
    )
}

fn write_facts<F: NorFlash, const CAPACITY: usize, const TWIN: usize, const USED: usize>(
    facts: &Facts<TWIN, USED>,
    snapshot: &mut Snapshot<'_, F, CAPACITY>,
) -> Result<(), JournalError> {
    let Facts {
        boot,
        time_floor_ms,
        chain,
        locked_down,
        root_told,
        anchor,
        ..
    } = *facts;
    put(
        snapshot,
        &Record::Counters {
            boot,
            time_floor_ms,
            chain,
            locked_down,
            root_told,
            anchor,
        },
    )?;
    put(
        snapshot,
        &Record::Twin {
            version: facts.twin.version,
            document: facts.twin.entries(),
        },
    )?;
    let mut table = [0; BURNED_TABLE];
    put(
        snapshot,
        &Record::Burned(run(facts.replay.burned(), &mut table)?),
    )?;
    let mut table = [0; FLOOR_TABLE];
    put(
        snapshot,
        &Record::Floors(run(facts.replay.floors(), &mut table)?),
    )?;
    let mut table = [0; OPEN_TABLE];
    put(snapshot, &Record::Open(run(facts.open.iter(), &mut table)?))?;
    put(snapshot, &Record::Firmware(facts.firmware))?;
    if let Some(install) = &facts.install {
        let record = Record::Install {
            pending: install.pending,
            image: install.image,
            not_after_ms: install.not_after_ms,
            epoch: install.epoch,
            answered: install.answered,
            phase: install.phase,
            stopped: install.stopped,
            manifest: Bytes(&install.manifest),
        };
        put(snapshot, &record)?;
    }
    facts
        .pending
        .map_or(Ok(()), |pending| put(snapshot, &Record::Pending(pending)))
}

fn run<'b, 'i, T: Item<'b> + 'i>(
    items: impl Iterator<Item = &'i T>,
    table: &'b mut [u8],
) -> Result<Run<'b, T>, JournalError> {
    let mut writer = RunWriter::new(table);
    for item in items {
        writer.push(item).map_err(|_| JournalError::TooLong)?;
    }
    Ok(Run::from_bytes(writer.finish()))
}

fn put<F: NorFlash, const CAPACITY: usize>(
    snapshot: &mut Snapshot<'_, F, CAPACITY>,
    record: &Record<'_>,
) -> Result<(), JournalError> {
    let mut scratch = [0; MAX_RECORD];
    let body = encode(record, &mut scratch).map_err(|_| JournalError::TooLong)?;
    let _at: Address = snapshot.put(RECORD, body)?;
    Ok(())
}
