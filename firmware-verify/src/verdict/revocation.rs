//! Whether permission may be taken back.

use super::{conditions::Identity, trust::InForce};
use crate::{
    reject::{Reason, Refusal, ensure},
    statement::{Revocation, StopSlip},
    types::{KeyId, StatementId, TenantId},
    wire::{Body, Role, Signers},
};

/// A statement that takes permission back.
pub trait Revokes<'a>: Body<'a> {
    /// The tenant for whose devices it is.
    fn tenant(&self) -> TenantId;

    /// Whose codes it voids.
    fn issuer(&self) -> KeyId;
}

impl Revokes<'_> for Revocation {
    fn tenant(&self) -> TenantId {
        self.tenant
    }

    fn issuer(&self) -> KeyId {
        self.issuer
    }
}

impl Revokes<'_> for StopSlip {
    fn tenant(&self) -> TenantId {
        self.tenant
    }

    fn issuer(&self) -> KeyId {
        self.issuer
    }
}

/// Who takes permission back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    /// Whoever had given it.
    Issuer,
    /// As many root keys as it takes.
    Root,
}

/// A revocation or stop slip whose signatures are good.
pub struct AuthenticRevocation<'a, B> {
    id: StatementId,
    signed: &'a [u8],
    body: B,
    signers: Signers,
}

impl<'a, B: Revokes<'a>> AuthenticRevocation<'a, B> {
    /// The statement's id.
    #[must_use]
    pub fn id(&self) -> StatementId {
        self.id
    }

    /// What it says.
    #[must_use]
    pub fn body(&self) -> &B {
        &self.body
    }

    /// The bytes of which that was read.
    pub(crate) fn signed(&self) -> &'a [u8] {
        self.signed
    }

    /// Checks that the issuer itself, or root, has signed: an issuer can always take back what
    /// it has given.
    ///
    /// # Errors
    /// [`Reason::NotRevocable`] for a key that signs no codes, [`Reason::NotRevoker`].
    pub fn judge(&self, trust: &InForce) -> Result<By, Refusal> {
        judge_by(self.body.issuer(), self.signers, trust)
    }
}

/// One function for every kind of statement that takes back.
#[inline(never)]
fn judge_by(issuer: KeyId, signers: Signers, trust: &InForce) -> Result<By, Refusal> {
    let ring = trust.ring();
    let of_codes = matches!(
        ring.role(issuer),
        None | Some(Role::Operator | Role::Approver | Role::BreakGlass)
    );
    ensure(of_codes, Reason::NotRevocable)?;
    let by_issuer = ring.has_signed(signers, issuer);
    let asked = trust.terms()?.thresholds.root;
    let signed = ring.count(signers, Role::Root, |_| true);
    ensure(
        by_issuer || signed >= asked,
        Refusal::new(Reason::NotRevoker, asked.into(), signed.into()),
    )?;
    Ok(if signed >= asked {
        By::Root
    } else {
        By::Issuer
    })
}

/// Checks the signatures and the tenant of a revocation or a stop slip.
///
/// # Errors
/// As [`crate::wire::Envelope::parse`] and [`crate::wire::Envelope::verify`];
/// [`Reason::OtherTenant`].
#[inline(never)]
pub fn authenticate_revocation<'a, B: Revokes<'a>>(
    bytes: &'a [u8],
    trust: &InForce,
    identity: &Identity,
) -> Result<AuthenticRevocation<'a, B>, Refusal> {
    let verified = trust.verify(B::KIND, bytes)?;
    let body: B = verified.body()?;
    ensure(body.tenant() == identity.tenant, Reason::OtherTenant)?;
    Ok(AuthenticRevocation {
        id: verified.envelope().id(),
        signed: verified.envelope().body(),
        body,
        signers: verified.signers(),
    })
}
