//! The ledger written as the beginning of a fresh journal sector.

use embedded_storage::nor_flash::NorFlash;
use heapless::Vec;

use super::{
    bounds::{BURNED_TABLE, COMPONENT_TABLE, FLOOR_TABLE, NEED_TABLE, OPEN_TABLE},
    kept::envelope_in,
    needs::Table,
    record::{RECORD, Record},
    state::{Facts, Install, Ledger},
};
use crate::{
    journal::{Address, JournalError, Snapshot},
    limits::MAX_OUTCOMES,
    twin::Bytes,
    verdict::Components,
    wire::{Item, Kind, Run, RunWriter, encode},
};

/// Where the records lie that were copied.
pub(crate) struct Moved {
    root_at: Address,
    components: Table,
    install_at: Address,
    recent: Vec<Address, MAX_OUTCOMES>,
}

impl<const TWIN: usize, const USED: usize, const LATCHES: usize, const ISSUERS: usize>
    Ledger<TWIN, USED, LATCHES, ISSUERS>
{
    /// Follows its records into the sector that has taken over.
    pub(crate) fn follow(&mut self, moved: &Moved) {
        self.root.at = moved.root_at;
        if let Some(install) = &mut self.facts.install {
            install.manifest_at = moved.install_at;
        }
        self.facts.recent.follow(&moved.recent);
        self.facts.components.are_in(moved.components);
    }
}

/// Writes every record that the ledger is made of. `scratch` holds one record.
///
/// What RAM does not hold comes from the old sector: the root's envelope, the last receipts, a manifest, and what components need.
/// Root and receipts stand first; the state that follows contains what the receipts changed.
///
/// # Errors
/// As [`Snapshot::put`] and [`Snapshot::copy`].
pub(crate) fn write_snapshot<
    F: NorFlash,
    const CAPACITY: usize,
    const TWIN: usize,
    const USED: usize,
    const LATCHES: usize,
    const ISSUERS: usize,
>(
    ledger: &Ledger<TWIN, USED, LATCHES, ISSUERS>,
    scratch: &mut [u8],
    snapshot: &mut Snapshot<'_, F, CAPACITY>,
) -> Result<Moved, JournalError> {
    put_identity(ledger, scratch, snapshot)?;
    let mut moved = Moved {
        root_at: snapshot.copy(ledger.root.at)?,
        components: Table::NOWHERE,
        install_at: Address::NOWHERE,
        recent: Vec::new(),
    };
    for recent in ledger.facts.recent.iter() {
        let at = snapshot.copy(recent.at)?;
        moved.recent.push(at).map_err(|_| JournalError::TooLong)?;
    }
    moved.components = write_facts(&ledger.facts, scratch, snapshot)?;
    if let Some(install) = &ledger.facts.install {
        moved.install_at = put_install(install, scratch, snapshot)?;
    }
    Ok(moved)
}

/// Writes the first snapshot of a device's life: a ledger whose root, in this envelope, lies in
/// no journal yet.
///
/// # Errors
/// As [`Snapshot::put`].
pub(crate) fn write_first<
    F: NorFlash,
    const CAPACITY: usize,
    const TWIN: usize,
    const USED: usize,
    const LATCHES: usize,
    const ISSUERS: usize,
>(
    ledger: &Ledger<TWIN, USED, LATCHES, ISSUERS>,
    root: &[u8],
    scratch: &mut [u8],
    snapshot: &mut Snapshot<'_, F, CAPACITY>,
) -> Result<(), JournalError> {
    put_identity(ledger, scratch, snapshot)?;
    put(snapshot, scratch, &Record::Root(Bytes(root)))?;
    write_facts(&ledger.facts, scratch, snapshot).map(drop)
}

fn put_identity<
    F: NorFlash,
    const CAPACITY: usize,
    const TWIN: usize,
    const USED: usize,
    const LATCHES: usize,
    const ISSUERS: usize,
>(
    ledger: &Ledger<TWIN, USED, LATCHES, ISSUERS>,
    scratch: &mut [u8],
    snapshot: &mut Snapshot<'_, F, CAPACITY>,
) -> Result<(), JournalError> {
    let who = Record::Identity {
        identity: ledger.identity.clone(),
        device_key: ledger.device_key,
    };
    put(snapshot, scratch, &who).map(drop)
}

/// Says where the components and their needs lie.
fn write_facts<
    F: NorFlash,
    const CAPACITY: usize,
    const TWIN: usize,
    const USED: usize,
    const LATCHES: usize,
    const ISSUERS: usize,
>(
    facts: &Facts<TWIN, USED, LATCHES, ISSUERS>,
    scratch: &mut [u8],
    snapshot: &mut Snapshot<'_, F, CAPACITY>,
) -> Result<Table, JournalError> {
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
        scratch,
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
        scratch,
        &Record::Twin {
            version: facts.twin.version,
            document: facts.twin.entries(),
        },
    )?;
    put_burned(facts, scratch, snapshot)?;
    put_floors(facts, scratch, snapshot)?;
    put_open(facts, scratch, snapshot)?;
    put(snapshot, scratch, &Record::Firmware(facts.firmware))?;
    let components = put_components(facts, scratch, snapshot)?;
    if let Some(pending) = facts.pending {
        put(snapshot, scratch, &Record::Pending(pending))?;
    }
    Ok(components)
}

