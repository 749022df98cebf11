//! Statements in, actions and receipts out; and what happens between statements.

use core::ffi::c_void;

use latch_verify::{
    device::{Actuator, Opened, Release, Settlement, Submitted},
    statement::CloseCause,
    types::{LatchId, StatementId},
};

use crate::{
    action::{latch_action_t, latch_close_cause_t},
    boundary::{Place, Span, bytes, copied, latch_bytes_t},
    cell::{call, latch_device_t},
    facts::LATCH_NEVER,
    parts::required,
    result::{LATCH_NOTHING_IN_HAND, LATCH_VALUE, Stop, latch_result_t},
    telling::receipt_buffer,
    verdict::{latch_polled_t, latch_verdict_t},
};

/// What the caller has of the release that a code may ask to install.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum latch_release_kind_t {
    /// Not looked for yet.
    LATCH_RELEASE_NOT_ASKED = 0,
    /// Looked for and not found.
    LATCH_RELEASE_NOT_FOUND = 1,
    /// `manifest` is its manifest's envelope.
    LATCH_RELEASE_FOUND = 2,
}

impl latch_release_kind_t {
    const NOT_ASKED: u32 = 0;
    const NOT_FOUND: u32 = 1;
    const FOUND: u32 = 2;

    /// As it is handed over.
    fn number(self) -> u32 {
        match self {
            Self::LATCH_RELEASE_NOT_ASKED => Self::NOT_ASKED,
            Self::LATCH_RELEASE_NOT_FOUND => Self::NOT_FOUND,
            Self::LATCH_RELEASE_FOUND => Self::FOUND,
        }
    }
}

/// The release for a code. NULL in its place is one that was not looked for.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct latch_release_t {
    /// One of latch_release_kind_t.
    pub kind: u32,
    /// The manifest's envelope.
    pub manifest: *const u8,
    /// Its bytes.
    pub manifest_len: usize,
}

impl From<Release<'_>> for latch_release_t {
    fn from(release: Release<'_>) -> Self {
        use latch_release_kind_t as kind;
        let (kind, manifest) = match release {
            Release::NotAsked => (kind::LATCH_RELEASE_NOT_ASKED, latch_bytes_t::NONE),
            Release::NotFound => (kind::LATCH_RELEASE_NOT_FOUND, latch_bytes_t::NONE),
            Release::Found(manifest) => (kind::LATCH_RELEASE_FOUND, manifest.into()),
        };
        Self {
            kind: kind.number(),
            manifest: manifest.bytes,
            manifest_len: manifest.len,
        }
    }
}

/// # Safety
/// As [`latch_submit`].
unsafe fn release<'a>(
    release: *const latch_release_t,
    storage: Span,
) -> Result<(Release<'a>, Span), Stop> {
    let nowhere = Span::of(release, 0);
    if release.is_null() {
        return Ok((Release::NotAsked, nowhere));
    }
    // SAFETY: as this function's caller promises.
    let asked = unsafe { copied(release)? };
    match asked.kind {
        latch_release_kind_t::NOT_ASKED => Ok((Release::NotAsked, nowhere)),
        latch_release_kind_t::NOT_FOUND => Ok((Release::NotFound, nowhere)),
        latch_release_kind_t::FOUND => {
            // SAFETY: as this function's caller promises.
            let manifest = unsafe { bytes(asked.manifest, asked.manifest_len, storage)? };
            Ok((
                Release::Found(manifest),
                Span::of(asked.manifest, asked.manifest_len),
            ))
        }
        _ => Err(LATCH_VALUE.into()),
    }
}

/// What makes changes real.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct latch_actuator_t {
    /// Handed to each callback.
    pub context: *mut c_void,
    /// Carries out an action whose code is burned: 0 when it was done, or the product's own number for why not, which goes
    /// into the receipt. Called once for each code; a change of the twin may come again after a restart.
    pub act:
        Option<unsafe extern "C" fn(context: *mut c_void, action: *const latch_action_t) -> i32>,
    /// Shuts what stands behind a latch that has closed by itself.
    pub shut:
        Option<unsafe extern "C" fn(context: *mut c_void, latch: u8, cause: latch_close_cause_t)>,
    /// Sends a receipt, or keeps a copy of it: the bytes are gone when it returns.
    pub send: Option<unsafe extern "C" fn(context: *mut c_void, receipt: *const u8, len: usize)>,
}

