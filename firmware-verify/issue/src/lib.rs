//! Builds and signs what [`latch_verify`] checks: codes, roots, manifests, enrolments.
//!
//! The host-side inverse of the verifier, and the only code that touches role keys. Nothing
//! here talks to a network; whatever is sealed is read back by the verifier before it is
//! given out.

mod code;
mod enrolment;
mod keys;
mod patch;
mod receipts;
mod release;
mod root;
mod sign;

pub use code::{CLOCK_SLACK_MS, Change, CodeBuilder, CodeError, Cohort, DEFAULT_LIFE_S, now};
pub use enrolment::{EnrolmentError, EnrolmentRequest, ProvisionBundle};
pub use keys::{KeyError, RoleKey, load_public, public_from_text, public_to_pem, save_public};
pub use patch::{Arguments, Document, Patch, PatchError};
pub use receipts::{ChainBreak, DeviceState, Link, ReceiptChain, SignedReceipt, StateError};
pub use release::{DEFAULT_PAGE_LOG2, ImageTree, Release, ReleaseError, inspect};
pub use root::{Rules, RulesError, RulesProblem, StarterKeys, starter_rules};
pub use sign::{Draft, SignError, Statement};
