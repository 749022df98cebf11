//! The name of a code.

use serde::{Deserialize, Serialize};

use crate::types::{KeyId, Sequence, StatementId};

/// What tells one code from all others.
#[derive(Clone, Copy, Eq, Debug, Hash, Serialize, Deserialize)]
#[allow(
    clippy::derived_hash_with_manual_eq,
    reason = "both take every field, as they are derived; equality is one function"
)]
pub struct CodeName {
    /// Who issued it.
    pub issuer: KeyId,
    /// Its place in the issuer's order.
    pub sequence: Sequence,
    /// Its id.
    pub statement: StatementId,
}

crate::wire::reads!(struct CodeName { issuer, sequence, statement });

impl PartialEq for CodeName {
    // Apart from its callers, as what reads one is.
    #[inline(never)]
    fn eq(&self, other: &Self) -> bool {
        let Self {
            issuer,
            sequence,
            statement,
        } = self;
        *issuer == other.issuer && *sequence == other.sequence && *statement == other.statement
    }
}