/// Says how an installation stands, with the manifest out of the record before.
#[inline(never)]
fn put_install<F: NorFlash, const CAPACITY: usize>(
    install: &Install,
    scratch: &mut [u8],
    snapshot: &mut Snapshot<'_, F, CAPACITY>,
) -> Result<Address, JournalError> {
    let half = scratch.len() / 2;
    let (before, scratch) = scratch
        .split_at_mut_checked(half)
        .ok_or(JournalError::TooLong)?;
    let before = snapshot.read(install.manifest_at, before)?;
    let manifest = envelope_in(Kind::Manifest, before.body).map_err(|_| JournalError::NoRecord)?;
    let record = Record::Install {
        pending: install.pending,
        image: install.image,
        not_after_ms: install.not_after_ms,
        epoch: install.epoch,
        answered: install.answered,
        phase: install.phase,
        stopped: install.stopped,
        manifest: Bytes(manifest),
    };
    put(snapshot, scratch, &record)
}

// Each table in a frame of its own, so that the stack never holds two of them.

#[inline(never)]
fn put_burned<
    F: NorFlash,
    const CAPACITY: usize,
    const TWIN: usize,
    const USED: usize,
    const LATCHES: usize,
    const ISSUERS: usize,
>(
    facts: &Facts<TWIN, USED, LATCHES, ISSUERS>,
    scratch: &mut [u8],
    snapshot: &mut Snapshot<'_, F, CAPACITY>,
) -> Result<(), JournalError> {
    let mut table = [0; BURNED_TABLE];
    let run = run(facts.replay.burned(), &mut table)?;
    put(snapshot, scratch, &Record::Burned(run)).map(drop)
}

#[inline(never)]
fn put_floors<
    F: NorFlash,
    const CAPACITY: usize,
    const TWIN: usize,
    const USED: usize,
    const LATCHES: usize,
    const ISSUERS: usize,
>(
    facts: &Facts<TWIN, USED, LATCHES, ISSUERS>,
    scratch: &mut [u8],
    snapshot: &mut Snapshot<'_, F, CAPACITY>,
) -> Result<(), JournalError> {
    let mut table = [0; FLOOR_TABLE];
    let run = run(facts.replay.floors(), &mut table)?;
    put(snapshot, scratch, &Record::Floors(run)).map(drop)
}

#[inline(never)]
fn put_open<
    F: NorFlash,
    const CAPACITY: usize,
    const TWIN: usize,
    const USED: usize,
    const LATCHES: usize,
    const ISSUERS: usize,
>(
    facts: &Facts<TWIN, USED, LATCHES, ISSUERS>,
    scratch: &mut [u8],
    snapshot: &mut Snapshot<'_, F, CAPACITY>,
) -> Result<(), JournalError> {
    let mut table = [0; OPEN_TABLE];
    let run = run(facts.open.iter(), &mut table)?;
    put(snapshot, scratch, &Record::Open(run)).map(drop)
}

#[inline(never)]
fn put_components<
    F: NorFlash,
    const CAPACITY: usize,
    const TWIN: usize,
    const USED: usize,
    const LATCHES: usize,
    const ISSUERS: usize,
>(
    facts: &Facts<TWIN, USED, LATCHES, ISSUERS>,
    scratch: &mut [u8],
    snapshot: &mut Snapshot<'_, F, CAPACITY>,
) -> Result<Table, JournalError> {
    let components = facts
        .components
        .read_or_refuse(scratch, &mut |at, buffer| snapshot.read(at, buffer));
    let components = components.map_err(|_| JournalError::Storage)?;
    if components == Components::new() {
        return Ok(Table::NOWHERE);
    }
    let (mut others, mut needs) = ([0; COMPONENT_TABLE], [0; NEED_TABLE]);
    let record = Record::Components {
        others: run(components.iter().copied(), &mut others)?,
        needs: run(components.needs(), &mut needs)?,
    };
    let at = put(snapshot, scratch, &record)?;
    Ok(Table::of(at, components.needs()))
}

fn run<'b, T: Item<'b>>(
    items: impl Iterator<Item = T>,
    table: &'b mut [u8],
) -> Result<Run<'b, T>, JournalError> {
    let mut writer = RunWriter::new(table);
    for item in items {
        writer.push(&item).map_err(|_| JournalError::TooLong)?;
    }
    Ok(Run::from_bytes(writer.finish()))
}

fn put<F: NorFlash, const CAPACITY: usize>(
    snapshot: &mut Snapshot<'_, F, CAPACITY>,
    scratch: &mut [u8],
    record: &Record<'_>,
) -> Result<Address, JournalError> {
    let body = encode(record, scratch).map_err(|_| JournalError::TooLong)?;
    snapshot.put(RECORD, body)
}
