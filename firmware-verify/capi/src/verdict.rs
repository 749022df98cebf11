//! What came of a statement, and of a look at the device, as C sees it.

use latch_verify::{
    Refusal,
    device::{Handled, Polled},
    types::StatementId,
};

use crate::{
    action::{latch_action_t, latch_close_cause_t},
    facts::LATCH_NEVER,
    result::latch_refusal_t,
    telling::latch_statement_id_t,
};

/// What came of a statement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum latch_verdict_kind_t {
    /// There is a verdict: send the receipt. latch_serve has sent it.
    LATCH_VERDICT_ANSWERED = 0,
    /// Taken in, or in force already; there is nothing to tell.
    LATCH_VERDICT_NOTED = 1,
    /// Not meant for this device, from nobody it knows, or beyond its budget: counted. `refusal` says why.
    LATCH_VERDICT_IGNORED = 2,
    /// The code asks for the release `manifest`: find it, then submit both. Nothing was burned.
    LATCH_VERDICT_MANIFEST_WANTED = 3,
    /// From latch_submit: the code is burned. Carry `action` out now, then latch_settle.
    LATCH_VERDICT_UNLATCHED = 4,
    /// From latch_serve: the code is burned and its action was carried out, but no receipt could be made. `refusal` says
    /// why; the next boot tells what is known.
    LATCH_VERDICT_UNTOLD = 5,
}

/// What came of a statement, with what belongs to it.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct latch_verdict_t {
    /// What.
    pub kind: latch_verdict_kind_t,
    /// Bytes of the receipt at the start of `out`; 0 where there is none.
    pub receipt_len: usize,
    /// Why it was ignored, or could not be told.
    pub refusal: latch_refusal_t,
    /// The release that is wanted.
    pub manifest: latch_statement_id_t,
    /// What is to be done.
    pub action: latch_action_t,
}

impl latch_verdict_t {
    fn bare(kind: latch_verdict_kind_t) -> Self {
        Self {
            kind,
            receipt_len: 0,
            refusal: latch_refusal_t::default(),
            manifest: latch_statement_id_t::default(),
            action: latch_action_t::NONE,
        }
    }

    pub(crate) fn answered(receipt_len: usize) -> Self {
        Self {
            receipt_len,
            ..Self::bare(latch_verdict_kind_t::LATCH_VERDICT_ANSWERED)
        }
    }

    pub(crate) fn noted() -> Self {
        Self::bare(latch_verdict_kind_t::LATCH_VERDICT_NOTED)
    }

    pub(crate) fn ignored(refusal: Refusal) -> Self {
        Self {
            refusal: refusal.into(),
            ..Self::bare(latch_verdict_kind_t::LATCH_VERDICT_IGNORED)
        }
    }

    pub(crate) fn manifest_wanted(manifest: StatementId) -> Self {
        Self {
            manifest: manifest.into(),
            ..Self::bare(latch_verdict_kind_t::LATCH_VERDICT_MANIFEST_WANTED)
        }
    }

    pub(crate) fn unlatched(action: latch_action_t) -> Self {
        Self {
            action,
            ..Self::bare(latch_verdict_kind_t::LATCH_VERDICT_UNLATCHED)
        }
    }

    /// What came of a statement that was served, whose last receipt had this length.
    pub(crate) fn served(handled: Handled, receipt_len: usize) -> Self {
        match handled {
            Handled::Answered => Self::answered(receipt_len),
            Handled::Noted => Self::noted(),
            Handled::Ignored(refusal) => Self::ignored(refusal),
            Handled::ManifestWanted(manifest) => Self::manifest_wanted(manifest),
            Handled::Untold(refusal) => Self {
                refusal: refusal.into(),
                ..Self::bare(latch_verdict_kind_t::LATCH_VERDICT_UNTOLD)
            },
        }
    }
}

/// What a look at the device has found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum latch_polled_kind_t {
    /// Nothing is to be done until `wake_in_ms`.
    LATCH_POLLED_IDLE = 0,
    /// `latch` has closed by itself: shut what stands behind it, then look again.
    LATCH_POLLED_CLOSED = 1,
    /// A download has lost its code's force. Look again.
    LATCH_POLLED_INSTALL_ENDED = 2,
}

/// What a look at the device has found, with what belongs to it.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct latch_polled_t {
    /// What.
    pub kind: latch_polled_kind_t,
    /// Why the latch has closed.
    pub cause: latch_close_cause_t,
    /// The latch, 0 to 15.
    pub latch: u8,
    /// Milliseconds until the next look at the latest; LATCH_NEVER where none is needed before the next statement or
    /// observation.
    pub wake_in_ms: u64,
    /// Bytes of the receipt at the start of `out`; 0 where there is none.
    pub receipt_len: usize,
    /// Why there is no receipt. What it would have told, the next boot tells.
    pub refusal: latch_refusal_t,
}

impl From<Polled<'_>> for latch_polled_t {
    fn from(polled: Polled<'_>) -> Self {
        use latch_polled_kind_t as kind;
        let idle = Self {
            kind: kind::LATCH_POLLED_IDLE,
            cause: latch_close_cause_t::LATCH_CLOSE_CODE,
            latch: 0,
            wake_in_ms: 0,
            receipt_len: 0,
            refusal: latch_refusal_t::default(),
        };
        let told = |receipt: Result<&[u8], Refusal>| match receipt {
            Ok(receipt) => (receipt.len(), latch_refusal_t::default()),
            Err(refusal) => (0, refusal.into()),
        };
        match polled {
            Polled::Idle { wake_in_ms } => Self {
                wake_in_ms: wake_in_ms.unwrap_or(LATCH_NEVER),
                ..idle
            },
            Polled::Closed {
                latch,
                cause,
                receipt,
            } => {
                let (receipt_len, refusal) = told(receipt);
                Self {
                    kind: kind::LATCH_POLLED_CLOSED,
                    cause: cause.into(),
                    latch: latch.number(),
                    receipt_len,
                    refusal,
                    ..idle
                }
            }
            Polled::InstallEnded(receipt) => {
                let (receipt_len, refusal) = told(receipt);
                Self {
                    kind: kind::LATCH_POLLED_INSTALL_ENDED,
                    receipt_len,
                    refusal,
                    ..idle
                }
            }
        }
    }
}
