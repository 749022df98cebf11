//! What a journal should hold, and a script of changes to it.

use std::vec::Vec;

use embedded_storage::nor_flash::NorFlash;

use crate::journal::{Address, Entry, Journal, JournalError, MAX_BODY, MountError};

/// Kind and body of each record.
pub(super) type Records = Vec<(u8, Vec<u8>)>;

/// One change.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// Append a body of this length.
    Append(usize),
    /// Rotate: keep the last records, this many, and add one.
    Rotate(usize),
}

/// What a rotation adds, so that its result differs from what was there.
const ADDED: u8 = 0x7f;

/// A journal, and what it should hold.
pub(super) struct Pair<F, const CAPACITY: usize> {
    pub(super) journal: Journal<F, CAPACITY>,
    pub(super) records: Records,
    pub(super) addresses: Vec<Address>,
}

/// Mounts and collects the replay.
pub(super) fn mount<F: NorFlash, const CAPACITY: usize>(
    flash: F,
) -> Result<Pair<F, CAPACITY>, MountError> {
    let mut records = Records::new();
    let mut addresses = Vec::new();
    let mut replay = |entry: Entry<'_>| {
        records.push((entry.kind, entry.body.to_vec()));
        addresses.push(entry.address);
        Ok(())
    };
    let journal = Journal::mount(flash, &mut [0; MAX_BODY], &mut replay)?;
    Ok(Pair {
        journal,
        records,
        addresses,
    })
}

/// A body that differs from its neighbours, with runs of erased bytes and of zeros.
pub(super) fn body(length: usize, seed: usize) -> Vec<u8> {
    (0..length)
        .map(|at| match (at + seed) % 11 {
            0 | 1 => 0xff,
            2 => 0,
            _ => (at.wrapping_mul(7) ^ seed.wrapping_mul(29)) as u8,
        })
        .collect()
}

/// What `step`, the `seed`-th one, makes of `records`.
pub(super) fn after(records: &Records, step: Step, seed: usize) -> Records {
    match step {
        Step::Append(length) => {
            let mut records = records.clone();
            records.push((kind(seed), body(length, seed)));
            records
        }
        Step::Rotate(keep) => {
            let mut records = records[records.len().saturating_sub(keep)..].to_vec();
            records.push((ADDED, body(seed % 23, seed)));
            records
        }
    }
}

fn kind(seed: usize) -> u8 {
    1 + (seed % 0x7e) as u8
}

impl<F: NorFlash, const CAPACITY: usize> Pair<F, CAPACITY> {
    /// Takes the step, and moves the list along if the journal did.
    pub(super) fn take(&mut self, step: Step, seed: usize) -> Result<(), JournalError> {
        match step {
            Step::Append(length) => {
                let at = self.journal.append(kind(seed), &body(length, seed))?;
                self.addresses.push(at);
            }
            Step::Rotate(keep) => {
                let kept = self.addresses[self.addresses.len().saturating_sub(keep)..].to_vec();
                let mut addresses = Vec::new();
                self.journal.rotate(|snapshot| {
                    for from in &kept {
                        addresses.push(snapshot.copy(*from)?);
                    }
                    addresses.push(snapshot.put(ADDED, &body(seed % 23, seed))?);
                    Ok(())
                })?;
                self.addresses = addresses;
            }
        }
        self.records = after(&self.records, step, seed);
        Ok(())
    }

    /// Every record can be read at its address.
    pub(super) fn read_all(&mut self) {
        assert_eq!(self.addresses.len(), self.records.len());
        let mut buffer = [0; MAX_BODY];
        for (at, (kind, body)) in self.addresses.iter().zip(&self.records) {
            let entry = self.journal.read(*at, &mut buffer).unwrap();
            assert_eq!(
                (entry.address, entry.kind, entry.body),
                (*at, *kind, body.as_slice())
            );
        }
    }
}
