//! Starts QEMU, and takes its ends in hand.

use std::{
    fs,
    ops::Range,
    os::unix::net::UnixListener,
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::{Outcome, desk::DESK_BYTES, gdb::Gdb};

/// Starts a machine with this program, stopped before its first instruction, which logs what it executes of these addresses, and
/// whose second bank of RAM is a file.
pub(crate) fn launch(
    image: &Path,
    log: &Path,
    desk: &Path,
    logged: &[Range<u32>],
) -> Outcome<(Child, Gdb)> {
    let ranges: Vec<String> = logged
        .iter()
        .map(|range| format!("{:#x}..{:#x}", range.start, range.end - 1))
        .collect();
    // Of a machine before, it may lie there still.
    let socket = log.with_extension("socket");
    let _ = fs::remove_file(&socket);
    let listener = UnixListener::bind(&socket)?;
    let desk = desk.display();
    let mut child = Command::new("qemu-system-arm")
        .args(["-machine", "mps2-an386,memory-backend=desk"])
        .arg("-object")
        .arg(format!(
            "memory-backend-file,id=desk,size={DESK_BYTES},share=on,mem-path={desk}"
        ))
        .args(["-icount", "shift=0"])
        .args(["-display", "none", "-monitor", "none"])
        .args(["-S", "-gdb", "stdio", "-serial"])
        .arg(format!("unix:{}", socket.display()))
        .arg("-kernel")
        .arg(image)
        .args(["-dfilter", &ranges.join(","), "-D"])
        .arg(log)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("qemu-system-arm: {error}"))?;
    let to = child.stdin.take().ok_or("no way to QEMU")?;
    let from = child.stdout.take().ok_or("no way from QEMU")?;
    let (serial, _) = listener.accept()?;
    fs::remove_file(&socket)?;
    let gdb = Gdb::new(to, from, serial)?;
    Ok((child, gdb))
}
