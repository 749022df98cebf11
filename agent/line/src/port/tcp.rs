//! Sockets of the network.

use std::{io, time::Duration};

use tokio::{net::TcpStream, time::timeout};

/// How long a connection may take: an emulator or a terminal server is near.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn open(place: &str) -> io::Result<TcpStream> {
    let stream = timeout(PATIENCE, TcpStream::connect(place))
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))?;
    // Each frame waits for its answer: none is held back for the next.
    stream.set_nodelay(true)?;
    Ok(stream)
}
