//! The verdict on a statement: a pure function of it, the trust root, and what the
//! device is and remembers. Nothing here reads a clock, writes flash or acts.

mod attestation;
mod authentic;
mod components;
mod conditions;
mod enrolment;
mod freshness;
mod grant;
mod judge;
mod release;
mod replay;
mod revocation;
mod succession;
mod trust;

pub use attestation::judge_time;
pub(crate) use authentic::admit;
pub use authentic::{Authentic, authenticate};
pub use components::{Component, Components, Factory, Need};
pub use conditions::{Challenges, Conditions, Identity};
pub use enrolment::{judge_enrolment, judge_request};
pub use grant::Grant;
pub use judge::judge;
pub(crate) use judge::{check_unruled, context_holds, judge_by, shuts_unruled};
pub use release::{ReleaseFacts, judge_release};
pub(crate) use release::{authenticate_release, suits};
pub use replay::{Burned, Floor, Recall, Replay, ReplayTable, Use};
pub use revocation::{AuthenticRevocation, By, Revokes, authenticate_revocation};
pub use succession::{AuthenticRoot, authenticate_root, judge_root};
pub(crate) use succession::{check_root, has_enough};
pub(crate) use trust::{CheckedRoot, ReadRoot};
pub use trust::{InForce, Terms, TrustRoot};
