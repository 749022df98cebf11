//! The words of the protocol, each checked where it is made.

mod hash;
mod ids;
mod paging;
mod posture;
mod text;
mod time;
mod unaligned;
mod version;

pub(crate) use hash::{Hasher, add_to_512};
pub use ids::{Challenge, DeviceId, Digest, KeyId, LatchId, ProductId, StatementId, TenantId};
pub(crate) use paging::Paging;
pub use posture::{Posture, PostureRule};
pub use text::Malformed;
pub(crate) use text::is_name_byte;
pub use time::{Sequence, TimeMs};
pub(crate) use unaligned::{Millis, Unaligned};
pub use version::{Version, VersionRange};
