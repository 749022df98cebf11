//! How a device judges a code: by rules that it reads anew each time.

use core::ops::DerefMut;

use super::{Device, Memory, Platform};
use crate::{
    ledger::{Ledger, RULES_ROOM},
    reject::Refusal,
    verdict::{Authentic, Grant, check_unruled, judge_by, shuts_unruled},
};

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
    /// Judges a code by the rules as they lie in the journal now.
    ///
    /// # Errors
    /// [`Reason::StorageFault`](crate::Reason::StorageFault) where they cannot be read; as [`judge`](crate::verdict::judge).
    #[inline(never)]
    pub(super) fn judge(&mut self, authentic: &Authentic<'_>) -> Result<Grant, Refusal> {
        let conditions = self.conditions();
        let ledger = &self.memory.ledger;
        let mut buffer = [0; RULES_ROOM];
        let rules = match ledger.rules(&mut self.journal, &mut buffer) {
            Ok(rules) => rules,
            Err(fault) => {
                // What is refused without a rule is answered as ever.
                let Ledger {
                    trust,
                    identity,
                    facts,
                    ..
                } = &**ledger;
                check_unruled(authentic, trust, identity, &facts.replay)?;
                return Err(fault.into());
            }
        };
        judge_by(
            authentic,
            &ledger.trust,
            &rules,
            &ledger.identity,
            &conditions,
            &ledger.facts.replay,
        )
    }

    /// Whether a code is to shut something although the rules cannot be read.
    #[inline(never)]
    pub(super) fn shuts_unruled(&self, authentic: &Authentic<'_>) -> bool {
        let ledger = &self.memory.ledger;
        let conditions = self.conditions();
        shuts_unruled(
            authentic,
            &ledger.trust,
            &ledger.identity,
            &conditions,
            &ledger.facts.replay,
        )
    }
}
