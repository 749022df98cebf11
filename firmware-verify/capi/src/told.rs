//! What a device tells a host over the link, unasked or because it was asked.
//!
//! Enumerations that C hands over are plain integers here, which are looked at.

use latch_link::{FromDevice, Life, Program, Pulse, Refused, Standing, Wanted, Why};
use latch_verify::{
    device::PagesWanted,
    types::{Digest, Posture, StatementId},
};

use crate::{
    boundary::copied,
    facts::{LATCH_NEVER, latch_identity_t},
    images::latch_wanted_t,
    kept::call,
    life::latch_version_t,
    link::{Inner, latch_link_t, sent},
    result::{LATCH_VALUE, Stop, latch_refusal_t, latch_result_t},
};

/// Which program speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum latch_program_t {
    /// The product's own.
    LATCH_PROGRAM_APPLICATION = 0,
    /// The one for when no slot holds anything that may run.
    LATCH_PROGRAM_RECOVERY = 1,
}

/// How far a device's life has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum latch_life_t {
    /// It is nobody's yet: it makes requests, and can be provisioned.
    LATCH_LIFE_UNPROVISIONED = 0,
    /// It is this device, and takes statements.
    LATCH_LIFE_PROVISIONED = 1,
    /// It did not come up, and stays shut.
    LATCH_LIFE_SHUT = 2,
}

/// Why a program was started.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum latch_why_t {
    /// No bootloader has told.
    LATCH_WHY_UNKNOWN = 0,
    /// It is the confirmed image.
    LATCH_WHY_CONFIRMED = 1,
    /// It is a new image, which has to confirm itself.
    LATCH_WHY_TRIAL = 2,
    /// It is the image before the confirmed one, which is lost.
    LATCH_WHY_FALLBACK = 3,
    /// No slot holds anything that may run.
    LATCH_WHY_RECOVERY = 4,
}

/// What a device is, and how it came to run.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct latch_standing_t {
    /// One of latch_program_t.
    pub program: u32,
    /// One of latch_life_t.
    pub life: u32,
    /// Who it is, with LATCH_LIFE_PROVISIONED.
    pub identity: latch_identity_t,
    /// Why it is shut, with LATCH_LIFE_SHUT.
    pub refusal: latch_refusal_t,
    /// The version that runs: of a recovery program too, its own.
    pub version: latch_version_t,
    /// How often the device has booted; 0 while that is not known.
    pub boot: u32,
    /// One of latch_why_t.
    pub why: u32,
    /// Boots that an image on trial has left, with this one; with LATCH_WHY_TRIAL.
    pub boots_left: u8,
}

impl latch_standing_t {
    fn checked(&self) -> Result<Standing, Stop> {
        Ok(Standing {
            program: match self.program {
                0 => Program::Application,
                1 => Program::Recovery,
                _ => return Err(LATCH_VALUE.into()),
            },
            life: match self.life {
                0 => Life::Unprovisioned,
                1 => Life::Provisioned(self.identity.checked()?),
                2 => Life::Shut(refused(self.refusal)?),
                _ => return Err(LATCH_VALUE.into()),
            },
            version: self.version.into(),
            boot: self.boot,
            why: match self.why {
                0 => Why::Unknown,
                1 => Why::Confirmed,
                2 => Why::Trial {
                    boots_left: self.boots_left,
                },
                3 => Why::Fallback,
                4 => Why::Recovery,
                _ => return Err(LATCH_VALUE.into()),
            },
        })
    }
}

/// A refusal as it travels.
pub(crate) fn refused(refusal: latch_refusal_t) -> Result<Refused, Stop> {
    Ok(Refused {
        reason: u16::try_from(refusal.reason).map_err(|_| LATCH_VALUE)?,
        expected: refusal.expected,
        found: refusal.found,
    })
}

/// What tells a host when to ask for a state or a receipt. Tell it whenever it changes; not for junk alone, or whoever sends
/// junk makes the device talk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct latch_pulse_t {
    /// Number of the last receipt: `receipts` of latch_facts.
    pub receipts: u64,
    /// Counts changes, besides receipts, that a new state should tell of at once: latches that have closed by themselves.
    pub changes: u32,
    /// Version of the trust root in force.
    pub root_version: u32,
    /// Messages since the boot that were not answered.
    pub junk: u32,
    /// Facts about the device that are known.
    pub posture_known: u32,
    /// Which of them are true.
    pub posture_value: u32,
    /// How often a state should be published while a latch is open, in milliseconds; LATCH_NEVER while none is.
    pub pulse_every_ms: u64,
}

