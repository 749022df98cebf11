//! A board in RAM behind callbacks, as C would write them.

use std::{
    collections::HashMap,
    ffi::c_void,
    ptr, slice,
    sync::{Mutex, OnceLock},
};

use latch_capi::*;

use super::fault::moment;
use crate::issued::{self, DEVICE, NOW_MS};

const BLOCK: usize = 4096;
const JOURNAL: usize = 2 * 5 * BLOCK;
const SLOT: usize = 4 * BLOCK;

/// One of the inputs, made once: under Miri each signature takes seconds.
pub(crate) fn input(name: &'static str) -> Vec<u8> {
    static MADE: Mutex<Option<HashMap<&str, Vec<u8>>>> = Mutex::new(None);
    let mut made = MADE.lock().unwrap();
    let made = made.get_or_insert_default();
    made.entry(name)
        .or_insert_with(|| issued::file(name))
        .clone()
}

/// Everything that callbacks lead to. It lives on the heap, and is reached by raw pointers alone while a device runs.
pub(crate) struct Board {
    pub(crate) device: latch_device_t,
    pub(crate) journal: Vec<u8>,
    slots: [Vec<u8>; 2],
    pub(crate) counter: u64,
    dice: u8,
    pub(crate) speed: i64,
    pub(crate) acted: usize,
    /// Whether it was asked to shut something.
    pub(crate) shut: bool,
    pub(crate) sent: Vec<Vec<u8>>,
    /// What a call from within a callback came to.
    pub(crate) within: Vec<latch_result_t>,
    pub(crate) out: [u8; LATCH_STATE_SIZE],
}

type Provision = unsafe extern "C" fn(
    *mut latch_device_t,
    *const latch_parts_t,
    *const u8,
    usize,
    *const u8,
    usize,
    *const latch_factory_t,
) -> latch_result_t;

/// The board of one test.
pub(crate) struct Bench(pub(crate) *mut Board);

impl Bench {
    pub(crate) fn new() -> Self {
        Self(Box::into_raw(Box::new(Board {
            device: latch_device_t::blank(),
            journal: vec![0xff; JOURNAL],
            slots: [vec![0xff; SLOT], vec![0xff; SLOT]],
            counter: 0,
            dice: 0,
            speed: 0,
            acted: 0,
            shut: false,
            sent: Vec::new(),
            within: Vec::new(),
            out: [0; LATCH_STATE_SIZE],
        })))
    }

    /// A board with the flash of another, from which its power was taken just now.
    pub(crate) fn like(other: &Self) -> Self {
        let bench = Self::new();
        // SAFETY: two boards, while no call is under way.
        unsafe {
            (*bench.0).journal.clone_from(&(*other.0).journal);
            (*bench.0).slots.clone_from(&(*other.0).slots);
            (*bench.0).counter = (*other.0).counter;
        }
        assert_eq!(bench.boot(), LATCH_OK);
        bench
    }

    /// A device that was provisioned.
    pub(crate) fn provisioned() -> Self {
        let bench = Self::new();
        assert_eq!(bench.provision(), LATCH_OK);
        bench
    }

    pub(crate) fn device(&self) -> *mut latch_device_t {
        // SAFETY: a place inside the box.
        unsafe { &raw mut (*self.0).device }
    }

    pub(crate) fn out(&self) -> *mut u8 {
        // SAFETY: a place inside the box.
        unsafe { (&raw mut (*self.0).out).cast() }
    }

    pub(crate) fn parts(&self) -> latch_parts_t {
        let board = self.0;
        let region = |cells: *mut u8, capacity: usize| latch_flash_t {
            context: cells.cast(),
            capacity: capacity.try_into().unwrap(),
            write_size: 4,
            erase_size: 1024,
            read: Some(read),
            write: Some(write),
            erase: Some(erase),
        };
        let context = board.cast();
        let key = latch_key_t {
            context,
            public_key: Some(public_key),
            sign: Some(sign),
        };
        // SAFETY: places inside the box.
        unsafe {
            latch_parts_t {
                abi: LATCH_ABI,
                journal: region((*board).journal.as_mut_ptr(), JOURNAL),
                slots: [
                    region((*board).slots[0].as_mut_ptr(), SLOT),
                    region((*board).slots[1].as_mut_ptr(), SLOT),
                ],
                clock: latch_clock_t {
                    context,
                    ticks_ms: Some(ticks_ms),
                    trusted_ms: Some(trusted_ms),
                },
                entropy: latch_entropy_t {
                    context,
                    fill: Some(fill),
                },
                key,
                counter: latch_counter_t {
                    context,
                    read: Some(counter_read),
                    raise: Some(counter_raise),
                },
            }
        }
    }

