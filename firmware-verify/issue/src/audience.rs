//! Stand-ins for devices, where a verdict does not depend on which one it is.

use latch_verify::{
    Reason, Refusal,
    types::ProductId,
    verdict::{Identity, TrustRoot},
};

/// A device of a root's tenant.
///
/// # Errors
/// [`Reason::LogicFault`], which cannot be.
pub(crate) fn anybody(trust: &TrustRoot) -> Result<Identity, Refusal> {
    Ok(Identity {
        tenant: trust.tenant()?,
        product: ProductId([0; 16]),
        device: "any".parse().map_err(|_| Reason::LogicFault)?,
        incarnation: 0,
    })
}
