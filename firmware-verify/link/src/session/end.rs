//! The two ends of a line.

use crate::message::{Encode, FromDevice, Malformed, ToDevice};

mod sealed {
    pub trait Sealed {}
}

/// An end of a line: what it sends, and what it takes. There are two.
pub trait End: sealed::Sealed {
    /// Its number in a hello.
    #[doc(hidden)]
    const NUMBER: u8;
    /// Whether what it takes is asked for by somebody who waits for an end. Once the peer is lost nobody does, and an end said
    /// late would be taken for that of a later request with the same tag.
    #[doc(hidden)]
    const IS_ASKED: bool;
    /// What it sends.
    type Sends<'a>: Encode;
    /// What it takes.
    type Takes<'a>;
    /// Reads what it takes.
    ///
    /// # Errors
    /// [`Malformed`].
    #[doc(hidden)]
    fn decode(bytes: &[u8]) -> Result<Self::Takes<'_>, Malformed>;
}

/// The end that a host holds.
pub enum HostEnd {}

/// The end that a device holds.
pub enum DeviceEnd {}

impl sealed::Sealed for HostEnd {}
impl sealed::Sealed for DeviceEnd {}

impl End for HostEnd {
    const NUMBER: u8 = 1;
    const IS_ASKED: bool = false;
    type Sends<'a> = ToDevice<'a>;
    type Takes<'a> = FromDevice<'a>;

    fn decode(bytes: &[u8]) -> Result<FromDevice<'_>, Malformed> {
        FromDevice::decode(bytes)
    }
}

impl End for DeviceEnd {
    const NUMBER: u8 = 2;
    const IS_ASKED: bool = true;
    type Sends<'a> = FromDevice<'a>;
    type Takes<'a> = ToDevice<'a>;

    fn decode(bytes: &[u8]) -> Result<ToDevice<'_>, Malformed> {
        ToDevice::decode(bytes)
    }
}