    pub(crate) fn provision(&self) -> latch_result_t {
        self.provision_by(latch_provision)
    }

    pub(crate) fn provision_again(&self) -> latch_result_t {
        self.provision_by(latch_provision_again)
    }

    fn provision_by(&self, function: Provision) -> latch_result_t {
        let (root, enrolment) = (input("root"), input("enrolment"));
        let mut factory = latch_factory_t::default();
        factory.main.major = 1;
        let parts = self.parts();
        // SAFETY: as C would, with everything alive.
        unsafe {
            function(
                self.device(),
                &raw const parts,
                root.as_ptr(),
                root.len(),
                enrolment.as_ptr(),
                enrolment.len(),
                &raw const factory,
            )
        }
    }

    pub(crate) fn boot(&self) -> latch_result_t {
        let parts = self.parts();
        // SAFETY: as C would, with everything alive.
        unsafe { latch_boot(self.device(), &raw const parts) }
    }

    pub(crate) fn end(&self) -> latch_result_t {
        // SAFETY: as C would.
        unsafe { latch_end(self.device()) }
    }

    pub(crate) fn actuator(&self) -> latch_actuator_t {
        latch_actuator_t {
            context: self.0.cast(),
            act: Some(act),
            shut: Some(shut),
            send: Some(send),
        }
    }

    pub(crate) fn serve(&self, statement: &[u8]) -> (latch_result_t, latch_verdict_t) {
        let actuator = self.actuator();
        answer(|verdict| {
            // SAFETY: as C would, with everything alive.
            unsafe {
                latch_serve(
                    self.device(),
                    statement.as_ptr(),
                    statement.len(),
                    ptr::null(),
                    &raw const actuator,
                    self.out(),
                    LATCH_STATE_SIZE,
                    verdict,
                )
            }
        })
    }

    pub(crate) fn submit(&self, statement: &[u8]) -> (latch_result_t, latch_verdict_t) {
        answer(|verdict| {
            // SAFETY: as C would, with everything alive.
            unsafe {
                latch_submit(
                    self.device(),
                    statement.as_ptr(),
                    statement.len(),
                    ptr::null(),
                    self.out(),
                    LATCH_STATE_SIZE,
                    verdict,
                )
            }
        })
    }

    pub(crate) fn facts(&self) -> (latch_result_t, latch_facts_t) {
        // SAFETY: as C would.
        answer(|facts| unsafe { latch_facts(self.device(), facts) })
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // SAFETY: made of a box, and nobody uses it any more.
        drop(unsafe { Box::from_raw(self.0) });
    }
}

/// What a call returns, and what it has written; zeros where it has written nothing.
pub(crate) fn answer<T>(call: impl FnOnce(*mut T) -> latch_result_t) -> (latch_result_t, T) {
    // SAFETY: numbers, pointers, and enumerations of which 0 is the first.
    let mut place: T = unsafe { std::mem::zeroed() };
    let result = call(&raw mut place);
    (result, place)
}

unsafe extern "C" fn read(cells: *mut c_void, offset: u32, out: *mut u8, len: usize) -> i32 {
    moment("read");
    let offset = usize::try_from(offset).unwrap();
    // SAFETY: the library stays inside the region.
    unsafe { ptr::copy_nonoverlapping(cells.cast::<u8>().add(offset), out, len) };
    0
}

unsafe extern "C" fn write(cells: *mut c_void, offset: u32, bytes: *const u8, len: usize) -> i32 {
    moment("write");
    let offset = usize::try_from(offset).unwrap();
    assert!(offset.is_multiple_of(latch_flash_write_size()));
    assert!(len.is_multiple_of(latch_flash_write_size()));
    for at in 0..len {
        // SAFETY: the library stays inside the region.
        unsafe { *cells.cast::<u8>().add(offset + at) &= *bytes.add(at) };
    }
    0
}

