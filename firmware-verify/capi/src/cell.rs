//! The caller's storage: what lies in it, and who may look at it when.

use core::{
    mem::MaybeUninit,
    ops::{Deref, DerefMut},
    ptr::{self, NonNull},
    sync::atomic::{AtomicU32, Ordering},
};

use latch_verify::{
    device::{Device, Memory, MountFault, Ticket},
    journal::MountError,
    limits::{MAX_BURNED, MAX_TWIN},
};

use crate::{
    board::Board,
    boundary::Span,
    result::{
        LATCH_FAULTED, LATCH_MISALIGNED, LATCH_MOVED, LATCH_NOT_BLANK, LATCH_NOT_BOOTED,
        LATCH_NULL, LATCH_OK, LATCH_REENTERED, LATCH_RUNNING, Stop, latch_refusal_t,
        latch_result_t,
    },
};

/// The device behind the interface: with the largest twin and table of used codes, so that its size is a constant of the
/// header.
pub(crate) type Inner = Device<Board, MAX_TWIN, MAX_BURNED, Lent>;

/// A device's memory, in the storage beside it. Not a reference: between calls the storage is the caller's to look at.
pub(crate) struct Lent(NonNull<Memory>);

impl Deref for Lent {
    type Target = Memory;

    fn deref(&self) -> &Memory {
        // SAFETY: made of a field of the storage that holds a memory until the device was dropped, and of which this is the
        // only handle. Whoever gets here holds the device, so no call but his is under way.
        unsafe { self.0.as_ref() }
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut Memory {
        // SAFETY: as in `deref`.
        unsafe { self.0.as_mut() }
    }
}

/// Words of a device's storage, on targets with pointers of 32 bits. Checked when the library is built.
#[cfg(target_pointer_width = "32")]
pub const LATCH_DEVICE_WORDS: usize = 1072;
/// Words of a device's storage, on targets with pointers of 64 bits. Checked when the library is built.
#[cfg(target_pointer_width = "64")]
pub const LATCH_DEVICE_WORDS: usize = 1088;

/// Bytes that a device's storage may have too many: its size is one for all targets whose pointers are as long, and does not change
/// with every field.
const SPARE: usize = 256;

/// Bytes of a device's storage.
pub const LATCH_DEVICE_SIZE: usize = LATCH_DEVICE_WORDS * 8;
/// Alignment of a device's storage, in bytes.
pub const LATCH_DEVICE_ALIGNMENT: usize = 8;

/// A device. Declare it static, or zero it before its first use; it has to stay where it is from its boot to its end.
#[derive(Debug)]
#[repr(C)]
pub struct latch_device_t {
    /// Nobody's but the library's.
    opaque: [u64; LATCH_DEVICE_WORDS],
}

impl latch_device_t {
    /// Storage in which nothing lies yet.
    #[must_use]
    pub const fn blank() -> Self {
        Self {
            opaque: [0; LATCH_DEVICE_WORDS],
        }
    }
}

/// Nothing lies here, as in memory that was cleared.
const BLANK: u32 = 0;
/// A device was booted here and did not come up, or is about to.
const FAULTED: u32 = 0x4c61_4661;
/// A device runs here.
const RUNNING: u32 = 0x4c61_5275;

/// What really lies in a [`latch_device_t`]. Everything behind `at` holds something only when `tag` says so.
/// In this order, so that what was not zeroed is noticed at the first of its words.
#[repr(C)]
struct Cell {
    tag: u32,
    /// Not 0 while a call is under way. Read and written apart from the rest, through a reference of its own: what enters
    /// from a callback looks at nothing else.
    entered: AtomicU32,
    /// The address at which this was begun; 0 in blank storage.
    at: usize,
    refusal: MaybeUninit<latch_refusal_t>,
    ticket: MaybeUninit<Option<Ticket>>,
    memory: MaybeUninit<Memory>,
    device: MaybeUninit<Inner>,
}

const _: () = {
    assert!(
        size_of::<Cell>() <= size_of::<latch_device_t>(),
        "LATCH_DEVICE_WORDS are too few"
    );
    assert!(
        size_of::<latch_device_t>() <= size_of::<Cell>() + SPARE,
        "LATCH_DEVICE_WORDS are too many"
    );
    assert!(
        align_of::<Cell>() <= align_of::<latch_device_t>(),
        "latch_device_t is not aligned enough"
    );
    assert!(size_of::<latch_device_t>() == LATCH_DEVICE_SIZE);
    assert!(align_of::<latch_device_t>() == LATCH_DEVICE_ALIGNMENT);
};

/// A device in the middle of a call.
pub(crate) struct Door<'a> {
    pub(crate) device: &'a mut Inner,
    /// The action that was handed out and is not settled.
    pub(crate) ticket: &'a mut Option<Ticket>,
    /// Where the storage lies: what the caller lends has to lie elsewhere.
    pub(crate) storage: Span,
}

