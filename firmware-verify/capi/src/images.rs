//! A release on its way: pages, the read-back, the trial, and its end.

use latch_verify::{
    Refusal,
    device::{Armed, Paged, PagesWanted},
    ledger::Image,
};

use crate::{
    boundary::{Place, buffer, bytes},
    cell::{call, latch_device_t},
    life::latch_version_t,
    result::{latch_refusal_t, latch_result_t},
    telling::{latch_statement_id_t, receipt_buffer},
};

/// Pages that are waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct latch_wanted_t {
    /// Whether any are.
    pub any: bool,
    /// The release.
    pub manifest: latch_statement_id_t,
    /// The next page.
    pub next: u32,
    /// Pages in all.
    pub of: u32,
}

impl From<Option<PagesWanted>> for latch_wanted_t {
    fn from(wanted: Option<PagesWanted>) -> Self {
        wanted.map_or_else(Self::default, |wanted| Self {
            any: true,
            manifest: wanted.manifest.into(),
            next: wanted.next,
            of: wanted.of,
        })
    }
}

/// What came of a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum latch_page_kind_t {
    /// It is in its slot; more are wanted.
    LATCH_PAGE_KEPT = 0,
    /// It was the last: latch_arm comes next.
    LATCH_PAGE_COMPLETE = 1,
    /// It was the last of the confirmed image, which its slot holds again: reset, and it starts.
    LATCH_PAGE_RESTORED = 2,
    /// It was refused, and changed nothing: `refusal` says why.
    LATCH_PAGE_REFUSED = 3,
}

/// What came of a page, and what is waited for now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct latch_paged_t {
    /// What.
    pub kind: latch_page_kind_t,
    /// With LATCH_PAGE_KEPT.
    pub wanted: latch_wanted_t,
    /// With LATCH_PAGE_REFUSED.
    pub refusal: latch_refusal_t,
}

impl From<Result<Paged, Refusal>> for latch_paged_t {
    fn from(paged: Result<Paged, Refusal>) -> Self {
        use latch_page_kind_t as kind;
        let bare = |kind| Self {
            kind,
            wanted: latch_wanted_t::default(),
            refusal: latch_refusal_t::default(),
        };
        match paged {
            Ok(Paged::Kept(wanted)) => Self {
                wanted: Some(wanted).into(),
                ..bare(kind::LATCH_PAGE_KEPT)
            },
            Ok(Paged::Complete) => bare(kind::LATCH_PAGE_COMPLETE),
            Ok(Paged::Restored) => bare(kind::LATCH_PAGE_RESTORED),
            Err(refusal) => Self {
                refusal: refusal.into(),
                ..bare(kind::LATCH_PAGE_REFUSED)
            },
        }
    }
}

/// The pages that the device waits for: of a release that is downloaded; in the recovery program otherwise of the confirmed
/// image, which needs no code to come back.
///
/// # Safety
/// As latch_submit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_wanted(
    device: *mut latch_device_t,
    wanted: *mut latch_wanted_t,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(device, |door| {
            Place::new(wanted)?.put(door.device.wanted().into());
            Ok(())
        })
    }
}

/// Takes a page message, which is checked in RAM before flash is erased or written for it.
///
/// Refused, and counted as junk, with LATCH_REASON_NO_INSTALL, LATCH_REASON_OTHER_RELEASE, LATCH_REASON_PAGE_ORDER,
/// LATCH_REASON_PAGE_LENGTH, LATCH_REASON_PAGE_HASH; and with LATCH_REASON_STORAGE_FAULT,
/// LATCH_REASON_MEMORY_FAULT.
///
/// # Safety
/// As latch_submit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_page(
    device: *mut latch_device_t,
    message: *const u8,
    len: usize,
    paged: *mut latch_paged_t,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(device, |door| {
            let place = Place::new(paged)?;
            let message = bytes(message, len, door.storage)?;
            let taken = door.device.page(message);
            place.put(taken.into());
            taken?;
            Ok(())
        })
    }
}

/// What came of arming.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct latch_armed_t {
    /// Whether the slot holds the signed image: reset to try it.
    pub ready: bool,
    /// Where it does not: bytes of the receipt that ends the installation.
    pub receipt_len: usize,
}

