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
    facts::{latch_identity_t, latch_install_phase_t},
    images::latch_image_t,
    kept::{Kept, begin, call},
    parts::{latch_flash_t, required},
    result::{LATCH_NOT_CHOSEN, Stop, code_of, latch_refusal_t, latch_result_t},
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

/// Words of a bootloader. Checked when the library is built.
#[cfg(target_pointer_width = "32")]
pub const LATCH_BOOTLOADER_WORDS: usize = 160;
/// Words of a bootloader. Checked when the library is built.
#[cfg(target_pointer_width = "64")]
pub const LATCH_BOOTLOADER_WORDS: usize = 176;

/// What a bootloader has read and chosen. Declare it static, or zero it first.
#[derive(Debug)]
#[repr(C)]
pub struct latch_bootloader_t {
    opaque: [u64; LATCH_BOOTLOADER_WORDS],
}

impl latch_bootloader_t {
    /// Storage in which nothing lies yet.
    #[must_use]
    pub const fn blank() -> Self {
        Self {
            opaque: [0; LATCH_BOOTLOADER_WORDS],
        }
    }
}

struct Read(Bootloader<Flash>);

impl Kept for Read {
    type Storage = latch_bootloader_t;
    const TAG: u32 = 0x4c61_426f;
}

/// Reads the journal, repairs what a power cut has left, chooses what to start by reading the slots back, and notes it
/// durably if it is an image on trial. `record` is a buffer of LATCH_RECORD_SIZE bytes.
///
/// Whatever is returned, `choice` (where it is not NULL) says what to start: with anything but LATCH_OK the recovery
/// program. A watchdog runs before it starts. Right before a jump, ask latch_bootloader_may_jump_to.
///
/// # Safety
/// `loader` is NULL or holds zeros or what this library has left there, and nobody else touches it. Other pointers are NULL or
/// lead to as much as they say (`slots` to two); the callbacks keep their word, and what the journal's context leads to lives
/// as long as the loader is used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_bootloader_start(
    loader: *mut latch_bootloader_t,
    journal: *const latch_flash_t,
    slots: *const latch_flash_t,
    record: *mut u8,
    record_size: usize,
    choice: *mut latch_choice_t,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        choose(loader, choice, || {
            let mut slots = two(slots)?;
            let (mut loader, record) = read(journal, record, record_size)?;
            let choice = loader.start(&mut slots, record);
            Ok((loader, choice))
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
    loader: *mut latch_bootloader_t,
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
        choose(loader, choice, || {
            let is_whole = required(is_whole)?;
            let (mut loader, record) = read(journal, record, record_size)?;
            let ask = |image: &Image, found: &mut Digest| {
                let asked = latch_image_t::from(*image);
                if is_whole(context, &raw const asked) == 0 {
                    *found = image.merkle_root;
                }
            };
            let choice = loader.start_by(ask, record);
            Ok((loader, choice))
        })
    }
}

/// # Safety
/// As [`latch_bootloader_start`].
unsafe fn choose(
    loader: *mut latch_bootloader_t,
    place: *mut latch_choice_t,
    start: impl FnOnce() -> Result<(Bootloader<Flash>, Choice), Stop>,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    let place = match unsafe { Place::new(place) } {
        Ok(place) => place,
        Err(stop) => return code_of(Err(stop)),
    };
    place.put(latch_choice_t::RECOVERY);
    // SAFETY: as this function's caller promises.
    let begun = unsafe {
        begin(loader, |_| {
            let (loader, choice) = start()?;
            place.put(choice.into());
            Ok(Read(loader))
        })
    };
    if let Err(Stop::Refused(refusal)) = begun {
        place.put(latch_choice_t {
            refusal,
            ..latch_choice_t::RECOVERY
        });
    }
    code_of(begun)
}

/// LATCH_OK if the image that was chosen last lies in this slot: to be asked right before the program jumps there, as the last
/// thing, since one skipped instruction turns the branch that has led to the jump. With anything else start the recovery
/// program.
///
/// Refused with LATCH_NOT_CHOSEN; LATCH_NOT_BOOTED where nothing was chosen.
///
/// # Safety
/// As latch_bootloader_start.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_bootloader_may_jump_to(
    loader: *mut latch_bootloader_t,
    slot: u8,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(loader, |Read(loader), _| {
            if loader.may_jump_to(slot) {
                Ok(())
            } else {
                Err(LATCH_NOT_CHOSEN.into())
            }
        })
    }
}

/// Whose device it is: what a recovery program tells whoever brings it pages.
///
/// # Safety
/// As latch_bootloader_start.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_bootloader_identity(
    loader: *mut latch_bootloader_t,
    identity: *mut latch_identity_t,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(loader, |Read(loader), _| {
            Place::new(identity)?.put(loader.identity().into());
            Ok(())
        })
    }
}

/// The images that the journal tells of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct latch_images_t {
    /// The one that was confirmed last.
    pub confirmed: latch_image_t,
    /// The one that was confirmed before it, where it is kept.
    pub fallback: latch_image_t,
    /// The one that is downloaded, armed or on trial.
    pub next: latch_image_t,
    /// How far that one has come.
    pub phase: latch_install_phase_t,
}

/// The images that the journal tells of, as it was read before the choice.
///
/// # Safety
/// As latch_bootloader_start.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_bootloader_images(
    loader: *mut latch_bootloader_t,
    images: *mut latch_images_t,
) -> latch_result_t {
    let known = |image: Option<Image>| image.map_or_else(latch_image_t::default, Into::into);
    // SAFETY: as this function's caller promises.
    unsafe {
        call(loader, |Read(loader), _| {
            let found = loader.images();
            Place::new(images)?.put(latch_images_t {
                confirmed: found.firmware.confirmed.into(),
                fallback: known(found.firmware.fallback),
                next: known(found.next.map(|next| next.image)),
                phase: found.next.map(|next| next.phase).into(),
            });
            Ok(())
        })
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
