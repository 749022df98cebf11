//! Where a line is.

use std::{fmt, path::PathBuf, str::FromStr};

/// Bits a second of a serial port for which none are given: what boards commonly come with.
pub const BAUD: u32 = 115_200;

/// Where the other end of a line is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Address {
    /// A socket in the file system, as emulators offer them: `unix:/run/pump-7.sock`.
    Unix(PathBuf),
    /// A socket of the network: `tcp:127.0.0.1:4321`. Nothing on it is encrypted.
    Tcp(String),
    /// A serial port: `/dev/ttyUSB0`, with its bits a second.
    Serial {
        /// The port.
        path: PathBuf,
        /// Bits a second.
        baud: u32,
    },
}

/// Why a text names no line.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AddressError {
    /// It has none of the known shapes.
    #[error(
        "{0:?} names no link: write \"unix:/path/to/socket\", \"tcp:host:port\", or a serial port such as \"/dev/ttyUSB0\""
    )]
    Unknown(String),
    /// There is no host or no port in it.
    #[error(
        "{0:?} names no host and port: write \"tcp:host:port\", such as \"tcp:127.0.0.1:4321\""
    )]
    NoPort(String),
    /// A socket has no bits a second.
    #[error("{0} is no serial port, and has no baud rate: leave it out")]
    NoBaud(Address),
    /// Nothing goes over a port at no bits a second.
    #[error("a baud rate is 1 or more, and commonly {BAUD}")]
    ZeroBaud,
}

impl Address {
    /// The same serial port with another number of bits a second.
    ///
    /// # Errors
    /// [`AddressError::NoBaud`] for a socket, [`AddressError::ZeroBaud`].
    pub fn with_baud(self, baud: u32) -> Result<Self, AddressError> {
        match self {
            Self::Serial { .. } if baud == 0 => Err(AddressError::ZeroBaud),
            Self::Serial { path, .. } => Ok(Self::Serial { path, baud }),
            other => Err(AddressError::NoBaud(other)),
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if let Some(path) = text.strip_prefix("unix:").filter(|path| !path.is_empty()) {
            return Ok(Self::Unix(path.into()));
        }
        if let Some(place) = text.strip_prefix("tcp:") {
            let (host, port) = place.rsplit_once(':').unwrap_or_default();
            return match port.parse::<u16>() {
                Ok(1..) if !host.is_empty() => Ok(Self::Tcp(place.to_owned())),
                _ => Err(AddressError::NoPort(text.to_owned())),
            };
        }
        // Ports have names such as COM3 elsewhere; here they are files.
        if text.starts_with('/') {
            return Ok(Self::Serial {
                path: text.into(),
                baud: BAUD,
            });
        }
        Err(AddressError::Unknown(text.to_owned()))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(place) => write!(f, "tcp:{place}"),
            Self::Serial { path, .. } => write!(f, "{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_read_and_written_back() {
        for text in [
            "unix:/run/pump-7.sock",
            "unix:pump-7.sock",
            "tcp:127.0.0.1:4321",
            "tcp:[::1]:4321",
            "tcp:emulator:1",
            "/dev/ttyUSB0",
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
        }
        let port: Address = "/dev/ttyACM0".parse().unwrap();
        let path = PathBuf::from("/dev/ttyACM0");
        assert_eq!(
            port.clone(),
            Address::Serial {
                path: path.clone(),
                baud: BAUD
            }
        );
        assert_eq!(
            port.with_baud(9600),
            Ok(Address::Serial { path, baud: 9600 })
        );
    }

    #[test]
    fn what_names_no_line_is_told_so() {
        for text in ["", "ttyUSB0", "unix:", "serial:/dev/ttyUSB0"] {
            let unknown = Err(AddressError::Unknown(text.to_owned()));
            assert_eq!(text.parse::<Address>(), unknown);
        }
        for text in [
            "tcp:",
            "tcp:host",
            "tcp::1",
            "tcp:host:0",
            "tcp:host:65536",
            "tcp:4321",
        ] {
            let no_port = Err(AddressError::NoPort(text.to_owned()));
            assert_eq!(text.parse::<Address>(), no_port);
        }
        let socket: Address = "tcp:host:1".parse().unwrap();
        assert!(matches!(
            socket.with_baud(9600),
            Err(AddressError::NoBaud(_))
        ));
        let port: Address = "/dev/ttyS0".parse().unwrap();
        assert_eq!(port.with_baud(0), Err(AddressError::ZeroBaud));
    }
}
