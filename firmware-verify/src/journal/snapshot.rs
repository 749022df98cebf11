//! Rotating: a snapshot into the next sector, which then takes over.

use embedded_storage::nor_flash::NorFlash;

use super::{
    Active, Address, Entry, Journal, MAX_BODY,
    error::JournalError,
    medium::Fault,
    record::{self, KINDS, Places, look_head},
    sector::{self, Head, HeadFinding, Layout},
};

/// The next sector while its snapshot is written.
pub struct Snapshot<'a, F, const CAPACITY: usize> {
    journal: &'a mut Journal<F, CAPACITY>,
    new: Active,
    /// The first failure of the flash: after it the sector cannot be sealed.
    failed: bool,
}

impl<F: NorFlash, const CAPACITY: usize> Snapshot<'_, F, CAPACITY> {
    /// Adds a record.
    ///
    /// # Errors
    /// [`JournalError::TooLong`], [`JournalError::Full`], [`JournalError::Storage`].
    pub fn put(&mut self, kind: u8, body: &[u8]) -> Result<Address, JournalError> {
        if !KINDS.contains(&kind) {
            return Err(JournalError::TooLong);
        }
        let at = self.place(body.len())?;
        let (sequence, count) = (self.new.sequence, self.new.count);
        let written = record::write(&mut self.journal.medium, at, sequence, count, kind, body);
        self.advance(at, body.len(), written)
    }

    /// Adds the record that lies at `from` in the sector before, checking it on the way.
    ///
    /// # Errors
    /// [`JournalError::NoRecord`], [`JournalError::Full`], [`JournalError::Storage`].
    pub fn copy(&mut self, from: Address) -> Result<Address, JournalError> {
        let (from, head) = self.journal.find(from)?;
        self.copy_record(from, &head)
    }

    /// Reads a record of the sector before, checking it again.
    ///
    /// # Errors
    /// As [`Journal::read`].
    pub fn read<'b>(
        &mut self,
        from: Address,
        buffer: &'b mut [u8],
    ) -> Result<Entry<'b>, JournalError> {
        self.journal.read(from, buffer)
    }

    /// Adds all records of the sector before that lie between two offsets.
    pub(super) fn copy_all(&mut self, start: usize, tail: usize) -> Result<(), JournalError> {
        let Some(old) = self.journal.active else {
            return Ok(());
        };
        let at = Journal::<F, CAPACITY>::start(old.sector);
        let mut next = start;
        while next < tail {
            let (_, head) = look_head(&mut self.journal.medium, at + next, old.sequence);
            let head = head.ok_or(JournalError::Storage)?;
            self.copy_record(at + next, &head)?;
            next += Places::of::<F>(head.length).end;
        }
        Ok(())
    }

    fn copy_record(&mut self, from: usize, head: &record::Head) -> Result<Address, JournalError> {
        let at = self.place(head.length)?;
        let (sequence, count) = (self.new.sequence, self.new.count);
        let medium = &mut self.journal.medium;
        let written = record::copy(medium, (from, head), at, sequence, count);
        self.advance(at, head.length, written)
    }

    fn place(&self, length: usize) -> Result<usize, JournalError> {
        if self.failed {
            return Err(JournalError::Storage);
        }
        if length > MAX_BODY {
            return Err(JournalError::TooLong);
        }
        self.new.place::<F, CAPACITY>(length)
    }

    fn advance(
        &mut self,
        at: usize,
        length: usize,
        written: Result<(), record::Failure>,
    ) -> Result<Address, JournalError> {
        if written.is_err() {
            self.failed = true;
            return Err(JournalError::Storage);
        }
        self.new.advance::<F>(length);
        Ok(Address::of(at)?)
    }
}

