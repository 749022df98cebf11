//! Sockets in the file system.

use std::{io, path::Path};

use tokio::net::UnixStream;

pub(super) async fn open(path: &Path) -> io::Result<UnixStream> {
    UnixStream::connect(path).await
}