/// An actuator of which nothing is missing.
struct Acting {
    context: *mut c_void,
    act: unsafe extern "C" fn(*mut c_void, *const latch_action_t) -> i32,
    shut: unsafe extern "C" fn(*mut c_void, u8, latch_close_cause_t),
    send: unsafe extern "C" fn(*mut c_void, *const u8, usize),
}

impl Acting {
    /// # Safety
    /// `actuator` is NULL or leads to one, and its callbacks do what [`latch_actuator_t`] says of them.
    unsafe fn new(actuator: *const latch_actuator_t) -> Result<Self, Stop> {
        // SAFETY: as this function's caller promises.
        let actuator = unsafe { copied(actuator)? };
        Ok(Self {
            context: actuator.context,
            act: required(actuator.act)?,
            shut: required(actuator.shut)?,
            send: required(actuator.send)?,
        })
    }

    fn sender(&self) -> impl Fn(&[u8]) + use<> {
        let (send, context) = (self.send, self.context);
        // SAFETY: with the context that belongs to it, and a receipt of that length.
        move |receipt| unsafe { send(context, receipt.as_ptr(), receipt.len()) }
    }
}

impl Actuator for Acting {
    fn act(&mut self, action: Opened<'_>) -> Result<(), i32> {
        let action = latch_action_t::of(action, StatementId::default());
        // SAFETY: with the context that belongs to it, and an action that lives until it returns.
        match unsafe { (self.act)(self.context, &raw const action) } {
            0 => Ok(()),
            code => Err(code),
        }
    }

    fn shut(&mut self, latch: LatchId, cause: CloseCause) {
        // SAFETY: with the context that belongs to it.
        unsafe { (self.shut)(self.context, latch.number(), cause.into()) };
    }
}

/// Puts a statement through every check: a latch code, a successor of the trust root, a revocation, a stop slip, or an
/// attestation of the time. LATCH_OK says that there is a verdict, not which. `out` takes a receipt, LATCH_RECEIPT_SIZE
/// bytes at least, or nothing is looked at (LATCH_REASON_BUFFER_TOO_SMALL).
///
/// With LATCH_VERDICT_UNLATCHED the code is burned: carry the action out, then settle. Until then the device is busy.
///
/// # Safety
/// `device` as in latch_provision. Other pointers are NULL or lead to as much as they say, which nobody else writes
/// meanwhile; with LATCH_VERDICT_UNLATCHED the statement has to stay until the action was settled.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_submit(
    device: *mut latch_device_t,
    statement: *const u8,
    statement_len: usize,
    found: *const latch_release_t,
    out: *mut u8,
    out_size: usize,
    verdict: *mut latch_verdict_t,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(device, |door| {
            let place = Place::new(verdict)?;
            let (release, lent) = release(found, door.storage)?;
            let apart = [door.storage, lent, Span::of(statement, statement_len)];
            let statement = bytes(statement, statement_len, door.storage)?;
            let out = receipt_buffer(out, out_size, &apart)?;
            place.put(match door.device.submit(statement, release, out) {
                Submitted::Answered(receipt) => latch_verdict_t::answered(receipt.len()),
                Submitted::Noted => latch_verdict_t::noted(),
                Submitted::Ignored(refusal) => latch_verdict_t::ignored(refusal),
                Submitted::ManifestWanted(id) => latch_verdict_t::manifest_wanted(id),
                Submitted::Unlatched(unlatched) => {
                    let (opened, ticket) = unlatched.act();
                    let action = latch_action_t::of(opened, ticket.statement());
                    *door.ticket = Some(ticket);
                    latch_verdict_t::unlatched(action)
                }
            });
            Ok(())
        })
    }
}

