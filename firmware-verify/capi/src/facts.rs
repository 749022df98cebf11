//! What the device knows, for the product's own use.

use latch_verify::{
    device::Observation,
    ledger::InstallPhase,
    statement::TimeStatus,
    types::{LatchId, Posture, ProductId, TenantId},
    verdict::Identity,
};

use core::ffi::{CStr, c_char};

use crate::{
    boundary::{Place, latch_bytes_t},
    cell::{Inner, call, latch_device_t},
    images::latch_image_t,
    result::{LATCH_VALUE, Stop, latch_result_t},
};

/// No need to come again.
pub const LATCH_NEVER: u64 = 0xffff_ffff_ffff_ffff;
/// Bytes of a device's name, and a zero behind it.
pub const LATCH_DEVICE_NAME_SIZE: usize = 33;

const _: () = {
    assert!(LATCH_NEVER == u64::MAX);
    assert!(LATCH_DEVICE_NAME_SIZE == latch_verify::limits::MAX_DEVICE + 1);
};

/// What is known about the time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum latch_time_kind_t {
    /// Nothing.
    LATCH_TIME_UNKNOWN = 0,
    /// It is at least this late.
    LATCH_TIME_FLOOR = 1,
    /// It is this late, by a source that the device trusts.
    LATCH_TIME_TRUSTED = 2,
}

/// How far an installation has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum latch_install_phase_t {
    /// None is under way.
    LATCH_INSTALL_NONE = 0,
    /// Pages are coming in.
    LATCH_INSTALL_RECEIVING = 1,
    /// All pages are durable: arm.
    LATCH_INSTALL_RECEIVED = 2,
    /// The slot holds the signed image: the next boot tries it.
    LATCH_INSTALL_ARMED = 3,
    /// The new image runs, or lies ready for its component, and has not confirmed itself.
    LATCH_INSTALL_TRIAL = 4,
}

impl From<Option<InstallPhase>> for latch_install_phase_t {
    fn from(phase: Option<InstallPhase>) -> Self {
        match phase {
            None => Self::LATCH_INSTALL_NONE,
            Some(InstallPhase::Receiving { .. }) => Self::LATCH_INSTALL_RECEIVING,
            Some(InstallPhase::Received) => Self::LATCH_INSTALL_RECEIVED,
            Some(InstallPhase::Armed) => Self::LATCH_INSTALL_ARMED,
            Some(InstallPhase::Trial { .. }) => Self::LATCH_INSTALL_TRIAL,
        }
    }
}

/// What the device is now.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct latch_facts_t {
    /// What it knows about the time.
    pub time: latch_time_kind_t,
    /// The time, in Unix milliseconds.
    pub time_ms: u64,
    /// The nonce that the next challenge-bound code answers. It is published in what the device signs.
    pub challenge: [u8; 16],
    /// The nonce that the next attestation of the time answers.
    pub pulse: [u8; 16],
    /// How often latch_state should leave while a latch is open, in milliseconds; LATCH_NEVER while none is.
    pub pulse_every_ms: u64,
    /// Whether everything is shut until a code behind `trust` lifts it.
    pub locked_down: bool,
    /// Whether an action was handed out and is not settled.
    pub in_hand: bool,
    /// The latches that are open: bit n for latch n.
    pub open: u16,
    /// Version of the trust root in force.
    pub root_version: u32,
    /// Epoch of the trust root in force.
    pub epoch: u32,
    /// Version of the twin.
    pub twin_version: u64,
    /// The image that runs: zeros in the recovery program, and in one that gave itself up.
    pub running: latch_image_t,
    /// No release below this security version is installed.
    pub security_floor: u32,
    /// How far an installation has come.
    pub install: latch_install_phase_t,
    /// Boots that an image on trial has left, this one included; 0 when none is on trial.
    pub trial_boots_left: u8,
    /// How often the device has booted.
    pub boot: u32,
    /// Facts about the device that are known: bit n for fact n.
    pub posture_known: u32,
    /// Which of them are true.
    pub posture_value: u32,
    /// Number of the last receipt.
    pub receipts: u64,
    /// Number of the oldest receipt that is kept; 0 where none is. latch_receipt_numbered has those from here to `receipts`,
    /// as far as they are kept.
    pub oldest_receipt: u64,
    /// Messages since the boot that were not answered.
    pub junk: u32,
    /// Number of the last one's reason; 0 for none.
    pub junk_last_reason: latch_result_t,
    /// Signatures that were checked since the boot.
    pub signatures_checked: u64,
    /// Receipts and states that were signed since the boot.
    pub signatures_made: u64,
    /// Records that were written to the journal since the boot.
    pub records: u64,
}

/// What the device is now, unsigned: latch_state has it for others.
///
/// # Safety
/// As latch_submit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_facts(
    device: *mut latch_device_t,
    facts: *mut latch_facts_t,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(device, |door| {
            Place::new(facts)?.put(read(door.device, door.ticket.is_some()));
            Ok(())
        })
    }
}

