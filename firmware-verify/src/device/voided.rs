//! The codes that a revocation or a stop slip voids.

use core::hint::black_box;

use crate::{
    ledger::CodeName,
    reject::{Reason, ensure},
    types::{KeyId, Sequence, StatementId, TenantId},
    wire::{Read as _, Reader},
};

/// The codes that a statement voids.
pub(super) struct Voided {
    /// The only one; or the last, whose id the statement does not say: zeros stand for it.
    last: CodeName,
    and_before: bool,
}

impl Voided {
    /// This one.
    pub(super) fn one(code: CodeName) -> Self {
        Self {
            last: code,
            and_before: false,
        }
    }

    /// All of an issuer, up to this one.
    pub(super) fn through(issuer: KeyId, sequence: Sequence) -> Self {
        let statement = StatementId([0; 16]);
        Self {
            last: CodeName {
                issuer,
                sequence,
                statement,
            },
            and_before: true,
        }
    }

    pub(super) fn holds(&self, code: &CodeName) -> bool {
        let last = &self.last;
        if self.and_before {
            code.issuer == last.issuer && code.sequence <= last.sequence
        } else {
            code == last
        }
    }

    /// Checks that these are the codes that the signed body names, and that it is for this tenant's devices: it is read a second
    /// time. Who may void them was judged by the one copy that was made first, and what is voided stays so.
    ///
    /// # Errors
    /// [`Reason::LogicFault`].
    #[inline(never)]
    pub(super) fn are_named_in(&self, body: &[u8], tenant: &TenantId) -> Result<(), Reason> {
        // Both kinds begin alike. Where a revocation ends a slip has the id of its code: what is read there is zeros.
        let mut reader = Reader::new(black_box(body));
        let of = TenantId::read(&mut reader);
        let named = CodeName::read(&mut reader);
        ensure(of == *tenant && named == self.last, Reason::LogicFault)
    }
}

#[cfg(test)]
mod tests {
    use super::Voided;
    use crate::{
        ledger::CodeName,
        reject::Reason,
        statement::{Revocation, StopSlip},
        types::{KeyId, Sequence, StatementId, TenantId},
        wire::encode,
    };

    const TENANT: TenantId = TenantId([7; 16]);
    const CODE: CodeName = CodeName {
        issuer: KeyId([1; 8]),
        sequence: Sequence(300),
        statement: StatementId([3; 16]),
    };

    #[test]
    fn a_slip_voids_the_code_that_it_names() {
        let CodeName {
            issuer,
            sequence,
            statement,
        } = CODE;
        let slip = StopSlip {
            tenant: TENANT,
            issuer,
            sequence,
            statement,
        };
        let mut room = [0; 64];
        let signed = encode(&slip, &mut room).unwrap();
        assert_eq!(Voided::one(CODE).are_named_in(signed, &TENANT), Ok(()));
        let others = [
            CodeName {
                issuer: KeyId([2; 8]),
                ..CODE
            },
            CodeName {
                sequence: Sequence(0),
                ..CODE
            },
            CodeName {
                statement: StatementId([0; 16]),
                ..CODE
            },
        ];
        for other in others {
            let refused = Voided::one(other).are_named_in(signed, &TENANT);
            assert_eq!(refused, Err(Reason::LogicFault), "{other:?}");
        }
        let all = Voided::through(issuer, sequence);
        for (voided, tenant) in [(Voided::one(CODE), TenantId([8; 16])), (all, TENANT)] {
            let refused = voided.are_named_in(signed, &tenant);
            assert_eq!(refused, Err(Reason::LogicFault));
        }
    }

    #[test]
    fn a_revocation_voids_the_codes_that_it_names() {
        let revocation = Revocation {
            tenant: TENANT,
            issuer: CODE.issuer,
            through: CODE.sequence,
        };
        let mut room = [0; 64];
        let signed = encode(&revocation, &mut room).unwrap();
        let named =
            |issuer, through| Voided::through(issuer, through).are_named_in(signed, &TENANT);
        assert_eq!(named(CODE.issuer, CODE.sequence), Ok(()));
        let refused = Err(Reason::LogicFault);
        assert_eq!(named(KeyId([2; 8]), CODE.sequence), refused);
        assert_eq!(named(CODE.issuer, Sequence(u64::MAX)), refused);
        assert_eq!(Voided::one(CODE).are_named_in(signed, &TENANT), refused);
    }

    #[test]
    fn codes_before_the_last_are_voided_by_a_revocation_alone() {
        let before = CodeName {
            sequence: Sequence(299),
            ..CODE
        };
        let after = CodeName {
            sequence: Sequence(301),
            ..CODE
        };
        let others = CodeName {
            issuer: KeyId([2; 8]),
            ..CODE
        };
        let namesake = CodeName {
            statement: StatementId([4; 16]),
            ..CODE
        };
        let codes = [CODE, before, namesake, after, others];
        let slip = Voided::one(CODE);
        let held = codes.map(|code| slip.holds(&code));
        assert_eq!(held, [true, false, false, false, false]);
        let revocation = Voided::through(CODE.issuer, CODE.sequence);
        let held = codes.map(|code| revocation.holds(&code));
        assert_eq!(held, [true, true, true, false, false]);
    }
}
