//! A board on a stream, at the speed of this machine.

use std::{
    io::{ErrorKind, Read, Write},
    time::Instant,
};

use crate::board::Board;

/// Serves whoever is at the other end until the stream ends. Reads have to return now and then
/// with [`ErrorKind::WouldBlock`] or [`ErrorKind::TimedOut`]: set a read timeout of some
/// milliseconds. `begin` is when the board's clock showed zero; `go_on` is asked all the while.
pub fn serve(
    board: &mut Board,
    mut stream: impl Read + Write,
    begin: Instant,
    mut go_on: impl FnMut(&mut Board) -> bool,
) {
    let mut bytes = [0; 512];
    let now_ms = || u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
    while go_on(board) {
        match stream.read(&mut bytes) {
            Ok(0) => return,
            Ok(len) => board.receive(now_ms(), &bytes[..len]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => return,
        }
        let out = board.run(now_ms());
        if stream
            .write_all(&out)
            .and_then(|()| stream.flush())
            .is_err()
        {
            return;
        }
    }
}
