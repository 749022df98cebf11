//! The bootloader's choice. It needs no device, and handles no code.

use core::ffi::c_void;

use latch_verify::{
    Reason,
    boot::{BootFault, Bootloader, Choice, Start},
    ledger::Image,
    limits::MAX_RECORD,
    types::Digest,
};

use crate::{
    board::Flash,
    boundary::{Place, buffer, copied},
    cell::journal_fault,
    images::latch_image_t,
    parts::{latch_flash_t, required},
    result::{Stop, code_of, latch_refusal_t, latch_result_t},
};

/// Bytes of the buffer through which a journal is read.
pub const LATCH_RECORD_SIZE: usize = 2304;

const _: () = assert!(LATCH_RECORD_SIZE == MAX_RECORD);

/// What to start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum latch_start_kind_t {
    /// No slot holds anything that may run: the recovery program, which boots as LATCH_STARTED_RECOVERY.
    LATCH_START_RECOVERY = 0,
    /// The confirmed image.
    LATCH_START_CONFIRMED = 1,
    /// The new image, which has to confirm itself. Start a watchdog first.
    LATCH_START_TRIAL = 2,
    /// The image that was confirmed before the confirmed one, whose slot does not hold it.
    LATCH_START_FALLBACK = 3,
}

/// What to start, and what is given up by it.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct latch_choice_t {
    /// What.
    pub start: latch_start_kind_t,
    /// The image to start; none in the recovery program's case.
    pub image: latch_image_t,
    /// Why an image on trial is given up: number of the reason, 0 for none.
    pub given_up: latch_result_t,
    /// Why the recovery program has to start, where the journal could not be read; as latch_last_refusal has it.
    pub refusal: latch_refusal_t,
}

impl latch_choice_t {
    const RECOVERY: Self = Self {
        start: latch_start_kind_t::LATCH_START_RECOVERY,
        image: latch_image_t {
            any: false,
            slot: 0,
            component: 0,
            version: crate::life::latch_version_t {
                major: 0,
                minor: 0,
                patch: 0,
            },
            manifest: crate::telling::latch_statement_id_t { id: [0; 16] },
            merkle_root: [0; 32],
            size: 0,
            page_size: 0,
            security_version: 0,
        },
        given_up: 0,
        refusal: latch_refusal_t {
            reason: 0,
            expected: 0,
            found: 0,
        },
    };
}

impl From<Choice> for latch_choice_t {
    fn from(choice: Choice) -> Self {
        use latch_start_kind_t as kind;
        let (start, image) = match choice.start {
            Start::Confirmed(image) => (kind::LATCH_START_CONFIRMED, image.into()),
            Start::Trial(image) => (kind::LATCH_START_TRIAL, image.into()),
            Start::Fallback(image) => (kind::LATCH_START_FALLBACK, image.into()),
            Start::Recovery => (kind::LATCH_START_RECOVERY, Self::RECOVERY.image),
        };
        Self {
            start,
            image,
            given_up: choice.given_up.map_or(0, |reason| reason.number().into()),
            ..Self::RECOVERY
        }
    }
}

impl From<BootFault> for latch_refusal_t {
    fn from(fault: BootFault) -> Self {
        match fault {
            BootFault::Journal(error) => journal_fault(error),
            BootFault::Blank => latch_verify::Refusal::from(Reason::Unprovisioned).into(),
            BootFault::Incomplete => Self {
                reason: Reason::LatchedShut.number().into(),
                expected: 0,
                found: 8,
            },
        }
    }
}

/// Reads the journal, repairs what a power cut has left, chooses what to start by reading the slots back, and notes it
/// durably if it is an image on trial. `record` is a buffer of LATCH_RECORD_SIZE bytes.
///
/// Whatever is returned, `choice` (where it is not NULL) says what to start: with anything but LATCH_OK the recovery
/// program. A watchdog runs before it starts.
///
/// # Safety
/// Pointers are NULL or lead to as much as they say (`slots` to two), and the callbacks keep their word.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_bootloader_start(
    journal: *const latch_flash_t,
    slots: *const latch_flash_t,
    record: *mut u8,
    record_size: usize,
    choice: *mut latch_choice_t,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        choose(choice, || {
            let mut slots = two(slots)?;
            let (mut loader, record) = read(journal, record, record_size)?;
            Ok(loader.start(&mut slots, record))
        })
    }
}

/// As latch_bootloader_start, for images that lie elsewhere than in flash: `is_whole` reads an image's slot back, and
/// returns 0 if it holds what the image says.
///
/// # Safety
/// As latch_bootloader_start.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_bootloader_start_by(
    journal: *const latch_flash_t,
    is_whole: Option<
        unsafe extern "C" fn(context: *mut c_void, image: *const latch_image_t) -> i32,
    >,
    context: *mut c_void,
    record: *mut u8,
    record_size: usize,
    choice: *mut latch_choice_t,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        choose(choice, || {
            let is_whole = required(is_whole)?;
            let (mut loader, record) = read(journal, record, record_size)?;
            let ask = |image: &Image, found: &mut Digest| {
                let asked = latch_image_t::from(*image);
                if is_whole(context, &raw const asked) == 0 {
                    *found = image.merkle_root;
                }
            };
            Ok(loader.start_by(ask, record))
        })
    }
}

/// # Safety
/// As [`latch_bootloader_start`].
unsafe fn choose(
    place: *mut latch_choice_t,
    start: impl FnOnce() -> Result<Choice, Stop>,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    let place = match unsafe { Place::new(place) } {
        Ok(place) => place,
        Err(stop) => return code_of(Err(stop)),
    };
    place.put(latch_choice_t::RECOVERY);
    match start() {
        Ok(choice) => {
            place.put(choice.into());
            code_of(Ok(()))
        }
        Err(stop) => {
            if let Stop::Refused(refusal) = stop {
                place.put(latch_choice_t {
                    refusal,
                    ..latch_choice_t::RECOVERY
                });
            }
            code_of(Err(stop))
        }
    }
}

/// # Safety
/// As [`latch_bootloader_start`].
pub(crate) unsafe fn read<'a>(
    journal: *const latch_flash_t,
    record: *mut u8,
    record_size: usize,
) -> Result<(Bootloader<Flash>, &'a mut [u8; MAX_RECORD]), Stop> {
    // SAFETY: as this function's caller promises.
    let (journal, record) = unsafe {
        let journal = Flash::new(&copied(journal)?)?;
        (journal, buffer(record, record_size, &[])?)
    };
    let record = record.first_chunk_mut().ok_or(Reason::BufferTooSmall)?;
    let loader = Bootloader::read(journal, record).map_err(|fault| Stop::Refused(fault.into()))?;
    Ok((loader, record))
}

/// # Safety
/// As [`latch_bootloader_start`].
pub(crate) unsafe fn two(slots: *const latch_flash_t) -> Result<[Flash; 2], Stop> {
    // SAFETY: as this function's caller promises.
    let [first, second] = unsafe { copied(slots.cast::<[latch_flash_t; 2]>())? };
    // SAFETY: as this function's caller promises.
    unsafe { Ok([Flash::new(&first)?, Flash::new(&second)?]) }
}
