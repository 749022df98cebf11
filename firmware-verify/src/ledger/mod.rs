//! What the device knows durably: a fold over the records of its journal.

mod bounds;
mod components;
mod fold;
mod folding;
mod images;
mod kept;
mod name;
mod needs;
mod opened;
mod recent;
mod record;
mod root;
mod snapshot;
mod state;

pub(crate) use bounds::MAX_ROOT;
pub use components::KeptComponents;
pub(crate) use fold::said_in;
pub(crate) use folding::Folding;
pub(crate) use images::ImagesFold;
pub use images::{Firmware, Images, Next};
pub(crate) use kept::KeptStatement;
pub use name::CodeName;
pub(crate) use opened::KeptName;
pub use opened::OpenLatches;
pub use recent::{Recent, Recents};
pub(crate) use record::{Doing, RECORD};
pub use record::{Effect, Image, InstallPhase, OpenLatch, Pending, Record};
pub(crate) use root::RULES_ROOM;
pub(crate) use snapshot::{write_first, write_snapshot};
pub use state::{Chain, Facts, Install, Ledger, Twin};
