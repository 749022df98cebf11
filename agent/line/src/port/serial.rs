//! Serial ports: eight bits, no parity, one stop bit, no flow control.

use std::{io, path::Path};

use tokio_serial::{SerialPortBuilderExt as _, SerialStream};

/// Opens a port for this process alone.
pub(super) fn open(path: &Path, baud: u32) -> io::Result<SerialStream> {
    let stream = tokio_serial::new(path.to_string_lossy(), baud).open_native_async()?;
    Ok(stream)
}
