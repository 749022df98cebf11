//! The device's end of the serial protocol (LINK.md): bytes in and out, and a session over memory that C lends. It has no line
//! and no clock of its own, and calls nobody back.

use core::ptr::NonNull;

use latch_link::{
    DeviceEnd, Happened, LONGEST_FROM_DEVICE, Lost, MAX_LINE, NotSent, SessionOver,
    longest_to_device,
};
use latch_verify::{Reason, Refusal};

use crate::{
    boundary::{Place, Span, buffer, bytes},
    geometry::LARGEST_PAGE,
    kept::{Kept, begin, call},
    result::{LATCH_LINK_BUSY, LATCH_LINK_DOWN, LATCH_OVERLAP, Stop, code_of, latch_result_t},
};

/// Words of a link, besides its buffers. Checked when the library is built.
pub const LATCH_LINK_WORDS: usize = 72;
/// Bytes of a frame on the line, at most.
pub const LATCH_LINE_SIZE: usize = 276;
/// Bytes of the longest statement with its manifest, as a message: the least that a link takes in.
pub const LATCH_LINK_LEAST_IN: usize = 3104;
/// Bytes of a page message around the page.
pub const LATCH_LINK_AROUND_PAGE: usize = 536;
/// Bytes that take everything a device says on its way out, and leave short messages room beside a long one.
pub const LATCH_LINK_OUT_SIZE: usize = 3034;

/// Room for short messages beside the longest: each takes 128 bytes at most.
const BESIDE: usize = 512;
/// What is used of a longer buffer for what comes: the greeting says it in a number of 16 bits.
const MOST_IN: usize = 0xffff;

const _: () = {
    assert!(LATCH_LINE_SIZE == MAX_LINE);
    assert!(LATCH_LINK_LEAST_IN == longest_to_device(0));
    assert!(LATCH_LINK_AROUND_PAGE == longest_to_device(LARGEST_PAGES) - LARGEST_PAGES);
    assert!(LATCH_LINK_OUT_SIZE == LONGEST_FROM_DEVICE + 2 + BESIDE);
};

/// The largest pages that any build serves.
const LARGEST_PAGES: usize = 16 * 1024;

/// The device's end of a serial line. Declare it static, or zero it first.
#[derive(Debug)]
#[repr(C)]
pub struct latch_link_t {
    opaque: [u64; LATCH_LINK_WORDS],
}

impl latch_link_t {
    /// Storage in which nothing lies yet.
    #[must_use]
    pub const fn blank() -> Self {
        Self {
            opaque: [0; LATCH_LINK_WORDS],
        }
    }
}

/// A buffer that C lends for as long as the link is used. Not a reference: what lies in it is C's to look at until it is
/// taken.
pub(crate) struct Lent {
    place: NonNull<u8>,
    len: usize,
}

impl Lent {
    fn span(&self) -> Span {
        Span::of(self.place.as_ptr(), self.len)
    }
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: looked at and cleared when it was lent, and nobody else writes to it, as whoever lends it has promised.
        unsafe { core::slice::from_raw_parts(self.place.as_ptr(), self.len) }
    }
}

impl AsMut<[u8]> for Lent {
    fn as_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above. A session asks for this only where it writes, which it does not while a message lies there.
        unsafe { core::slice::from_raw_parts_mut(self.place.as_ptr(), self.len) }
    }
}

/// A session, and where its buffers lie: what else C lends has to lie elsewhere.
pub(crate) struct Inner {
    pub(crate) session: SessionOver<DeviceEnd, Lent, Lent>,
    buffers: [Span; 2],
}

impl Inner {
    /// Refuses memory that is the session's.
    pub(crate) fn check_apart(&self, lent: Span) -> Result<(), Stop> {
        if self.buffers.iter().any(|buffer| buffer.overlaps(lent)) {
            return Err(LATCH_OVERLAP.into());
        }
        Ok(())
    }

    /// Bytes to read that lie apart from the link and its buffers.
    ///
    /// # Safety
    /// As [`bytes`].
    pub(crate) unsafe fn bytes<'a>(
        &self,
        place: *const u8,
        len: usize,
        storage: Span,
    ) -> Result<&'a [u8], Stop> {
        self.check_apart(Span::of(place, len))?;
        // SAFETY: as this function's caller promises.
        unsafe { bytes(place, len, storage) }
    }
}

