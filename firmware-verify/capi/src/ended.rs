//! The ends of what a host has asked over the link: exactly one each, with its tag.

use latch_link::{FromDevice, Handled, Paged};
use latch_verify::{device::PagesWanted, types::StatementId};

use crate::{
    boundary::{Place, copied},
    images::latch_paged_t,
    kept::call,
    link::{Inner, latch_link_t, sent},
    result::{LATCH_VALUE, Stop, latch_refusal_t, latch_result_t},
    told::refused,
    verdict::latch_verdict_t,
};

/// Ends LATCH_ASK_STATEMENT with what latch_serve has said. Its receipts are told before.
///
/// As everything that tells: LATCH_LINK_BUSY where there is no room for it yet, LATCH_LINK_DOWN where nobody hears it. Refused
/// with LATCH_VALUE for an action that is still in hand: settle it, and end with LATCH_VERDICT_ANSWERED.
///
/// # Safety
/// As latch_link_begin; `verdict` is NULL or leads to one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_link_end_statement(
    link: *mut latch_link_t,
    tag: u16,
    verdict: *const latch_verdict_t,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(link, |inner: &mut Inner, _| {
            let handled = handled(verdict)?;
            sent(inner.session.send(&FromDevice::Handled { tag, handled }))
        })
    }
}

/// What a verdict says, by plain numbers: C may have changed them.
///
/// # Safety
/// `verdict` is NULL, not aligned, or leads to one.
unsafe fn handled(verdict: *const latch_verdict_t) -> Result<Handled, Stop> {
    const ANSWERED: u32 = 0;
    const NOTED: u32 = 1;
    const IGNORED: u32 = 2;
    const MANIFEST_WANTED: u32 = 3;
    const UNTOLD: u32 = 5;
    // SAFETY: as this function's caller promises. Looked at only; nothing is written there.
    unsafe { Place::new(verdict.cast_mut())? };
    // SAFETY: within the verdict, aligned like it, and any bits are a number, of reasons as of ids.
    let (kind, refusal, manifest) = unsafe {
        (
            (&raw const (*verdict).kind).cast::<u32>().read(),
            (&raw const (*verdict).refusal).read(),
            (&raw const (*verdict).manifest).read(),
        )
    };
    Ok(match kind {
        ANSWERED => Handled::Answered,
        NOTED => Handled::Noted,
        IGNORED => Handled::Ignored(refused(refusal)?),
        MANIFEST_WANTED => Handled::ManifestWanted(StatementId(manifest.id)),
        UNTOLD => Handled::Untold(refused(refusal)?),
        _ => return Err(LATCH_VALUE.into()),
    })
}

/// Ends LATCH_ASK_PAGE with what latch_page or latch_restoration_page has said of it, refusals among it.
///
/// # Safety
/// As latch_link_begin; `paged` is NULL or leads to one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_link_end_page(
    link: *mut latch_link_t,
    tag: u16,
    paged: *const latch_paged_t,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(link, |inner: &mut Inner, _| {
            let paged = taken(paged)?;
            sent(inner.session.send(&FromDevice::Paged { tag, paged }))
        })
    }
}

/// What came of a page, by plain numbers: C may have changed them.
///
/// # Safety
/// `paged` is NULL, not aligned, or leads to one.
unsafe fn taken(paged: *const latch_paged_t) -> Result<Paged, Stop> {
    const KEPT: u32 = 0;
    const COMPLETE: u32 = 1;
    const RESTORED: u32 = 2;
    const REFUSED: u32 = 3;
    // SAFETY: as this function's caller promises. Looked at only; nothing is written there.
    unsafe { Place::new(paged.cast_mut())? };
    // SAFETY: within what came of the page, aligned like it, and any bits are a number.
    let (kind, manifest, next, of, refusal) = unsafe {
        (
            (&raw const (*paged).kind).cast::<u32>().read(),
            (&raw const (*paged).wanted.manifest).read(),
            (&raw const (*paged).wanted.next).read(),
            (&raw const (*paged).wanted.of).read(),
            (&raw const (*paged).refusal).read(),
        )
    };
    Ok(match kind {
        KEPT => Paged::Kept(PagesWanted {
            manifest: StatementId(manifest.id),
            next,
            of,
        }),
        COMPLETE => Paged::Complete,
        RESTORED => Paged::Restored,
        REFUSED => Paged::Refused(refused(refusal)?),
        _ => return Err(LATCH_VALUE.into()),
    })
}

/// Ends any other request: `refusal` says why it was refused (its `reason` 0, or NULL: it was not). What was asked for is told
/// before.
///
/// # Safety
/// As latch_link_begin; `refusal` is NULL or leads to one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_link_end_request(
    link: *mut latch_link_t,
    tag: u16,
    refusal: *const latch_refusal_t,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(link, |inner: &mut Inner, _| {
            let refusal = if refusal.is_null() {
                latch_refusal_t::default()
            } else {
                copied(refusal)?
            };
            let result = match refusal.reason {
                0 => Ok(()),
                _ => Err(refused(refusal)?),
            };
            sent(inner.session.send(&FromDevice::Done { tag, result }))
        })
    }
}
