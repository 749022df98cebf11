//! The trust root where it lies in the journal: its signatures are proven there at a boot, and its rules are read there whenever
//! they are asked for. RAM keeps the rest of it, and what its rules are held against.

use embedded_storage::nor_flash::NorFlash;

use super::{kept::KeptStatement, state::Ledger};
use crate::{
    journal::{Address, Checksum, Journal, MAX_UNIT},
    limits::MAX_ROOT_BODY,
    reject::{Reason, Refusal, ensure},
    statement::Rules,
    verdict::ReadRoot,
    wire::Kind,
};

/// What stands before the envelope in a root's record: a tag, and a length that takes two bytes, as no root's envelope has less
/// than 128 bytes or more than 16383.
const RECORD_HEAD: usize = 3;

/// Room to read the rules of any root.
pub(crate) const RULES_ROOM: usize = MAX_ROOT_BODY + MAX_UNIT;

/// Where the root in force lies, and its rules in it.
#[derive(Clone, Copy, Hash)]
pub(super) struct KeptRoot {
    pub(super) at: Address,
    /// Where the rules begin in the record's body.
    from: u16,
    length: u16,
    /// Of the rules, as they stood in the bytes of which the root's id was made.
    checksum: u32,
}

impl KeptRoot {
    pub(super) const NOWHERE: Self = Self {
        at: Address::NOWHERE,
        from: 0,
        length: 0,
        checksum: 0,
    };

    pub(super) fn of(read: &ReadRoot<'_>, at: Address) -> Result<Self, Reason> {
        let (from, rules) = read.rules()?;
        let from = from.saturating_add(RECORD_HEAD);
        Ok(Self {
            at,
            from: u16::try_from(from).map_err(|_| Reason::LogicFault)?,
            length: u16::try_from(rules.len()).map_err(|_| Reason::LogicFault)?,
            checksum: sum(rules),
        })
    }
}

fn sum(rules: &[u8]) -> u32 {
    Checksum::of(0).then(rules).end()
}

impl<const TWIN: usize, const USED: usize, const LATCHES: usize, const ISSUERS: usize>
    Ledger<TWIN, USED, LATCHES, ISSUERS>
{
    /// Checks that the root in force was signed by its own root keys, and perhaps by those of the root before it, which are no
    /// longer known.
    ///
    /// # Errors
    /// [`Reason::StorageFault`]; what a sound journal does not hold.
    pub(crate) fn prove_root<F: NorFlash, const CAPACITY: usize>(
        &self,
        journal: &mut Journal<F, CAPACITY>,
    ) -> Result<(), Reason> {
        let trust = &self.trust;
        let mut kept = KeptStatement::new(journal, self.root.at, Kind::Root, trust.id());
        let outline = kept.outline(trust.ring())?;
        let signers = kept.prove(&outline, trust.ring())?;
        let enough = trust.has_enough_own(signers);
        enough.map_err(Refusal::into_reason)
    }

    /// The rules of the root in force, read from the journal. `buffer` is as long as [`RULES_ROOM`].
    ///
    /// # Errors
    /// [`Reason::StorageFault`] where they cannot be read, or are not what they were when the root was put in force;
    /// [`Reason::LogicFault`] where none is.
    pub(crate) fn rules<'b, F: NorFlash, const CAPACITY: usize>(
        &self,
        journal: &mut Journal<F, CAPACITY>,
        buffer: &'b mut [u8],
    ) -> Result<Rules<'b>, Reason> {
        self.trust.terms()?;
        let KeptRoot {
            at,
            from,
            length,
            checksum,
        } = self.root;
        let from = usize::from(from);
        let part = from..from.saturating_add(length.into());
        let read = journal.read_part(at, part, buffer);
        let read = read.map_err(|_| Reason::StorageFault)?;
        ensure(sum(read) == checksum, Reason::StorageFault)?;
        Rules::kept(read).ok_or(Reason::LogicFault)
    }
}

#[cfg(test)]
mod tests;
