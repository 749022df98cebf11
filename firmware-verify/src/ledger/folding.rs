//! A journal read into a ledger.

use super::{fold::said_in, record::Record, state::Ledger};
use crate::{journal::Address, reject::Reason, twin::Bytes, verdict::ReadRoot, wire::decode_whole};

/// A ledger that is being read from a journal, where it will stay.
pub(crate) struct Folding<
    'l,
    const TWIN: usize,
    const USED: usize,
    const LATCHES: usize,
    const ISSUERS: usize,
> {
    ledger: &'l mut Ledger<TWIN, USED, LATCHES, ISSUERS>,
    has_identity: bool,
    has_root: bool,
}

impl<'l, const TWIN: usize, const USED: usize, const LATCHES: usize, const ISSUERS: usize>
    Folding<'l, TWIN, USED, LATCHES, ISSUERS>
{
    /// Begins with nothing, whatever the ledger held before.
    pub(crate) fn new(ledger: &'l mut Ledger<TWIN, USED, LATCHES, ISSUERS>) -> Self {
        ledger.clear();
        Self {
            ledger,
            has_identity: false,
            has_root: false,
        }
    }

    /// Takes the next record of the journal.
    ///
    /// # Errors
    /// Anything that a sound journal does not hold.
    pub(crate) fn take(&mut self, body: &[u8], address: Address) -> Result<(), Reason> {
        match self.take_fact(body, address)? {
            Some(envelope) => self.take_root(envelope, address),
            None => Ok(()),
        }
    }

    /// Takes a record, unless it is a root, whose envelope it returns.
    #[inline(never)]
    fn take_fact<'b>(
        &mut self,
        body: &'b [u8],
        address: Address,
    ) -> Result<Option<&'b [u8]>, Reason> {
        match decode_whole(body)? {
            Record::Identity {
                identity,
                device_key,
            } => {
                self.ledger.identity = identity;
                self.ledger.device_key = device_key;
                self.has_identity = true;
            }
            Record::Root(Bytes(envelope)) => return Ok(Some(envelope)),
            record => {
                let said = said_in(&record)?;
                self.ledger.facts.apply(&record, said.as_ref(), address)?;
            }
        }
        Ok(None)
    }

    #[inline(never)]
    fn take_root(&mut self, envelope: &[u8], address: Address) -> Result<(), Reason> {
        let root = ReadRoot::kept(envelope)?;
        // Behind the snapshot it is a successor.
        if self.has_root && self.ledger.facts.begun {
            return self.ledger.succeed(&root, address);
        }
        self.ledger.put_root(&root, address)?;
        self.has_root = true;
        Ok(())
    }

    /// Whether identity, root and counters were among the records: without its numbers nothing that was recorded has changed
    /// anything. What comes out is the ledger, as far as [its root](Ledger::prove_root) is found signed.
    pub(crate) fn finish(self) -> bool {
        self.has_identity && self.has_root && self.ledger.facts.begun
    }
}
