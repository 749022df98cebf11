//! The verdict on a statement: a pure function of it, the trust root, and what the
//! device is and remembers. Nothing here reads a clock, writes flash or acts.

mod conditions;
mod enrolment;
mod freshness;
mod judge;
mod release;
mod replay;
mod trust;

pub use conditions::{Challenges, Conditions, Identity};
pub use enrolment::{judge_enrolment, judge_request};
pub use judge::{Authentic, Grant, authenticate, judge};
pub use release::{ReleaseFacts, judge_release};
pub use replay::{Burned, Floor, Recall, Replay};
pub use trust::TrustRoot;