unsafe extern "C" fn erase(cells: *mut c_void, offset: u32, len: u32) -> i32 {
    moment("erase");
    let (offset, len) = (
        usize::try_from(offset).unwrap(),
        usize::try_from(len).unwrap(),
    );
    assert!(offset.is_multiple_of(latch_flash_erase_size()));
    assert!(len.is_multiple_of(latch_flash_erase_size()));
    // SAFETY: the library stays inside the region.
    unsafe { ptr::write_bytes(cells.cast::<u8>().add(offset), 0xff, len) };
    0
}

unsafe extern "C" fn ticks_ms(_: *mut c_void) -> u64 {
    moment("ticks");
    1_000
}

unsafe extern "C" fn trusted_ms(_: *mut c_void, unix_ms: *mut u64) -> i32 {
    moment("time");
    // SAFETY: room for a number.
    unsafe { unix_ms.write(NOW_MS) };
    0
}

unsafe extern "C" fn fill(board: *mut c_void, out: *mut u8, len: usize) -> i32 {
    moment("dice");
    let board = board.cast::<Board>();
    // SAFETY: the board of this bench, and a buffer of that length.
    unsafe {
        (*board).dice = (*board).dice.wrapping_add(1);
        ptr::write_bytes(out, (*board).dice, len);
    }
    0
}

/// As from a secure element, whose signatures the device does not look at. What signs with a seed has a test of its own.
unsafe extern "C" fn public_key(_: *mut c_void, out: *mut u8) -> i32 {
    static PUBLIC: OnceLock<[u8; 32]> = OnceLock::new();
    let public = PUBLIC.get_or_init(|| *issued::key(DEVICE).public().bytes());
    // SAFETY: room for a key.
    unsafe { out.cast::<[u8; 32]>().write(*public) };
    0
}

unsafe extern "C" fn sign(_: *mut c_void, message: *const u8, len: usize, out: *mut u8) -> i32 {
    moment("sign");
    // SAFETY: a message of that length.
    let message = unsafe { slice::from_raw_parts(message, len) };
    let sum = message
        .iter()
        .fold(0, |sum: u8, byte| sum.wrapping_add(*byte));
    // SAFETY: room for a signature.
    unsafe { out.cast::<[u8; 64]>().write([sum; 64]) };
    0
}

unsafe extern "C" fn counter_read(board: *mut c_void, number: *mut u64) -> i32 {
    moment("count");
    // SAFETY: the board of this bench, and room for a number.
    unsafe { number.write((*board.cast::<Board>()).counter) };
    0
}

unsafe extern "C" fn counter_raise(board: *mut c_void, to: u64) -> i32 {
    moment("raise");
    // SAFETY: the board of this bench.
    unsafe { (*board.cast::<Board>()).counter = to };
    0
}

unsafe extern "C" fn act(board: *mut c_void, action: *const latch_action_t) -> i32 {
    moment("act");
    let board = board.cast::<Board>();
    // SAFETY: an action that lives until this returns.
    let action = unsafe { *action };
    // SAFETY: the board of this bench; the device's storage is not looked at through it.
    unsafe { (*board).acted += 1 };
    // From within: refused, and the device is none the worse for it.
    // SAFETY: as C would.
    let (within, _) = answer(|facts| unsafe { latch_facts(&raw mut (*board).device, facts) });
    // SAFETY: the board of this bench.
    let log = unsafe { &mut (*board).within };
    log.push(within);
    if action.kind == latch_action_kind_t::LATCH_ACTION_CLOSE {
        // SAFETY: the board of this bench.
        unsafe { (*board).shut = true };
        return 0;
    }
    let path = c"pump/speed";
    // SAFETY: entries of this action, and text that ends with a zero.
    let (found, entry) = answer::<latch_entry_t>(|entry| unsafe {
        latch_entry_find(action.twin, path.as_ptr(), entry)
    });
    if found != LATCH_OK {
        return 7;
    }
    // SAFETY: the board of this bench.
    unsafe { (*board).speed = entry.value.integer };
    0
}

unsafe extern "C" fn shut(_: *mut c_void, _: u8, _: latch_close_cause_t) {}

unsafe extern "C" fn send(board: *mut c_void, receipt: *const u8, len: usize) {
    // SAFETY: the board of this bench, and a receipt of that length.
    let (sent, receipt) = unsafe {
        let sent = &mut (*board.cast::<Board>()).sent;
        (sent, slice::from_raw_parts(receipt, len))
    };
    sent.push(receipt.to_vec());
}
