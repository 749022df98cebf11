//! Builds and signs what [`latch_verify`] checks: codes, roots, manifests, enrolments,
//! revocations, attestations of the time.
//!
//! The host-side inverse of the verifier, and the only code that touches role keys. Nothing
//! here talks to a network; whatever is sealed is read back by the verifier before it is
//! given out.

mod audience;
mod code;
mod enrolment;
#[cfg(test)]
mod fixture;
mod keys;
mod patch;
mod receipts;
mod release;
mod revocation;
mod root;
mod sign;
mod time;

pub use code::{CLOCK_SLACK_MS, Change, CodeBuilder, CodeError, Cohort, DEFAULT_LIFE_S, now};
pub use enrolment::{EnrolmentError, EnrolmentRequest, ProvisionBundle};
pub use keys::{KeyError, RoleKey, load_public, public_from_text, public_to_pem, save_public};
pub use patch::{Arguments, Document, Patch, PatchError};
pub use receipts::{ChainBreak, DeviceState, Link, ReceiptChain, SignedReceipt, StateError};
pub use release::{DEFAULT_PAGE_LOG2, ImageTree, Release, ReleaseError, inspect};
pub use revocation::{Extent, revoke, stop_slip, verify_revocation};
pub use root::{
    Consequence, RootChain, RootChainError, RootPlan, RuleChange, Rules, RulesError, RulesProblem,
    Shortfall, StarterKeys, Weight, review_root, starter_rules, verify_succession,
};
pub use sign::{Draft, SignError, Statement};
pub use time::{TimeError, answer_pulse, broadcast_time, verify_time};
