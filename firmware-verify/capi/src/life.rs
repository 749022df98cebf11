//! The beginning of a device's life, of each of its boots, and their end.

use latch_verify::{
    boot::Started,
    device::{Device, MountFault, Parts},
    limits::MAX_COMPONENTS,
    types::Version,
    verdict::Factory,
};

use crate::{
    board::Board,
    boundary::{bytes, copied},
    cell::{Inner, Lent, call_any, latch_device_t},
    parts::latch_parts_t,
    result::{LATCH_VALUE, Stop, latch_result_t},
};

/// Components that a device may have besides the main one.
pub const LATCH_COMPONENTS: usize = 3;

const _: () = assert!(LATCH_COMPONENTS == MAX_COMPONENTS);

/// A version of firmware: major.minor.patch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct latch_version_t {
    /// First number.
    pub major: u16,
    /// Second number.
    pub minor: u16,
    /// Third number.
    pub patch: u32,
}

impl From<Version> for latch_version_t {
    fn from(version: Version) -> Self {
        let Version {
            major,
            minor,
            patch,
        } = version;
        Self {
            major,
            minor,
            patch,
        }
    }
}

impl From<latch_version_t> for Version {
    fn from(version: latch_version_t) -> Self {
        let latch_version_t {
            major,
            minor,
            patch,
        } = version;
        Self {
            major,
            minor,
            patch,
        }
    }
}

/// The versions with which a device leaves the factory.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct latch_factory_t {
    /// Of the main component.
    pub main: latch_version_t,
    /// Which of the components 1, 2 and 3 the device has: bit 0 for component 1.
    pub components: u32,
    /// Their versions.
    pub versions: [latch_version_t; LATCH_COMPONENTS],
}

impl latch_factory_t {
    fn checked(self) -> Result<Factory, Stop> {
        let mut others = [None; LATCH_COMPONENTS];
        let mut left = self.components;
        for (other, version) in others.iter_mut().zip(self.versions) {
            *other = (left & 1 == 1).then(|| version.into());
            left >>= 1;
        }
        if left != 0 {
            return Err(LATCH_VALUE.into());
        }
        Ok(Factory {
            main: self.main.into(),
            others,
        })
    }
}

/// What a bootloader has started, as the program knows that it started.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum latch_started_kind_t {
    /// Nobody has chosen: what the journal names next is taken for what runs.
    LATCH_STARTED_UNKNOWN = 0,
    /// The image in a slot.
    LATCH_STARTED_SLOT = 1,
    /// The recovery program, which lies in no slot.
    LATCH_STARTED_RECOVERY = 2,
}

type Make = fn(Lent, Parts<Board>, &[u8], &[u8], Factory) -> Result<Inner, MountFault>;

/// Provisions a device, once, in the factory: writes its identity, the tenant's newest trust root and the versions of its
/// factory image into an empty journal. Then it runs.
///
/// `root` and `enrolment` are envelopes, as an operator has signed them.
///
/// Refused with any reason that a root or an enrolment may be refused for, LATCH_REASON_ALREADY_PROVISIONED (then boot),
/// LATCH_REASON_KEY_FAULT when the enrolment is for another key than the device's, LATCH_REASON_ROLLED_BACK when the
/// counter says that the journal was erased, LATCH_REASON_COUNTER_FAULT, LATCH_REASON_STORAGE_FAULT; LATCH_RUNNING.
///
/// # Safety
/// `device` is NULL or storage that holds zeros or what this library has left there, lives until latch_end, and is touched
/// by nobody else. Other pointers are NULL or lead to as much as they say. The callbacks keep their word.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_provision(
    device: *mut latch_device_t,
    parts: *const latch_parts_t,
    root: *const u8,
    root_len: usize,
    enrolment: *const u8,
    enrolment_len: usize,
    factory: *const latch_factory_t,
) -> latch_result_t {
    let make: Make = |memory, parts, root, enrolment, factory| {
        Device::provision_in(memory, parts, root, enrolment, factory)
    };
    // SAFETY: as this function's caller promises.
    unsafe {
        provision(
            device,
            parts,
            (root, root_len),
            (enrolment, enrolment_len),
            factory,
            make,
        )
    }
}

