//! What functions return: 0, the number of a refusal, or one of the interface itself.

use latch_verify::{Reason, Refusal};

use crate::{
    boundary::{Place, latch_text_t},
    cell::{call_any, latch_device_t},
};

/// What came of a call: [`LATCH_OK`]; the number of a refusal, 101 to 1999 (`LATCH_REASON_...`); or one of those below.
pub type latch_result_t = u32;

/// Done.
pub const LATCH_OK: latch_result_t = 0;
/// A pointer is NULL that may not be.
pub const LATCH_NULL: latch_result_t = 2001;
/// A length is larger than any object.
pub const LATCH_LENGTH: latch_result_t = 2002;
/// A buffer overlaps another one of the same call, or the device's storage.
pub const LATCH_OVERLAP: latch_result_t = 2003;
/// A pointer is not aligned for what it points to.
pub const LATCH_MISALIGNED: latch_result_t = 2004;
/// The parts were filled in by another version of the header than the library's: set `abi` to LATCH_ABI, and build anew.
pub const LATCH_OTHER_ABI: latch_result_t = 2005;
/// The flash has other units than this library was built for, or its capacity is not in whole erase blocks.
pub const LATCH_GEOMETRY: latch_result_t = 2006;
/// A callback is missing that has to be there.
pub const LATCH_CALLBACK: latch_result_t = 2007;
/// A number lies outside of what is documented for it.
pub const LATCH_VALUE: latch_result_t = 2008;
/// The storage holds neither zeros nor what it is for: declare it static, or zero it first.
pub const LATCH_NOT_BLANK: latch_result_t = 2009;
/// The device was not booted; the link, bootloader or restoration was not begun, or could not be.
pub const LATCH_NOT_BOOTED: latch_result_t = 2010;
/// The device is running already: end it before it boots again.
pub const LATCH_RUNNING: latch_result_t = 2011;
/// The last boot failed: latch_last_refusal has why. Everything stays shut; boot again after the cause is gone.
pub const LATCH_FAULTED: latch_result_t = 2012;
/// The storage was moved since the boot: it has to stay where it was.
pub const LATCH_MOVED: latch_result_t = 2013;
/// Called from within a callback, or from another thread, while another call was under way.
pub const LATCH_REENTERED: latch_result_t = 2014;
/// No action is in hand that could be settled.
pub const LATCH_NOTHING_IN_HAND: latch_result_t = 2015;
/// There is no such entry.
pub const LATCH_NO_ENTRY: latch_result_t = 2016;
/// The slot does not hold what the bootloader has chosen to start: it must not be jumped to.
pub const LATCH_NOT_CHOSEN: latch_result_t = 2017;
/// Nobody answers at the other end of the line. What was not sent needs not be sent again: who comes next knows nothing of
/// what was before.
pub const LATCH_LINK_DOWN: latch_result_t = 2018;
/// Messages before it are still on their way, and leave it no room: try again when one has arrived.
pub const LATCH_LINK_BUSY: latch_result_t = 2019;

/// The last refusal and its evidence.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct latch_refusal_t {
    /// Number of the reason (`LATCH_REASON_...`); 0 for none.
    pub reason: latch_result_t,
    /// What would have been accepted: a count, version, time or length. 0 where the reason says it all.
    pub expected: u64,
    /// What was found instead.
    pub found: u64,
}

impl From<Refusal> for latch_refusal_t {
    fn from(refusal: Refusal) -> Self {
        Self {
            reason: refusal.reason.number().into(),
            expected: refusal.expected,
            found: refusal.found,
        }
    }
}

/// Why a call ends early.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stop {
    /// The interface was used in a way that it is not made for.
    Misuse(latch_result_t),
    /// The verifier refused.
    Refused(latch_refusal_t),
}

impl From<latch_result_t> for Stop {
    fn from(code: latch_result_t) -> Self {
        Self::Misuse(code)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.into())
    }
}

impl From<Reason> for Stop {
    fn from(reason: Reason) -> Self {
        Self::from(Refusal::from(reason))
    }
}

/// What a function returns that keeps no evidence.
pub(crate) fn code_of(result: Result<(), Stop>) -> latch_result_t {
    match result {
        Ok(()) => LATCH_OK,
        Err(Stop::Misuse(code)) => code,
        Err(Stop::Refused(refusal)) => refusal.reason,
    }
}

/// What the last call was refused for, with the evidence: of calls that returned a number of a refusal. Zeros before the
/// first. After a boot that failed because of its journal, `found` says how: 1 damaged, 2 unreadable, 3 of a newer format
/// (`expected` has which), 4 of another geometry, 5 too small, 6 a record too long, 7 not repairable, 8 incomplete.
///
/// # Safety
/// `device` is NULL or the caller's storage; `refusal` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_last_refusal(
    device: *mut latch_device_t,
    refusal: *mut latch_refusal_t,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call_any(device, |entered| {
            let place = Place::new(refusal)?;
            place.put(entered.last_refusal()?);
            Ok(())
        })
    }
}

/// What a number means and what to do, as one English sentence that lives as long as the program. Empty for a number that
/// this release does not know.
#[unsafe(no_mangle)]
pub extern "C" fn latch_sentence(result: latch_result_t) -> latch_text_t {
    let sentence = match result {
        LATCH_OK => "done",
        LATCH_NULL => "a pointer is NULL that may not be",
        LATCH_LENGTH => "a length is larger than any object",
        LATCH_OVERLAP => "a buffer overlaps another one of the same call, or the device's storage",
        LATCH_MISALIGNED => "a pointer is not aligned for what it points to",
        LATCH_OTHER_ABI => {
            "the parts were filled in by another version of the header: set abi to LATCH_ABI, and build anew"
        }
        LATCH_GEOMETRY => {
            "the flash has other units than the library was built for, or a capacity that is not in whole erase blocks"
        }
        LATCH_CALLBACK => "a callback is missing",
        LATCH_VALUE => "a number lies outside of what is documented for it",
        LATCH_NOT_BLANK => {
            "the storage holds neither zeros nor what it is for: declare it static, or zero it first"
        }
        LATCH_NOT_BOOTED => "the device was not booted, or what else was called was not begun",
        LATCH_RUNNING => "the device is running already: end it before it boots again",
        LATCH_FAULTED => "the last boot failed: ask for the last refusal",
        LATCH_MOVED => "the storage was moved since the boot: it has to stay where it was",
        LATCH_REENTERED => "called while another call was under way",
        LATCH_NOTHING_IN_HAND => "no action is in hand that could be settled",
        LATCH_NO_ENTRY => "there is no such entry",
        LATCH_NOT_CHOSEN => {
            "the slot does not hold what was chosen to start: start the recovery program"
        }
        LATCH_LINK_DOWN => "nobody answers at the other end of the line",
        LATCH_LINK_BUSY => {
            "messages before it are still on their way: try again when one has arrived"
        }
        number => u16::try_from(number)
            .ok()
            .and_then(Reason::from_number)
            .map_or("", Reason::sentence),
    };
    sentence.into()
}
