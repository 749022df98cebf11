//! Taking permission back: for all that a key has signed, or for one code.

use serde::{Deserialize, Serialize};

use crate::{
    reject::Refusal,
    types::{KeyId, Sequence, StatementId, TenantId},
    wire::{Body, Kind},
};

/// The body of a revocation, signed by the issuer itself or by the root's threshold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Revocation {
    /// The tenant for whose devices it is.
    pub tenant: TenantId,
    /// Whose codes.
    pub issuer: KeyId,
    /// The last one that is void, and all before it. The greatest number voids whatever the
    /// key signs from now on, too.
    pub through: Sequence,
}

crate::wire::reads!(struct Revocation { tenant, issuer, through });

impl Body<'_> for Revocation {
    const KIND: Kind = Kind::Revocation;

    fn check(&self) -> Result<(), Refusal> {
        Ok(())
    }
}

/// The body of a stop slip, which voids one code. Its author can sign it together with the
/// code, for whoever may have to stop it later.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StopSlip {
    /// The tenant for whose devices it is.
    pub tenant: TenantId,
    /// The code's issuer.
    pub issuer: KeyId,
    /// The code's place in its issuer's order.
    pub sequence: Sequence,
    /// The code.
    pub statement: StatementId,
}

crate::wire::reads!(struct StopSlip { tenant, issuer, sequence, statement });

impl Body<'_> for StopSlip {
    const KIND: Kind = Kind::StopSlip;

    fn check(&self) -> Result<(), Refusal> {
        Ok(())
    }
}