/// Reads the whole slot back and arms it: the next boot tries the new image. LATCH_OK with `ready` false is an image that
/// must not run. `out` takes a receipt, LATCH_RECEIPT_SIZE bytes at least.
///
/// Refused with LATCH_REASON_NO_INSTALL when no image is complete, LATCH_REASON_STORAGE_FAULT, LATCH_REASON_MEMORY_FAULT,
/// LATCH_REASON_KEY_FAULT.
///
/// # Safety
/// As latch_submit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_arm(
    device: *mut latch_device_t,
    out: *mut u8,
    out_size: usize,
    armed: *mut latch_armed_t,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(device, |door| {
            let place = Place::new(armed)?;
            let out = receipt_buffer(out, out_size, &[door.storage])?;
            place.put(match door.device.arm(out)? {
                Armed::Ready => latch_armed_t {
                    ready: true,
                    receipt_len: 0,
                },
                Armed::Failed(receipt) => latch_armed_t {
                    ready: false,
                    receipt_len: receipt.len(),
                },
            });
            Ok(())
        })
    }
}

/// The running image on trial says that it is healthy: it stays. `out` takes its receipt, LATCH_RECEIPT_SIZE bytes at
/// least.
///
/// Refused with LATCH_REASON_NO_INSTALL when the main component is not on trial, LATCH_REASON_STORAGE_FAULT,
/// LATCH_REASON_MEMORY_FAULT,
/// LATCH_REASON_KEY_FAULT.
///
/// # Safety
/// As latch_submit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_confirm(
    device: *mut latch_device_t,
    out: *mut u8,
    out_size: usize,
    receipt_len: *mut usize,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe { latch_confirm_component(device, 0, out, out_size, receipt_len) }
}

/// The main program has installed the image on trial into this component, and it is healthy: it stays. Of component 0, the
/// main one, it is what latch_confirm says.
///
/// Refused as latch_confirm.
///
/// # Safety
/// As latch_submit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_confirm_component(
    device: *mut latch_device_t,
    component: u8,
    out: *mut u8,
    out_size: usize,
    receipt_len: *mut usize,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(device, |door| {
            let place = Place::new(receipt_len)?;
            let out = receipt_buffer(out, out_size, &[door.storage])?;
            place.put(0);
            place.put(door.device.confirm_component(component, out)?.len());
            Ok(())
        })
    }
}

/// The image on trial is given up, by itself if it is what runs: then reset. Until that nothing is installed. `out` takes its
/// receipt, LATCH_RECEIPT_SIZE bytes at least.
///
/// Refused as latch_confirm.
///
/// # Safety
/// As latch_submit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_give_up(
    device: *mut latch_device_t,
    out: *mut u8,
    out_size: usize,
    receipt_len: *mut usize,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(device, |door| {
            let place = Place::new(receipt_len)?;
            let out = receipt_buffer(out, out_size, &[door.storage])?;
            place.put(0);
            place.put(door.device.give_up(out)?.len());
            Ok(())
        })
    }
}

/// Reads part of the image that is armed or on trial: to install it into another component.
///
/// Refused with LATCH_REASON_NO_INSTALL, LATCH_REASON_PAGE_LENGTH past its end, LATCH_REASON_STORAGE_FAULT,
/// LATCH_REASON_MEMORY_FAULT.
///
/// # Safety
/// As latch_submit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_read_image(
    device: *mut latch_device_t,
    offset: u32,
    out: *mut u8,
    len: usize,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(device, |door| {
            let out = buffer(out, len, &[door.storage])?;
            Ok(door.device.read_image(offset, out)?)
        })
    }
}

/// An image in a slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct latch_image_t {
    /// Whether there is one.
    pub any: bool,
    /// The slot, 0 or 1.
    pub slot: u8,
    /// The component that it is for; 0 is the main one.
    pub component: u8,
    /// Its version.
    pub version: latch_version_t,
    /// Its release manifest; zeros for the image from the factory.
    pub manifest: latch_statement_id_t,
    /// Merkle root over its pages; zeros for the image from the factory.
    pub merkle_root: [u8; 32],
    /// Bytes; 0 for the image from the factory.
    pub size: u32,
    /// Bytes of a page.
    pub page_size: u32,
    /// Its security version.
    pub security_version: u32,
}

impl From<Image> for latch_image_t {
    fn from(image: Image) -> Self {
        Self {
            any: true,
            slot: image.slot,
            component: image.component,
            version: image.version.into(),
            manifest: image.manifest.into(),
            merkle_root: image.merkle_root.0,
            size: image.size,
            page_size: image.page_size(),
            security_version: image.security_version,
        }
    }
}

/// The image that is downloaded, armed or on trial.
///
/// # Safety
/// As latch_submit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_installing(
    device: *mut latch_device_t,
    image: *mut latch_image_t,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(device, |door| {
            let installing = door.device.installing();
            Place::new(image)?.put(installing.map_or_else(latch_image_t::default, Into::into));
            Ok(())
        })
    }
}
