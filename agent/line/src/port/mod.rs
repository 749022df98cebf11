//! Opening what an address names. One file for each kind of port.

mod serial;
mod tcp;
mod unix;

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};

use crate::address::Address;

/// An open port.
pub(crate) type Port = Box<dyn Duplex>;

/// Bytes in both directions.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// Opens a port.
///
/// # Errors
/// What the system says.
pub(crate) async fn open(address: Address) -> io::Result<Port> {
    Ok(match address {
        Address::Unix(path) => Box::new(unix::open(&path).await?),
        Address::Tcp(place) => Box::new(tcp::open(&place).await?),
        Address::Serial { path, baud } => Box::new(serial::open(&path, baud)?),
    })
}