impl<F: NorFlash, const CAPACITY: usize> Journal<F, CAPACITY> {
    /// Lets the next sector take over, with the snapshot that `write` writes.
    ///
    /// When this returns `Ok` the new sector is durable and the old one is closed. When it
    /// fails the old one remains active, and trying again takes the sector after; a later mount may find either.
    /// Addresses of the old sector end with it.
    ///
    /// # Errors
    /// What `write` returns, then nothing has changed; [`JournalError::Storage`];
    /// [`JournalError::WornOut`].
    pub fn rotate(
        &mut self,
        write: impl FnOnce(&mut Snapshot<'_, F, CAPACITY>) -> Result<(), JournalError>,
    ) -> Result<(), JournalError> {
        if self.stuck {
            return Err(JournalError::Storage);
        }
        let sequence = self.highest.checked_add(1).ok_or(JournalError::WornOut)?;
        self.highest = sequence;
        let sector = self.next_sector();
        self.attempts = self.attempts.wrapping_add(1);

        let new = self.begin(sector, sequence)?;
        let mut snapshot = Snapshot {
            journal: self,
            new,
            failed: false,
        };
        write(&mut snapshot)?;
        let Snapshot { new, failed, .. } = snapshot;
        if failed {
            return Err(JournalError::Storage);
        }
        self.take_over(new)
    }

    /// Erases a sector and writes its head.
    fn begin(&mut self, sector: usize, sequence: u32) -> Result<Active, Fault> {
        let at = Self::start(sector);
        self.medium.erase(at, at + Self::SECTOR)?;
        let (previous, base) = self.active.map_or((0, 0), |old| (old.sequence, old.tail));
        Head {
            sequence,
            previous,
            base,
        }
        .write::<F, CAPACITY>(&mut self.medium, at)?;
        Ok(Active {
            sector,
            sequence,
            count: 0,
            tail: Layout::<F, CAPACITY>::RECORDS,
        })
    }

    fn take_over(&mut self, new: Active) -> Result<(), JournalError> {
        let at = Self::start(new.sector);
        // From here on a mount may choose the new sector, so the old one takes no more records.
        self.needs_snapshot = true;
        sector::write_seal::<F, CAPACITY>(&mut self.medium, at, new.tail, new.sequence)?;
        sector::accept::<F, CAPACITY>(&mut self.medium, at)?;

        if let Some(old) = self.active {
            // If this fails the sector still looks open, and is erased.
            let _ = sector::close::<F, CAPACITY>(&mut self.medium, Self::start(old.sector));
        }
        if self.retire_others(Some(new.sector)).is_err() {
            self.stuck = true;
            return Err(JournalError::Storage);
        }
        self.active = Some(new);
        self.attempts = 0;
        self.needs_snapshot = false;
        Ok(())
    }

    /// Erases what unfinished rotations left in other sectors: all that have a head and are not closed.
    /// Fails if one of them still looks as if it could take over.
    pub(super) fn retire_others(&mut self, active: Option<usize>) -> Result<(), Fault> {
        for sector in (0..self.sectors).filter(|sector| Some(*sector) != active) {
            let at = Self::start(sector);
            let look = sector::look::<F, CAPACITY>(&mut self.medium, at);
            if look.known().is_none() || look.is_closed() {
                continue;
            }
            if self.medium.erase(at, at + Self::SECTOR).is_err() {
                self.disarm(at)?;
            }
        }
        Ok(())
    }

    /// Makes sure that a sector which could not be erased cannot take over. Then it does no harm.
    fn disarm(&mut self, at: usize) -> Result<(), Fault> {
        let look = sector::look::<F, CAPACITY>(&mut self.medium, at);
        if look.head == HeadFinding::Unreadable {
            return Err(Fault);
        }
        if look.complete().is_none() || look.is_closed() {
            return Ok(());
        }
        sector::close::<F, CAPACITY>(&mut self.medium, at)
    }

    /// The sectors take turns; one that failed is skipped when the rotation is tried again.
    fn next_sector(&self) -> usize {
        match self.active {
            None => self.attempts % self.sectors,
            Some(old) => (old.sector + 1 + self.attempts % (self.sectors - 1)) % self.sectors,
        }
    }
}
