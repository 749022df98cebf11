//! Appending to the journal and the ledger as one step.

use core::ops::DerefMut;

use super::{Clock as _, Counter as _, Device, Memory, Platform};
use crate::{
    journal::{Address, JournalError, MAX_FRAME},
    ledger::{MAX_ROOT, RECORD, Record, said_in, write_snapshot},
    limits::{JOURNAL_TAIL, MAX_RECEIPT_BODY, MAX_RECORD, TRIAL_BOOTS},
    reject::{Reason, ensure},
    wire::write,
};

/// Room for the outcome of whatever is begun, framed, so that one is never cut off from the
/// other by a rotation.
const OUTCOME: usize = MAX_RECEIPT_BODY + 256;

/// Fields around the long one of a record; its frame is not in [`Journal::room`](crate::journal::Journal::room).
const AROUND: usize = 144;

/// Room for what a bootloader notes of a trial, which has no state to take a snapshot of.
const ATTEMPTS: usize = 3 * (MAX_FRAME + 1);

const _: () = assert!(
    TRIAL_BOOTS == 3,
    "a record for each start of an image on trial"
);
// The longest record is a root.
const _: () = assert!(
    JOURNAL_TAIL >= MAX_FRAME + OUTCOME + MAX_ROOT + AROUND + ATTEMPTS,
    "any record, its outcome and the starts of a trial fit behind a snapshot"
);

impl<
    P: Platform,
    const TWIN: usize,
    const USED: usize,
    const LATCHES: usize,
    const ISSUERS: usize,
    M,
> Device<P, TWIN, USED, M>
where
    M: DerefMut<Target = Memory<TWIN, USED, LATCHES, ISSUERS>>,
{
    /// Makes sure that a record with a body of about this length, and an outcome after it,
    /// fit the journal's sector, before they begin.
    ///
    /// # Errors
    /// [`Reason::StorageFault`], [`Reason::MemoryFault`].
    pub(super) fn make_room(&mut self, body: usize) -> Result<(), Reason> {
        let needed = (OUTCOME + AROUND + ATTEMPTS).saturating_add(body);
        if self.journal.needs_snapshot() || self.journal.room() < needed {
            self.rotate()
        } else {
            Ok(())
        }
    }

    /// Appends a record durably, then changes the ledger by it.
    ///
    /// # Errors
    /// [`Reason::StorageFault`]: the ledger has not changed. [`Reason::CounterFault`]: it has,
    /// and what was recorded opens nothing. [`Reason::MemoryFault`]: what was recorded, if anything, counts at the next boot.
    pub(super) fn append(&mut self, record: &Record<'_>) -> Result<(), Reason> {
        let said = said_in(record)?;
        let at = self.write(record)?;
        self.memory
            .ledger
            .change(|ledger| ledger.facts.apply(record, said.as_ref(), at))?;
        let floor_ms = self.memory.ledger.facts.time_floor_ms.get();
        self.memory.time.raise(floor_ms, self.clock.ticks_ms());
        self.note_amiss();
        self.raise_counter()
    }

    /// Appends a record durably.
    ///
    /// A write that fails is given up by a snapshot that does not contain it, and tried once
    /// more in the new sector.
    ///
    /// # Errors
    /// [`Reason::StorageFault`], [`Reason::MemoryFault`].
    #[inline(never)]
    pub(super) fn write(&mut self, record: &Record<'_>) -> Result<Address, Reason> {
        self.memory.ledger.whole()?;
        self.work.records = self.work.records.saturating_add(1);
        match self.try_write(record)? {
            Ok(at) => Ok(at),
            Err(_) => {
                self.rotate()?;
                self.try_write(record)?.map_err(|_| Reason::StorageFault)
            }
        }
    }

    // Apart from its caller, so that a rotation does not stand on top of the record.
    #[inline(never)]
    fn try_write(&mut self, record: &Record<'_>) -> Result<Result<Address, JournalError>, Reason> {
        let mut buffer = [0; MAX_RECORD];
        let len = write(record, &mut buffer).ok_or(Reason::LogicFault)?;
        let body = buffer.get(..len).ok_or(Reason::LogicFault)?;
        Ok(self.journal.append(RECORD, body))
    }

    /// Raises the hardware's counter to what the journal counts.
    ///
    /// # Errors
    /// [`Reason::CounterFault`], [`Reason::MemoryFault`].
    pub(super) fn raise_counter(&mut self) -> Result<(), Reason> {
        let anchor = self.memory.ledger.facts.anchor;
        if self.counted.is_none_or(|counted| counted >= anchor) {
            return Ok(());
        }
        // What it counts to is never taken back: a number that nothing was recorded for would shut the device for good.
        self.memory.ledger.whole()?;
        self.counter
            .raise(anchor)
            .map_err(|_| Reason::CounterFault)?;
        self.counted = Some(anchor);
        Ok(())
    }

    /// Writes the ledger into a fresh sector.
    ///
    /// # Errors
    /// [`Reason::StorageFault`], [`Reason::MemoryFault`]: the old sector stays in force.
    #[inline(never)]
    pub(super) fn rotate(&mut self) -> Result<(), Reason> {
        self.memory.ledger.whole()?;
        let ledger = &self.memory.ledger;
        let mut buffer = [0; MAX_RECORD];
        let mut moved = None;
        self.journal
            .rotate(|snapshot| {
                moved = Some(write_snapshot(ledger, &mut buffer, snapshot)?);
                // Once more, before it is in force: a sector's writing takes long.
                ensure(ledger.is_whole(), JournalError::Storage)
            })
            .map_err(|_: JournalError| Reason::StorageFault)?;
        let moved = moved.ok_or(Reason::LogicFault)?;
        self.memory.ledger.change(|ledger| {
            ledger.follow(&moved);
            Ok(())
        })
    }
}