impl Kept for Inner {
    type Storage = latch_link_t;
    const TAG: u32 = 0x4c61_4c69;
}

/// Why a message was not sent, as C is told.
pub(crate) fn sent(result: Result<(), NotSent>) -> Result<(), Stop> {
    result.map_err(|not_sent| match not_sent {
        NotSent::Down => LATCH_LINK_DOWN.into(),
        NotSent::Busy => LATCH_LINK_BUSY.into(),
        NotSent::TooLong { most } => {
            let most = u64::try_from(most).unwrap_or(u64::MAX);
            Refusal::new(Reason::BufferTooSmall, 0, most).into()
        }
    })
}

/// Begins the device's end of a line, without a peer. `id` is random: a device that starts again takes another one, by which
/// the host sees that it did.
///
/// `incoming` takes the longest message that comes: LATCH_LINK_IN_SIZE(latch_largest_page()) bytes at least. `outgoing` takes
/// what is on its way to the host: LATCH_LINK_OUT_SIZE bytes are enough for everything, and less for a program that says less.
/// Both are the link's from now on.
///
/// Refused with LATCH_REASON_BUFFER_TOO_SMALL.
///
/// # Safety
/// `link` is NULL or holds zeros or what this library has left there, and nobody else touches it. The buffers are NULL or lead
/// to as much as they say, live as long as the link is used, and are written by nobody else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_link_begin(
    link: *mut latch_link_t,
    id: u32,
    incoming: *mut u8,
    incoming_size: usize,
    outgoing: *mut u8,
    outgoing_size: usize,
) -> latch_result_t {
    let make = |storage| {
        // SAFETY: as this function's caller promises.
        let (incoming, outgoing) = unsafe {
            let incoming = lent(incoming, incoming_size.min(MOST_IN), &[storage])?;
            let outgoing = lent(outgoing, outgoing_size, &[storage, incoming.span()])?;
            (incoming, outgoing)
        };
        let buffers = [incoming.span(), outgoing.span()];
        let wanted = longest_to_device(LARGEST_PAGE);
        let session = (incoming.len >= wanted)
            .then(|| SessionOver::over(id, incoming, outgoing))
            .flatten();
        let wide = |len: usize| u64::try_from(len).unwrap_or(u64::MAX);
        let too_small = Refusal::new(Reason::BufferTooSmall, wide(wanted), wide(incoming_size));
        let session = session.ok_or(too_small)?;
        Ok(Inner { session, buffers })
    };
    // SAFETY: as this function's caller promises.
    code_of(unsafe { begin(link, make) })
}

/// # Safety
/// As [`buffer`], for as long as the result is used.
unsafe fn lent(place: *mut u8, len: usize, apart: &[Span]) -> Result<Lent, Stop> {
    // SAFETY: as this function's caller promises.
    unsafe { buffer(place, len, apart)? };
    let place = NonNull::new(place).ok_or(crate::result::LATCH_NULL)?;
    Ok(Lent { place, len })
}

/// Gives the host up, and everything under way, and begins under another id: for a host that answers, and does nothing for
/// too long.
///
/// # Safety
/// As latch_link_begin.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_link_restart(link: *mut latch_link_t, id: u32) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(link, |inner: &mut Inner, _| {
            inner.session.restart(id);
            Ok(())
        })
    }
}

/// Takes bytes from the line, however they are cut. `now_ms` is the time of any clock that never goes back.
///
/// # Safety
/// As latch_link_begin; `from_line` is NULL or leads to `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_link_receive(
    link: *mut latch_link_t,
    now_ms: u64,
    from_line: *const u8,
    len: usize,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(link, |inner: &mut Inner, storage| {
            let bytes = inner.bytes(from_line, len, storage)?;
            inner.session.receive(now_ms, bytes);
            Ok(())
        })
    }
}

/// Writes the next frame for the line into `to_line`, which takes LATCH_LINE_SIZE bytes; its length into `len`, 0 where nothing
/// is to be sent now. Call it again until then, and whenever something was received, said or taken.
///
/// Refused with LATCH_REASON_BUFFER_TOO_SMALL.
///
/// # Safety
/// As latch_link_begin; `to_line` is NULL or leads to `size` bytes that can be written; `len` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_link_transmit(
    link: *mut latch_link_t,
    now_ms: u64,
    to_line: *mut u8,
    size: usize,
    len: *mut usize,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(link, |inner: &mut Inner, storage| {
            let place = Place::new(len)?;
            inner.check_apart(Span::of(to_line, size))?;
            let frame = buffer(to_line, size, &[storage])?;
            let frame = frame.first_chunk_mut().ok_or(Reason::BufferTooSmall)?;
            place.put(inner.session.transmit(now_ms, frame));
            Ok(())
        })
    }
}

