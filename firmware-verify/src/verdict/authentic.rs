//! The first half of the checks of a latch code: who has signed it, and whether it is for this device. The order of
//! them all stands in `judge.rs`.

use core::hint::black_box;

use super::{conditions::Identity, trust::InForce};
use crate::{
    reject::{Reason, Refusal, ensure},
    statement::Code,
    types::StatementId,
    wire::{Kind, Signers, Verified},
};

/// A code whose signatures are good, and that is addressed to this device.
pub struct Authentic<'a> {
    id: StatementId,
    code: Code<'a>,
    signers: Signers,
}

impl<'a> Authentic<'a> {
    /// The statement's id.
    #[must_use]
    pub fn id(&self) -> StatementId {
        self.id
    }

    /// What it says.
    #[must_use]
    pub fn code(&self) -> &Code<'a> {
        &self.code
    }

    /// Checks that it is by those whose signatures were proven, as many as lie there: both judgements read the one copy that was
    /// made of them.
    ///
    /// # Errors
    /// [`Reason::LogicFault`].
    pub(crate) fn is_by_signers_of(&self, verified: &Verified<'_>) -> Result<(), Refusal> {
        let signers = black_box(verified).signers();
        signers.are(verified.envelope().signers().count())?;
        ensure(signers == self.signers, Reason::LogicFault)
    }

    /// Whose signatures are on it.
    pub(super) fn signers(&self) -> Signers {
        self.signers
    }
}

/// The first half of the checks.
///
/// # Errors
/// As [`crate::wire::Envelope::parse`] and [`crate::wire::Envelope::verify`]; what
/// [`Code`] refuses; [`Reason::OtherTenant`], [`Reason::OtherDevice`],
/// [`Reason::OutsideCohort`], [`Reason::OtherProduct`].
pub fn authenticate<'a>(
    bytes: &'a [u8],
    trust: &InForce,
    identity: &Identity,
) -> Result<Authentic<'a>, Refusal> {
    admit(&trust.verify(Kind::Code, bytes)?, identity)
}

/// What remains of [`authenticate`] once the signatures were found good. Apart from them: what is
/// on the stack while a signature is checked comes on top of the most that a device ever needs.
///
/// # Errors
/// As [`authenticate`].
#[inline(never)]
pub(crate) fn admit<'a>(
    verified: &Verified<'a>,
    identity: &Identity,
) -> Result<Authentic<'a>, Refusal> {
    let code: Code<'a> = verified.body()?;
    check_address(&code, identity)?;
    Ok(Authentic {
        id: verified.envelope().id(),
        code,
        signers: verified.signers(),
    })
}

#[inline(never)]
pub(super) fn check_address(code: &Code<'_>, identity: &Identity) -> Result<(), Refusal> {
    ensure(code.tenant == identity.tenant, Reason::OtherTenant)?;
    code.audience.admit(&identity.device)?;
    ensure(
        code.product
            .is_none_or(|product| product == identity.product),
        Reason::OtherProduct,
    )
}