/// The right to look into a storage, which nobody else has until it is dropped.
pub(crate) struct Entered(NonNull<Cell>);

impl Entered {
    /// # Safety
    /// `device` is NULL, or leads to a `latch_device_t` that is initialised (to zeros at first), lives until it was ended,
    /// and is touched by nobody but this library.
    unsafe fn enter(device: *mut latch_device_t) -> Result<Self, latch_result_t> {
        let cell = NonNull::new(device).ok_or(LATCH_NULL)?.cast::<Cell>();
        if !cell.is_aligned() {
            return Err(LATCH_MISALIGNED);
        }
        let place = cell.as_ptr();
        // SAFETY: within the storage, which is large and aligned enough (asserted above) and initialised; read by value, so
        // that no reference to it lives on.
        let tag = unsafe { (&raw const (*place).tag).read() };
        if !matches!(tag, BLANK | FAULTED | RUNNING) {
            return Err(LATCH_NOT_BLANK);
        }
        // SAFETY: as above; the reference covers the flag alone, which no other reference ever does but one like it.
        let entered = unsafe { &(*place).entered };
        // Not a swap: the smallest cores have none. Of two threads both may pass here, which is the caller's to prevent.
        if entered.load(Ordering::Relaxed) != 0 {
            return Err(LATCH_REENTERED);
        }
        // SAFETY: as for the tag.
        let at = unsafe { (&raw const (*place).at).read() };
        match (tag, at) {
            (BLANK, 0) => {}
            (BLANK, _) => return Err(LATCH_NOT_BLANK),
            (_, at) if at == place.addr() => {}
            _ => return Err(LATCH_MOVED),
        }
        entered.store(1, Ordering::Relaxed);
        Ok(Self(cell))
    }

    fn tag(&self) -> u32 {
        // SAFETY: the storage was found sound when it was entered, and is nobody else's until this is dropped.
        unsafe { (&raw const (*self.0.as_ptr()).tag).read() }
    }

    fn set_tag(&mut self, tag: u32) {
        // SAFETY: as in `tag`.
        unsafe { (&raw mut (*self.0.as_ptr()).tag).write(tag) };
    }

    fn span(&self) -> Span {
        Span::of(self.0.as_ptr(), LATCH_DEVICE_SIZE)
    }

