//! Taking permission back: for all that a key has signed, or for one code.

#[cfg(test)]
mod tests;

use latch_verify::{
    Reason, Refusal,
    statement::{Code, Revocation, StopSlip},
    types::{KeyId, Sequence, TenantId, TimeMs},
    verdict::{Revokes, TrustRoot, authenticate_revocation},
    wire::Kind,
};

use crate::{
    audience::anybody,
    sign::{Draft, SignError, Statement},
};

/// How much of what a key has signed is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// A code with this sequence, and all that are ordered before it.
    Through(Sequence),
    /// Whatever says that it was signed up to this moment. Enough for a mistake; whoever holds
    /// a stolen key writes any moment.
    Until(TimeMs),
    /// Whatever the key has signed and ever will: for a stolen key, until a new root leaves it out.
    Everything,
}

impl Extent {
    fn through(self) -> Sequence {
        match self {
            Self::Through(sequence) => sequence,
            Self::Until(moment) => Sequence::at(moment, u16::MAX),
            Self::Everything => Sequence(u64::MAX),
        }
    }
}

/// Voids codes of an issuer, and what the key has added to those of others, ready to be signed by
/// the key itself or by as many root keys as the root asks for.
///
/// # Errors
/// [`SignError::Refused`].
pub fn revoke(tenant: TenantId, issuer: KeyId, extent: Extent) -> Result<Draft, SignError> {
    Draft::new(&Revocation {
        tenant,
        issuer,
        through: extent.through(),
    })
}

/// Voids one code, ready to be signed by the code's issuer or by as many root keys as the root
/// asks for. An author can sign it together with the code, so that whoever may have to stop the
/// code later needs no key for it.
///
/// # Errors
/// [`SignError::Refused`] when the statement is no code.
pub fn stop_slip(code: &Statement) -> Result<Draft, SignError> {
    let statement = code.id();
    let code: Code<'_> = code.body()?;
    Draft::new(&StopSlip {
        tenant: code.tenant,
        issuer: code.issuer,
        sequence: code.sequence,
        statement,
    })
}

/// Checks a revocation or a stop slip as a device under this root would, before it is published.
///
/// # Errors
/// As [`authenticate_revocation`]; [`Reason::NotRevocable`]; [`Reason::NotRevoker`];
/// [`Reason::WrongKind`] for any other statement.
pub fn verify_revocation(statement: &Statement, trust: &TrustRoot) -> Result<(), Refusal> {
    match statement.kind() {
        Kind::Revocation => verify::<Revocation>(statement, trust),
        Kind::StopSlip => verify::<StopSlip>(statement, trust),
        other => {
            let (expected, found) = (Kind::Revocation.number(), other.number());
            Err(Refusal::new(
                Reason::WrongKind,
                expected.into(),
                found.into(),
            ))
        }
    }
}

fn verify<'a, B: Revokes<'a>>(statement: &'a Statement, trust: &TrustRoot) -> Result<(), Refusal> {
    authenticate_revocation::<B>(statement.bytes(), trust, &anybody(trust)?)?
        .judge(trust)
        .map(drop)
}