/// Tells the host that the device has to work, and will not look at its line for up to a minute. A message that waits to be
/// taken has told so already. Then latch_link_transmit.
///
/// # Safety
/// As latch_link_begin.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_link_working(link: *mut latch_link_t) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(link, |inner: &mut Inner, _| {
            inner.session.working();
            Ok(())
        })
    }
}

/// How a link is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct latch_link_status_t {
    /// Whether there is a host.
    pub up: bool,
    /// Whether the host has all that was said.
    pub all_arrived: bool,
    /// Whether a message waits to be taken.
    pub heard: bool,
    /// When to call latch_link_transmit at the latest, if nothing comes before: a time that is past means at once.
    pub wake_at_ms: u64,
    /// Frames that came broken, or were none.
    pub broken: u32,
    /// Frames that were sent again.
    pub repeated: u32,
}

/// How a link is.
///
/// # Safety
/// As latch_link_begin; `status` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_link_status(
    link: *mut latch_link_t,
    status: *mut latch_link_status_t,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(link, |inner: &mut Inner, _| {
            let session = &inner.session;
            let counts = session.counts();
            Place::new(status)?.put(latch_link_status_t {
                up: session.is_up(),
                all_arrived: session.all_arrived(),
                heard: session.message().is_some(),
                wake_at_ms: session.next_wake_ms(),
                broken: counts.broken,
                repeated: counts.repeated,
            });
            Ok(())
        })
    }
}

/// What has happened to a link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum latch_happened_t {
    /// Nothing since it was asked last.
    LATCH_HAPPENED_NOTHING = 0,
    /// There is a host, which knows nothing of what was before: tell it standing, pulse and wants.
    LATCH_HAPPENED_UP = 1,
    /// The host was not heard for too long. With any host that is lost, what was on its way to it may have arrived or not, and
    /// what it had asked is gone: end it no more.
    LATCH_HAPPENED_LOST_SILENT = 2,
    /// The host, or what came in its place, has started again.
    LATCH_HAPPENED_LOST_RESTARTED = 3,
    /// The host was heard, and did not answer what it was sent.
    LATCH_HAPPENED_LOST_UNANSWERED = 4,
    /// The host said what nobody says who keeps to the protocol.
    LATCH_HAPPENED_LOST_BREACH = 5,
    /// The device gave it up.
    LATCH_HAPPENED_LOST_GIVEN_UP = 6,
    /// Somebody is there who speaks another major version of the protocol.
    LATCH_HAPPENED_OTHER_VERSION = 7,
}

/// What has happened since it was asked last, in order: ask until LATCH_HAPPENED_NOTHING, before saying and after receiving.
///
/// # Safety
/// As latch_link_begin; `happened` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_link_happened(
    link: *mut latch_link_t,
    happened: *mut latch_happened_t,
) -> latch_result_t {
    use latch_happened_t as kind;
    // SAFETY: as this function's caller promises.
    unsafe {
        call(link, |inner: &mut Inner, _| {
            let place = Place::new(happened)?;
            place.put(match inner.session.happened() {
                None => kind::LATCH_HAPPENED_NOTHING,
                Some(Happened::Up) => kind::LATCH_HAPPENED_UP,
                Some(Happened::Lost(how)) => match how {
                    Lost::Silent => kind::LATCH_HAPPENED_LOST_SILENT,
                    Lost::Restarted => kind::LATCH_HAPPENED_LOST_RESTARTED,
                    Lost::Unanswered => kind::LATCH_HAPPENED_LOST_UNANSWERED,
                    Lost::Breach => kind::LATCH_HAPPENED_LOST_BREACH,
                    Lost::GivenUp => kind::LATCH_HAPPENED_LOST_GIVEN_UP,
                },
                Some(Happened::Refused(_)) => kind::LATCH_HAPPENED_OTHER_VERSION,
            });
            Ok(())
        })
    }
}