fn read(device: &Inner, in_hand: bool) -> latch_facts_t {
    let (status, work) = (device.status(), device.work());
    let (time, time_ms) = match status.time {
        TimeStatus::Unknown => (latch_time_kind_t::LATCH_TIME_UNKNOWN, 0),
        TimeStatus::Floor(floor) => (latch_time_kind_t::LATCH_TIME_FLOOR, floor.get()),
        TimeStatus::Trusted(now) => (latch_time_kind_t::LATCH_TIME_TRUSTED, now.get()),
    };
    latch_facts_t {
        time,
        time_ms,
        challenge: status.challenge.0,
        pulse: status.pulse.0,
        pulse_every_ms: device.pulse_every_ms().unwrap_or(LATCH_NEVER),
        locked_down: status.locked_down,
        in_hand,
        open: status.open,
        root_version: status.root_version,
        epoch: status.epoch,
        twin_version: status.twin_version,
        running: device.running().into(),
        security_floor: status.firmware.security_floor,
        install: device.install_phase().into(),
        trial_boots_left: status.firmware.trial_boots_left,
        boot: status.boot,
        posture_known: status.posture.known,
        posture_value: status.posture.value,
        receipts: device.facts().chain.number,
        oldest_receipt: device
            .facts()
            .recent
            .iter()
            .map(|recent| recent.number)
            .min()
            .unwrap_or(0),
        junk: status.junk.count,
        junk_last_reason: status.junk.last_reason.into(),
        signatures_checked: work.signatures_checked,
        signatures_made: work.signatures_made,
        records: work.records,
    }
}

/// Whether what the device keeps in memory of its journal is what it put there. Where it is not, because a bit has flipped or
/// something has written over it, nothing is recorded, signed or opened any more: all of that is refused with
/// LATCH_REASON_MEMORY_FAULT, and latch_poll closes every latch. The journal is as it was: shut what stands behind the latches,
/// and boot again. Ask after latch_poll.
///
/// # Safety
/// As latch_submit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_is_whole(
    device: *mut latch_device_t,
    whole: *mut bool,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(device, |door| {
            let place = Place::new(whole)?;
            place.put(door.device.is_whole());
            Ok(())
        })
    }
}

/// Whether a latch, 0 to 15, is open now. Needs no latch_poll before it: what should have closed is not open.
///
/// # Safety
/// As latch_submit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_is_open(
    device: *mut latch_device_t,
    latch: u8,
    open: *mut bool,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(device, |door| {
            let place = Place::new(open)?;
            let latch = LatchId::new(latch).ok_or(LATCH_VALUE)?;
            place.put(door.device.is_open(latch));
            Ok(())
        })
    }
}

/// The twin's version and entries, which lie in the device: valid until another function is called on it. Read it after a
/// boot, to make the desired properties real.
///
/// # Safety
/// As latch_submit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_twin(
    device: *mut latch_device_t,
    version: *mut u64,
    entries: *mut latch_bytes_t,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(device, |door| {
            let (version, entries) = (Place::new(version)?, Place::new(entries)?);
            version.put(door.device.facts().twin.version);
            entries.put(door.device.twin().bytes().into());
            Ok(())
        })
    }
}

/// Takes what a source says about some of the device's facts: `facts` are those of which it speaks (bit n for fact n), of
/// which `known` are known and `value` true. They may be relied on for `max_age_ms`, then they are unknown. Call latch_poll
/// or latch_tend after it.
///
/// # Safety
/// As latch_submit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_observe(
    device: *mut latch_device_t,
    facts: u32,
    known: u32,
    value: u32,
    max_age_ms: u64,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(device, |door| {
            door.device.observe(&Observation {
                facts,
                posture: Posture { known, value },
                max_age_ms,
            });
            Ok(())
        })
    }
}

/// Who the device is.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct latch_identity_t {
    /// Its tenant: a name filled up with zeros, or any 16 bytes.
    pub tenant: [u8; 16],
    /// Its product, likewise.
    pub product: [u8; 16],
    /// Its name, with a zero at its end.
    pub device: [c_char; LATCH_DEVICE_NAME_SIZE],
    /// Its enrolment.
    pub incarnation: u32,
}

impl From<&Identity> for latch_identity_t {
    fn from(identity: &Identity) -> Self {
        let mut device = [0; LATCH_DEVICE_NAME_SIZE];
        for (letter, byte) in device.iter_mut().zip(identity.device.as_str().bytes()) {
            // Names are ASCII, which `char` holds whether it is signed or not.
            *letter = c_char::try_from(byte).unwrap_or(0);
        }
        Self {
            tenant: identity.tenant.0,
            product: identity.product.0,
            device,
            incarnation: identity.incarnation,
        }
    }
}

impl latch_identity_t {
    /// Nobody.
    pub(crate) const NONE: Self = Self {
        tenant: [0; 16],
        product: [0; 16],
        device: [0; LATCH_DEVICE_NAME_SIZE],
        incarnation: 0,
    };

    /// The identity, if its name is one.
    pub(crate) fn checked(&self) -> Result<Identity, Stop> {
        let mut name = [0; LATCH_DEVICE_NAME_SIZE];
        for (byte, letter) in name.iter_mut().zip(self.device) {
            // What is no ASCII is in no name.
            *byte = u8::try_from(letter).unwrap_or(u8::MAX);
        }
        let name = CStr::from_bytes_until_nul(&name).map_err(|_| LATCH_VALUE)?;
        let name = name.to_str().map_err(|_| LATCH_VALUE)?;
        Ok(Identity {
            tenant: TenantId(self.tenant),
            product: ProductId(self.product),
            device: name.parse().map_err(|_| LATCH_VALUE)?,
            incarnation: self.incarnation,
        })
    }
}

/// Who the device is.
///
/// # Safety
/// As latch_submit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_identity(
    device: *mut latch_device_t,
    identity: *mut latch_identity_t,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(device, |door| {
            Place::new(identity)?.put(door.device.identity().into());
            Ok(())
        })
    }
}
