//! Every function that takes a device, from within a callback of each kind.

use std::{ffi::c_void, ptr};

use latch_capi::*;

use super::board::{Bench, Board, answer};

/// Tries to come in while the journal is read.
unsafe extern "C" fn read(board: *mut c_void, offset: u32, out: *mut u8, len: usize) -> i32 {
    let board = board.cast::<Board>();
    // SAFETY: the board of this bench, of which the device's storage is not looked at but by the library.
    unsafe {
        let device = &raw mut (*board).device;
        let log = &mut (*board).within;
        log.push(answer(|facts| latch_facts(device, facts)).0);
        log.push(latch_boot(device, ptr::null()));
        log.push(latch_end(device));
        let cells = (*board).journal.as_ptr();
        ptr::copy_nonoverlapping(cells.add(usize::try_from(offset).unwrap()), out, len);
    }
    0
}

#[test]
fn nobody_comes_in_while_a_boot_reads_the_journal() {
    let bench = Bench::new();
    let mut parts = bench.parts();
    parts.journal.context = bench.0.cast();
    parts.journal.read = Some(read);
    // SAFETY: as C would.
    let result = unsafe { latch_boot(bench.device(), &raw const parts) };
    assert_eq!(result, 1005);
    // SAFETY: the board of this bench.
    let within = unsafe { &(*bench.0).within };
    assert!(!within.is_empty() && within.iter().all(|result| *result == LATCH_REENTERED));
}
