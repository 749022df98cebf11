//! What a hello says, and to whom one is due.

use core::fmt;

use crate::frame::{Body, Frame};

/// A version of this protocol. Those of one major version understand each other; a minor one adds
/// messages, and bytes at the end of a hello, which others pass over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Version {
    /// The first number.
    pub major: u8,
    /// The second number.
    pub minor: u8,
}

/// The version that this crate speaks.
pub const VERSION: Version = Version { major: 1, minor: 0 };

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Bytes of a greeting: version, end, and the longest message that is taken.
pub(super) const GREETING_LEN: usize = 5;

/// What a hello says of who sends it.
#[derive(Clone, Copy)]
pub(super) struct Greeting {
    pub(super) version: Version,
    /// Which end of the line it is.
    pub(super) end: u8,
    /// The longest message that it takes.
    pub(super) most: u16,
}

/// What was read in a hello.
pub(super) enum Read {
    /// A peer that can be understood.
    Greeting(Greeting),
    /// One of another major version: what else it says is not known.
    Other(Version),
}

impl Greeting {
    pub(super) fn bytes(self) -> [u8; GREETING_LEN] {
        let [low, high] = self.most.to_le_bytes();
        [self.version.major, self.version.minor, self.end, low, high]
    }

    /// The first two bytes stay what they are in every version; more may follow the last.
    pub(super) fn read(bytes: &[u8]) -> Option<Read> {
        let (&[major, minor], rest) = bytes.split_first_chunk::<2>()?;
        let version = Version { major, minor };
        if major != VERSION.major {
            return Some(Read::Other(version));
        }
        let (&[end, low, high], _) = rest.split_first_chunk::<3>()?;
        Some(Read::Greeting(Self {
            version,
            end,
            most: u16::from_le_bytes([low, high]),
        }))
    }
}

/// Greetings that are to be sent. One of each is kept: whoever misses its own asks again.
#[derive(Default)]
pub(super) struct Due {
    /// A welcome: from which of our ids, and to whom.
    pub(super) welcome: Option<(u32, u32)>,
    /// A hello to somebody who takes us for its peer already.
    pub(super) hello: Option<(u32, u32)>,
}

impl Due {
    pub(super) const NONE: Self = Self {
        welcome: None,
        hello: None,
    };

    pub(super) fn any(&self) -> bool {
        self.welcome.is_some() || self.hello.is_some()
    }

    pub(super) fn take<'a>(&mut self, greeting: &'a [u8]) -> Option<Frame<'a>> {
        if let Some((from, to)) = self.welcome.take() {
            let body = Body::Welcome(greeting);
            return Some(Frame { from, to, body });
        }
        let (from, to) = self.hello.take()?;
        let body = Body::Hello(greeting);
        Some(Frame { from, to, body })
    }
}
