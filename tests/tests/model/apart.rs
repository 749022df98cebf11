//! Where the device is known to depart from its design, so that everything else can be compared. Whoever mends one sets
//! it to false, and the reference holds the device to the design.

/// The number of a code's receipt is noted with the first used or stopped code of that id, which may be one that a stop
/// slip has put there in another issuer's name.
pub(crate) const RECEIPTS_NOTED_BY_ID: bool = true;

/// A stop slip closes a latch by the code's id alone, whoever names itself as the issuer. WIRE.md, section 8: it is
/// signed by the code's issuer, or by root.
pub(crate) const SLIPS_CLOSE_BY_ID: bool = true;