    fn door(&mut self) -> Result<Door<'_>, Stop> {
        match self.tag() {
            RUNNING => {}
            FAULTED => return Err(LATCH_FAULTED.into()),
            _ => return Err(LATCH_NOT_BOOTED.into()),
        }
        let storage = self.span();
        let place = self.0.as_ptr();
        // SAFETY: RUNNING is set after a device was written here, and taken away before it is dropped. The reference covers
        // that field alone, and lives no longer than the right to look.
        let device = unsafe { &mut *(&raw mut (*place).device).cast::<Inner>() };
        // SAFETY: written by every boot before the device; a field of its own.
        let ticket = unsafe { &mut *(&raw mut (*place).ticket).cast::<Option<Ticket>>() };
        Ok(Door {
            device,
            ticket,
            storage,
        })
    }

    pub(crate) fn last_refusal(&self) -> Result<latch_refusal_t, Stop> {
        if self.tag() == BLANK {
            return Err(LATCH_NOT_BOOTED.into());
        }
        // SAFETY: every boot writes it before the tag says that something lies here.
        Ok(unsafe {
            (&raw const (*self.0.as_ptr()).refusal)
                .cast::<latch_refusal_t>()
                .read()
        })
    }

    /// Boots a device in this storage. Where the interface was misused, the storage stays as it was.
    pub(crate) fn bring_up(
        &mut self,
        boot: impl FnOnce(Lent, Span) -> Result<Inner, Stop>,
    ) -> Result<(), Stop> {
        let before = self.tag();
        if before == RUNNING {
            return Err(LATCH_RUNNING.into());
        }
        let place = self.0.as_ptr();
        // SAFETY: within the storage, of which this has the sole right; nothing that would have to be dropped lies there,
        // since no device does.
        unsafe {
            (&raw mut (*place).at).write(place.addr());
            (&raw mut (*place).ticket).write(MaybeUninit::new(None));
            clear((&raw mut (*place).memory).cast());
        }
        // SAFETY: a field of the storage, so not NULL.
        let memory = unsafe { NonNull::new_unchecked((&raw mut (*place).memory).cast()) };
        let booted = boot(Lent(memory), self.span());
        match &booted {
            Err(Stop::Misuse(_)) if before == BLANK => self.end(),
            Err(Stop::Misuse(_)) => {}
            _ => {
                // SAFETY: as above.
                unsafe {
                    (&raw mut (*place).refusal).write(MaybeUninit::new(latch_refusal_t::default()));
                };
                self.set_tag(FAULTED);
            }
        }
        let device = booted?;
        // SAFETY: a field of its own, in which nothing lies.
        unsafe { (&raw mut (*place).device).write(MaybeUninit::new(device)) };
        self.set_tag(RUNNING);
        Ok(())
    }

    /// Drops what lies here, and leaves zeros.
    pub(crate) fn end(&mut self) {
        let place = self.0.as_ptr();
        if self.tag() == RUNNING {
            self.set_tag(FAULTED);
            // SAFETY: the tag has said that a device lies here, and no longer does.
            unsafe { ptr::drop_in_place((&raw mut (*place).device).cast::<Inner>()) };
        }
        // SAFETY: the whole storage, of which this has the sole right; zeros are a blank cell.
        unsafe { ptr::write_bytes(place.cast::<latch_device_t>(), 0, 1) };
    }

    /// What the call returns; a refusal is kept with its evidence.
    fn conclude(&mut self, result: Result<(), Stop>) -> latch_result_t {
        match result {
            Ok(()) => LATCH_OK,
            Err(Stop::Misuse(code)) => code,
            Err(Stop::Refused(refusal)) => {
                if self.tag() != BLANK {
                    // SAFETY: within the storage, of which this has the sole right.
                    unsafe {
                        (&raw mut (*self.0.as_ptr()).refusal).write(MaybeUninit::new(refusal));
                    }
                }
                refusal.reason
            }
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        // SAFETY: as in `enter`.
        let entered = unsafe { &(*self.0.as_ptr()).entered };
        entered.store(0, Ordering::Relaxed);
    }
}

/// Writes a cleared memory. Its zeros are written where it lies, not copied there from the stack or from flash.
///
/// # Safety
/// `memory` can be written.
#[inline(never)]
unsafe fn clear(memory: *mut Memory) {
    // SAFETY: as this function's caller promises.
    unsafe { memory.write(const { Memory::new() }) };
}

/// A call on storage in whatever condition.
///
/// # Safety
/// As [`Entered::enter`].
pub(crate) unsafe fn call_any(
    device: *mut latch_device_t,
    body: impl FnOnce(&mut Entered) -> Result<(), Stop>,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    match unsafe { Entered::enter(device) } {
        Ok(mut entered) => {
            let result = body(&mut entered);
            entered.conclude(result)
        }
        Err(code) => code,
    }
}

/// A call on a device that runs.
///
/// # Safety
/// As [`Entered::enter`].
pub(crate) unsafe fn call(
    device: *mut latch_device_t,
    body: impl FnOnce(Door<'_>) -> Result<(), Stop>,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe { call_any(device, |entered| body(entered.door()?)) }
}

/// Why a device did not come up: with the journal's own fault as evidence.
impl From<MountFault> for Stop {
    fn from(fault: MountFault) -> Self {
        match fault {
            MountFault::Refused(refusal) => refusal.into(),
            MountFault::Journal(error) => Self::Refused(journal_fault(error)),
        }
    }
}

pub(crate) fn journal_fault(error: MountError) -> latch_refusal_t {
    let (expected, found) = match error {
        MountError::Corrupt => (0, 1),
        MountError::Unreadable => (0, 2),
        MountError::NewerFormat { found } => (found, 3),
        MountError::OtherGeometry => (0, 4),
        MountError::TooSmall => (0, 5),
        MountError::BufferTooSmall => (0, 6),
        MountError::Storage => (0, 7),
        // Not known to this release; the journal's enumeration may grow.
        _ => (0, u8::MAX),
    };
    latch_refusal_t {
        reason: latch_verify::Reason::LatchedShut.number().into(),
        expected: expected.into(),
        found: found.into(),
    }
}