/// Records how the action in hand went: `failure` is 0 when it was done, or the product's own number for why not. The
/// receipt comes into `out` (LATCH_RECEIPT_SIZE bytes at least), its length into `receipt_len`.
///
/// Refused with LATCH_NOTHING_IN_HAND; LATCH_REASON_STORAGE_FAULT, LATCH_REASON_MEMORY_FAULT or LATCH_REASON_KEY_FAULT, after which the outcome is
/// told after the next boot, as far as it is known then.
///
/// # Safety
/// As latch_submit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_settle(
    device: *mut latch_device_t,
    failure: i32,
    out: *mut u8,
    out_size: usize,
    receipt_len: *mut usize,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(device, |door| {
            let place = Place::new(receipt_len)?;
            let out = receipt_buffer(out, out_size, &[door.storage])?;
            let ticket = door.ticket.take().ok_or(LATCH_NOTHING_IN_HAND)?;
            let settlement = match failure {
                0 => Settlement::Done,
                code => Settlement::Failed { code },
            };
            place.put(0);
            place.put(door.device.settle(ticket, settlement, out)?.len());
            Ok(())
        })
    }
}

/// After a boot: a change of the twin that was burned before it and whose outcome is not known. Carry it out and settle it,
/// as after latch_submit. Handed out once a boot; LATCH_ACTION_NONE where there is none.
///
/// # Safety
/// As latch_submit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_resume(
    device: *mut latch_device_t,
    action: *mut latch_action_t,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(device, |door| {
            let place = Place::new(action)?;
            place.put(match door.device.resume() {
                None => latch_action_t::NONE,
                Some(unlatched) => {
                    let (opened, ticket) = unlatched.act();
                    let action = latch_action_t::of(opened, ticket.statement());
                    *door.ticket = Some(ticket);
                    action
                }
            });
            Ok(())
        })
    }
}

/// As latch_submit and latch_settle in one, for actuators that answer at once: the action is carried out and the receipt is
/// sent by callbacks. What `actuator.send` was given last lies in `out` too.
///
/// # Safety
/// As latch_submit; `actuator` is NULL or its callbacks do what is said of them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_serve(
    device: *mut latch_device_t,
    statement: *const u8,
    statement_len: usize,
    found: *const latch_release_t,
    actuator: *const latch_actuator_t,
    out: *mut u8,
    out_size: usize,
    verdict: *mut latch_verdict_t,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(device, |door| {
            let place = Place::new(verdict)?;
            let mut acting = Acting::new(actuator)?;
            let (release, lent) = release(found, door.storage)?;
            let apart = [door.storage, lent, Span::of(statement, statement_len)];
            let statement = bytes(statement, statement_len, door.storage)?;
            let out = receipt_buffer(out, out_size, &apart)?;
            let (send, mut sent) = (acting.sender(), 0);
            let mut send = |receipt: &[u8]| {
                sent = receipt.len();
                send(receipt);
            };
            let handled = door
                .device
                .serve(statement, release, &mut acting, out, &mut send);
            place.put(latch_verdict_t::served(handled, sent));
            Ok(())
        })
    }
}

/// Looks at everything that changes without a message: latches that close, downloads that lapse. Call it after each
/// statement and observation, and when it asked to be called, until it says LATCH_POLLED_IDLE. `out` takes a receipt,
/// LATCH_RECEIPT_SIZE bytes at least.
///
/// # Safety
/// As latch_submit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_poll(
    device: *mut latch_device_t,
    out: *mut u8,
    out_size: usize,
    polled: *mut latch_polled_t,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(device, |door| {
            let place = Place::new(polled)?;
            let out = receipt_buffer(out, out_size, &[door.storage])?;
            place.put(door.device.poll(out).into());
            Ok(())
        })
    }
}

/// As latch_poll until it is idle, with callbacks that shut and send. `wake_in_ms` says when to come again at the latest, or
/// LATCH_NEVER.
///
/// # Safety
/// As latch_serve.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_tend(
    device: *mut latch_device_t,
    actuator: *const latch_actuator_t,
    out: *mut u8,
    out_size: usize,
    wake_in_ms: *mut u64,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(device, |door| {
            let place = Place::new(wake_in_ms)?;
            let mut acting = Acting::new(actuator)?;
            let out = receipt_buffer(out, out_size, &[door.storage])?;
            let send = acting.sender();
            let wake = door
                .device
                .tend(&mut acting, out, &mut |receipt| send(receipt));
            place.put(wake.unwrap_or(LATCH_NEVER));
            Ok(())
        })
    }
}
