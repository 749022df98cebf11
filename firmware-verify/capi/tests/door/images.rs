//! A release behind the interface: what the pump in C does not do with one.

use std::{ffi::c_void, ptr};

use latch_capi::*;

use super::board::{Bench, answer, input};

fn install(bench: &Bench) {
    let (manifest, code, pages) = (input("manifest"), input("install"), input("pages"));
    let submit = |kind: u32| {
        let release = latch_release_t {
            kind,
            manifest: manifest.as_ptr(),
            manifest_len: manifest.len(),
        };
        // SAFETY: as C would, with everything alive.
        answer::<latch_verdict_t>(|verdict| unsafe {
            latch_submit(
                bench.device(),
                code.as_ptr(),
                code.len(),
                &raw const release,
                bench.out(),
                LATCH_STATE_SIZE,
                verdict,
            )
        })
    };
    assert_eq!(submit(3).0, LATCH_VALUE);
    let (result, verdict) = submit(2);
    let answered = latch_verdict_kind_t::LATCH_VERDICT_ANSWERED;
    assert_eq!((result, verdict.kind), (LATCH_OK, answered));

    let mut rest = &pages[..];
    while let Some((len, after)) = rest.split_first_chunk() {
        // SAFETY: as C would.
        let (result, wanted) = answer(|wanted| unsafe { latch_wanted(bench.device(), wanted) });
        assert!(result == LATCH_OK && wanted.any);
        let (page, after) = after.split_at(u16::from_le_bytes(*len).into());
        let take = |page: &[u8]| {
            // SAFETY: as C would.
            answer::<latch_paged_t>(|paged| unsafe {
                latch_page(bench.device(), page.as_ptr(), page.len(), paged)
            })
        };
        let mut forged = page.to_vec();
        *forged.last_mut().unwrap() ^= 1;
        let (result, paged) = take(&forged);
        let refused = latch_page_kind_t::LATCH_PAGE_REFUSED;
        assert_eq!(
            (result, paged.kind, paged.refusal.reason),
            (813, refused, 813)
        );
        let (result, paged) = take(page);
        assert_eq!((result, paged.refusal.reason), (LATCH_OK, 0));
        if paged.kind == latch_page_kind_t::LATCH_PAGE_KEPT {
            let next = latch_wanted_t {
                next: wanted.next + 1,
                ..wanted
            };
            assert_eq!(paged.wanted, next);
        }
        rest = after;
    }
    // SAFETY: as C would.
    let (result, armed) = answer::<latch_armed_t>(|armed| unsafe {
        latch_arm(bench.device(), bench.out(), LATCH_STATE_SIZE, armed)
    });
    assert_eq!((result, armed.ready), (LATCH_OK, true));
}

unsafe extern "C" fn is_whole(asked: *mut c_void, image: *const latch_image_t) -> i32 {
    // SAFETY: the list of this test, and an image that lives until this returns.
    unsafe { (*asked.cast::<Vec<u8>>()).push((*image).slot) };
    1
}

#[test]
fn an_image_is_looked_at_by_others_and_given_up() {
    let bench = Bench::provisioned();
    install(&bench);
    let mut part = [0_u8; 8];
    let mut read = |offset: u32| {
        // SAFETY: as C would.
        unsafe { latch_read_image(bench.device(), offset, part.as_mut_ptr(), part.len()) }
    };
    assert_eq!((read(4_992), read(4_993)), (LATCH_OK, 812), "up to its end");
    assert_eq!(part, [0; 8], "cleared for what was refused");
    // SAFETY: as C would.
    let (_, image) = answer(|image| unsafe { latch_installing(bench.device(), image) });
    assert!(image.any && image.slot == 1 && image.size == 5_000 && image.page_size == 1_024);

    // A bootloader that finds the slot damaged starts the image from the factory.
    let parts = bench.parts();
    let mut record = [0; LATCH_RECORD_SIZE];
    let mut asked: Vec<u8> = Vec::new();
    let mut loader = latch_bootloader_t::blank();
    let loader = &raw mut loader;
    // SAFETY: as C would.
    let may_jump_to = |slot| unsafe { latch_bootloader_may_jump_to(loader, slot) };
    assert_eq!(may_jump_to(0), LATCH_NOT_BOOTED);
    assert_eq!(bench.end(), LATCH_OK);
    // SAFETY: as C would.
    let (result, choice) = answer::<latch_choice_t>(|choice| unsafe {
        latch_bootloader_start_by(
            loader,
            &raw const parts.journal,
            Some(is_whole),
            (&raw mut asked).cast(),
            record.as_mut_ptr(),
            record.len(),
            choice,
        )
    });
    let confirmed = latch_start_kind_t::LATCH_START_CONFIRMED;
    assert_eq!((result, choice.start), (LATCH_OK, confirmed));
    assert_eq!((choice.given_up, &asked[..]), (814, &[1][..]));
    assert_eq!(
        (may_jump_to(0), may_jump_to(1)),
        (LATCH_OK, LATCH_NOT_CHOSEN)
    );
    assert_eq!(may_jump_to(2), LATCH_NOT_CHOSEN);
    // SAFETY: as C would.
    let (_, images) = answer(|images| unsafe { latch_bootloader_images(loader, images) });
    let armed = latch_install_phase_t::LATCH_INSTALL_ARMED;
    assert_eq!(
        (images.confirmed.slot, images.next.slot, images.phase),
        (0, 1, armed)
    );
    assert!(images.confirmed.any && images.next.any && !images.fallback.any);
    // SAFETY: as C would.
    let (_, who) = answer::<latch_identity_t>(|identity| unsafe {
        latch_bootloader_identity(loader, identity)
    });
    assert_eq!((&who.tenant[..5], who.incarnation), (&b"acme\0"[..], 1));

    // What cannot be read again may not be jumped to any more, and the recovery program starts.
    // SAFETY: as C would, but for what is to be refused.
    let (result, choice) = answer::<latch_choice_t>(|choice| unsafe {
        latch_bootloader_start(
            loader,
            &raw const parts.journal,
            parts.slots.as_ptr(),
            record.as_mut_ptr(),
            1,
            choice,
        )
    });
    let recovery = latch_start_kind_t::LATCH_START_RECOVERY;
    assert_eq!((result, choice.start), (1006, recovery));
    assert_eq!(may_jump_to(0), LATCH_NOT_BOOTED);

    // Where nobody has chosen, the image on trial is what runs, as far as the device knows.
    assert_eq!(bench.boot(), LATCH_OK);
    let trial = latch_install_phase_t::LATCH_INSTALL_TRIAL;
    assert_eq!(bench.facts().1.install, trial);
    let mut len = 0;
    let give_up = |len: *mut usize| {
        // SAFETY: as C would.
        unsafe { latch_give_up(bench.device(), bench.out(), LATCH_STATE_SIZE, len) }
    };
    assert_eq!(give_up(&raw mut len), LATCH_OK);
    assert_eq!((len > 0, give_up(&raw mut len)), (true, 809));
    // SAFETY: as C would.
    let result =
        unsafe { latch_receipt(bench.device(), ptr::null(), bench.out(), 0, ptr::null_mut()) };
    assert_eq!(result, LATCH_NULL);
}