/// Provisions a board that was in service before, and whose journal was erased on purpose: by a person who has it in hand,
/// never at the wish of a message. As latch_provision, but its counter goes on from where it stands.
///
/// # Safety
/// As latch_provision.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_provision_again(
    device: *mut latch_device_t,
    parts: *const latch_parts_t,
    root: *const u8,
    root_len: usize,
    enrolment: *const u8,
    enrolment_len: usize,
    factory: *const latch_factory_t,
) -> latch_result_t {
    let make: Make = |memory, parts, root, enrolment, factory| {
        Device::provision_again_in(memory, parts, root, enrolment, factory)
    };
    // SAFETY: as this function's caller promises.
    unsafe {
        provision(
            device,
            parts,
            (root, root_len),
            (enrolment, enrolment_len),
            factory,
            make,
        )
    }
}

/// # Safety
/// As [`latch_provision`].
unsafe fn provision(
    device: *mut latch_device_t,
    parts: *const latch_parts_t,
    root: (*const u8, usize),
    enrolment: (*const u8, usize),
    factory: *const latch_factory_t,
    make: Make,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call_any(device, |entered| {
            let factory = copied(factory)?.checked()?;
            entered.bring_up(|memory, storage| {
                let root = bytes(root.0, root.1, storage)?;
                let enrolment = bytes(enrolment.0, enrolment.1, storage)?;
                let parts = copied(parts)?.assemble()?;
                Ok(make(memory, parts, root, enrolment, factory)?)
            })
        })
    }
}

/// Boots a device that was provisioned: reads its journal, repairs what a power cut has left, and settles what it was
/// doing. Every latch that was open is closed: shut whatever stands behind one when the program starts. Then look for a
/// change of the twin that was cut off (latch_resume), and send the last receipts again (latch_recent, latch_receipt).
///
/// Refused with LATCH_REASON_LATCHED_SHUT when the journal cannot be trusted (latch_last_refusal says how),
/// LATCH_REASON_UNPROVISIONED, LATCH_REASON_KEY_FAULT, LATCH_REASON_NO_ENTROPY, LATCH_REASON_ROLLED_BACK,
/// LATCH_REASON_COUNTER_FAULT, LATCH_REASON_STORAGE_FAULT, LATCH_REASON_MEMORY_FAULT; LATCH_RUNNING. After any of them every call but a boot,
/// latch_provision, latch_last_refusal and latch_end is LATCH_FAULTED.
///
/// # Safety
/// As latch_provision.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_boot(
    device: *mut latch_device_t,
    parts: *const latch_parts_t,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe { boot(device, parts, Started::Unknown) }
}

/// As latch_boot, for a program that a bootloader has started (latch_bootloader_start) and that knows as what:
/// `started` is one of latch_started_kind_t, `slot` counts with LATCH_STARTED_SLOT.
///
/// Refused as latch_boot; LATCH_REASON_SLOT_MISMATCH from a slot in which no image is known; LATCH_VALUE.
///
/// # Safety
/// As latch_provision.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_boot_as(
    device: *mut latch_device_t,
    parts: *const latch_parts_t,
    started: u32,
    slot: u8,
) -> latch_result_t {
    const UNKNOWN: u32 = 0;
    const SLOT: u32 = 1;
    const RECOVERY: u32 = 2;
    let started = match (started, slot) {
        (UNKNOWN, _) => Started::Unknown,
        (SLOT, 0 | 1) => Started::Slot(slot),
        (RECOVERY, _) => Started::Recovery,
        _ => return LATCH_VALUE,
    };
    // SAFETY: as this function's caller promises.
    unsafe { boot(device, parts, started) }
}

/// # Safety
/// As [`latch_provision`].
unsafe fn boot(
    device: *mut latch_device_t,
    parts: *const latch_parts_t,
    started: Started,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call_any(device, |entered| {
            entered.bring_up(|memory, _| {
                let parts = copied(parts)?.assemble()?;
                Ok(Device::boot_as_in(memory, parts, started)?)
            })
        })
    }
}

/// Ends a device, and leaves blank storage. Nothing is written: a device may lose its power at any moment just as well. An
/// action that was handed out and not settled is told of by the next boot.
///
/// # Safety
/// As latch_provision.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_end(device: *mut latch_device_t) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call_any(device, |entered| {
            entered.end();
            Ok(())
        })
    }
}