impl From<latch_pulse_t> for Pulse {
    fn from(pulse: latch_pulse_t) -> Self {
        let every_ms = Some(pulse.pulse_every_ms).filter(|every_ms| *every_ms != LATCH_NEVER);
        Self {
            receipts: pulse.receipts,
            changes: pulse.changes,
            root_version: pulse.root_version,
            junk: pulse.junk,
            posture: Posture {
                known: pulse.posture_known,
                value: pulse.posture_value,
            },
            pulse_every_ms: every_ms.map(|every_ms| u32::try_from(every_ms).unwrap_or(u32::MAX)),
        }
    }
}

/// Tells what the device is: first after every LATCH_HAPPENED_UP, and when it changes.
///
/// As everything that tells: LATCH_LINK_BUSY where there is no room for it yet, LATCH_LINK_DOWN where nobody hears it. Refused
/// with LATCH_VALUE.
///
/// # Safety
/// As latch_link_begin; `standing` is NULL or leads to one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_link_tell_standing(
    link: *mut latch_link_t,
    standing: *const latch_standing_t,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(link, |inner: &mut Inner, _| {
            let standing = copied(standing)?.checked()?;
            sent(inner.session.send(&FromDevice::Standing(standing)))
        })
    }
}

/// Tells when to ask: after every LATCH_HAPPENED_UP, and when it changes.
///
/// # Safety
/// As latch_link_begin; `pulse` is NULL or leads to one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_link_tell_pulse(
    link: *mut latch_link_t,
    pulse: *const latch_pulse_t,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(link, |inner: &mut Inner, _| {
            let pulse = copied(pulse)?.into();
            sent(inner.session.send(&FromDevice::Pulse(pulse)))
        })
    }
}

/// Tells what pages the device waits for (latch_wanted): after every LATCH_HAPPENED_UP, and when a download begins or ends.
/// `merkle_root` leads to the 32 bytes of the image's Merkle root (latch_installing), or is NULL where it is not known.
///
/// # Safety
/// As latch_link_begin; `wanted` is NULL or leads to what latch_wanted or latch_restoration_wanted has written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_link_tell_wanted(
    link: *mut latch_link_t,
    wanted: *const latch_wanted_t,
    merkle_root: *const u8,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(link, |inner: &mut Inner, _| {
            let wanted = copied(wanted)?;
            let merkle_root = if merkle_root.is_null() {
                None
            } else {
                Some(Digest(copied(merkle_root.cast::<[u8; 32]>())?))
            };
            let wanted = wanted.any.then_some(Wanted {
                pages: PagesWanted {
                    manifest: StatementId(wanted.manifest.id),
                    next: wanted.next,
                    of: wanted.of,
                },
                merkle_root,
            });
            sent(inner.session.send(&FromDevice::Wanted(wanted)))
        })
    }
}

/// Tells a receipt: each new one, and those that were asked for.
///
/// # Safety
/// As latch_link_begin; `receipt` is NULL or leads to `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_link_tell_receipt(
    link: *mut latch_link_t,
    receipt: *const u8,
    len: usize,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe { tell_bytes(link, receipt, len, FromDevice::Receipt) }
}

/// Tells the signed state, which was asked for.
///
/// # Safety
/// As latch_link_begin; `state` is NULL or leads to `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_link_tell_state(
    link: *mut latch_link_t,
    state: *const u8,
    len: usize,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe { tell_bytes(link, state, len, FromDevice::State) }
}

/// Tells the request to be enrolled, which was asked for.
///
/// # Safety
/// As latch_link_begin; `request` is NULL or leads to `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_link_tell_request(
    link: *mut latch_link_t,
    request: *const u8,
    len: usize,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe { tell_bytes(link, request, len, FromDevice::Request) }
}

/// # Safety
/// As [`latch_link_tell_receipt`].
unsafe fn tell_bytes<'a>(
    link: *mut latch_link_t,
    place: *const u8,
    len: usize,
    message: impl FnOnce(&'a [u8]) -> FromDevice<'a>,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(link, |inner: &mut Inner, storage| {
            let bytes = inner.bytes(place, len, storage)?;
            sent(inner.session.send(&message(bytes)))
        })
    }
}
