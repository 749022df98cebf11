//! What is written once, in the factory: root and enrolment are checked, and a journal begins with them.

use super::{JOURNAL_SECTOR, Memory, MountFault, Platform};
use crate::{
    journal::{Address, Journal, JournalError},
    ledger::{Ledger, write_first},
    limits::MAX_RECORD,
    reject::{Reason, Refusal, ensure},
    verdict::{CheckedRoot, Identity, judge_enrolment},
    wire::DeviceKey,
};

/// Checks root and enrolment, and fills a ledger with what they say.
#[inline(never)]
pub(super) fn enrol<
    const TWIN: usize,
    const USED: usize,
    const LATCHES: usize,
    const ISSUERS: usize,
>(
    ledger: &mut Ledger<TWIN, USED, LATCHES, ISSUERS>,
    root: &[u8],
    enrolment: &[u8],
    key: &impl DeviceKey,
) -> Result<(), Refusal> {
    ledger.clear();
    take_first(ledger, root)?;
    let enrolment = judge_enrolment(enrolment, &ledger.trust)?;
    ensure(enrolment.device_key.0 == key.public(), Reason::KeyFault)?;
    ledger.device_key = enrolment.device_key;
    ledger.identity = Identity {
        tenant: enrolment.tenant,
        product: enrolment.product,
        device: enrolment.device,
        incarnation: enrolment.incarnation,
    };
    Ok(())
}

/// Takes the first trust root. Apart from the enrolment, of which signatures are checked too.
#[inline(never)]
fn take_first<const TWIN: usize, const USED: usize, const LATCHES: usize, const ISSUERS: usize>(
    ledger: &mut Ledger<TWIN, USED, LATCHES, ISSUERS>,
    root: &[u8],
) -> Result<(), Refusal> {
    let root = CheckedRoot::first(root)?;
    ledger.put_root(root.read(), Address::NOWHERE)?;
    ledger.facts.root_told = root.read().root().version;
    Ok(())
}

/// Writes the first journal of a device's life.
#[inline(never)]
pub(super) fn write_journal<
    P: Platform,
    const TWIN: usize,
    const USED: usize,
    const LATCHES: usize,
    const ISSUERS: usize,
>(
    memory: &mut Memory<TWIN, USED, LATCHES, ISSUERS>,
    flash: P::Journal,
    root: &[u8],
) -> Result<P::Journal, MountFault> {
    let ledger = &memory.ledger;
    let mut buffer = [0; MAX_RECORD];
    let mut journal: Journal<P::Journal, JOURNAL_SECTOR> =
        Journal::mount(flash, &mut buffer, &mut |_| Ok(())).map_err(MountFault::Journal)?;
    ensure(journal.is_blank(), Reason::AlreadyProvisioned)?;
    journal
        .rotate(|snapshot| {
            write_first(ledger, root, &mut buffer, snapshot)?;
            ensure(ledger.is_whole(), JournalError::Storage)
        })
        .map_err(|_| Reason::StorageFault)?;
    Ok(journal.release())
}
