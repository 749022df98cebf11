//! What C says, as a host hears it.

use std::{ffi::c_char, ptr};

use latch_capi::*;
use latch_link::{
    FromDevice, Handled, Life, Paged, Program, Pulse, Refused, Standing, ToDevice, Wanted, Why,
};
use latch_verify::{
    device::PagesWanted,
    types::{Digest, Posture, StatementId},
};

use super::line::{Line, name, verdict};

#[test]
fn everything_that_a_device_says_is_told() {
    let mut line = Line::met();
    let refusal = latch_refusal_t {
        reason: 813,
        expected: 4,
        found: 5,
    };
    let refused = Refused {
        reason: 813,
        expected: 4,
        found: 5,
    };
    let manifest = latch_statement_id_t { id: [6; 16] };
    let pages = PagesWanted {
        manifest: StatementId([6; 16]),
        next: 2,
        of: 9,
    };
    let wanted = latch_wanted_t {
        any: true,
        manifest,
        next: 2,
        of: 9,
    };
    let root = [3_u8; 32];

    let receipt = b"receipt";
    // SAFETY: as C would, here and below.
    line.told(
        |link| unsafe { latch_link_tell_receipt(link, receipt.as_ptr(), 7) },
        &FromDevice::Receipt(receipt),
    );
    let state = [4; LATCH_STATE_SIZE];
    line.told(
        // SAFETY: as C would.
        |link| unsafe { latch_link_tell_state(link, state.as_ptr(), state.len()) },
        &FromDevice::State(&state),
    );
    line.told(
        // SAFETY: as C would.
        |link| unsafe { latch_link_tell_request(link, receipt.as_ptr(), 7) },
        &FromDevice::Request(receipt),
    );

    let some = Some(Wanted {
        pages,
        merkle_root: Some(Digest(root)),
    });
    let bare = Some(Wanted {
        pages,
        merkle_root: None,
    });
    let nothing = latch_wanted_t::default();
    for (wanted, root, expected) in [
        (&wanted, root.as_ptr(), some),
        (&wanted, ptr::null(), bare),
        (&nothing, root.as_ptr(), None),
    ] {
        line.told(
            // SAFETY: as C would.
            |link| unsafe { latch_link_tell_wanted(link, wanted, root) },
            &FromDevice::Wanted(expected),
        );
    }

    let mut pulse = latch_pulse_t {
        receipts: 1 << 33,
        changes: 2,
        root_version: 3,
        junk: 4,
        posture_known: 6,
        posture_value: 2,
        pulse_every_ms: 500,
    };
    let mut expected = Pulse {
        receipts: 1 << 33,
        changes: 2,
        root_version: 3,
        junk: 4,
        posture: Posture { known: 6, value: 2 },
        pulse_every_ms: Some(500),
    };
    line.told(
        // SAFETY: as C would.
        |link| unsafe { latch_link_tell_pulse(link, &raw const pulse) },
        &FromDevice::Pulse(expected),
    );
    (pulse.pulse_every_ms, expected.pulse_every_ms) = (LATCH_NEVER, None);
    line.told(
        // SAFETY: as C would.
        |link| unsafe { latch_link_tell_pulse(link, &raw const pulse) },
        &FromDevice::Pulse(expected),
    );

    // Ends.
    for (refusal, result) in [(ptr::null(), Ok(())), (&raw const refusal, Err(refused))] {
        let end = FromDevice::Done { tag: 9, result };
        line.told(
            // SAFETY: as C would.
            |link| unsafe { latch_link_end_request(link, 9, refusal) },
            &end,
        );
    }
    let bare = latch_paged_t {
        kind: latch_page_kind_t::LATCH_PAGE_KEPT,
        wanted,
        refusal,
    };
    for (kind, paged) in [
        (latch_page_kind_t::LATCH_PAGE_KEPT, Paged::Kept(pages)),
        (latch_page_kind_t::LATCH_PAGE_COMPLETE, Paged::Complete),
        (latch_page_kind_t::LATCH_PAGE_RESTORED, Paged::Restored),
        (
            latch_page_kind_t::LATCH_PAGE_REFUSED,
            Paged::Refused(refused),
        ),
    ] {
        let came = latch_paged_t { kind, ..bare };
        let end = FromDevice::Paged { tag: 10, paged };
        line.told(
            // SAFETY: as C would.
            |link| unsafe { latch_link_end_page(link, 10, &raw const came) },
            &end,
        );
    }
    for (kind, handled) in [
        (
            latch_verdict_kind_t::LATCH_VERDICT_ANSWERED,
            Handled::Answered,
        ),
        (latch_verdict_kind_t::LATCH_VERDICT_NOTED, Handled::Noted),
        (
            latch_verdict_kind_t::LATCH_VERDICT_IGNORED,
            Handled::Ignored(refused),
        ),
        (
            latch_verdict_kind_t::LATCH_VERDICT_MANIFEST_WANTED,
            Handled::ManifestWanted(pages.manifest),
        ),
        (
            latch_verdict_kind_t::LATCH_VERDICT_UNTOLD,
            Handled::Untold(refused),
        ),
    ] {
        let verdict = verdict(kind, refusal, manifest);
        let end = FromDevice::Handled { tag: 11, handled };
        line.told(
            // SAFETY: as C would.
            |link| unsafe { latch_link_end_statement(link, 11, &raw const verdict) },
            &end,
        );
    }
}

#[test]
fn a_standing_goes_over_whole_or_not_at_all() {
    let mut line = Line::met();
    // SAFETY: numbers alone.
    let mut standing: latch_standing_t = unsafe { std::mem::zeroed() };
    standing.version.minor = 2;
    let version = standing.version.into();
    let mut expected = Standing {
        program: Program::Application,
        life: Life::Unprovisioned,
        version,
        boot: 0,
        why: Why::Unknown,
    };
    // SAFETY: as C would, here and below.
    line.told(
        |link| unsafe { latch_link_tell_standing(link, &raw const standing) },
        &FromDevice::Standing(expected.clone()),
    );
    (standing.life, standing.program) = (2, 1);
    standing.refusal.reason = 1003;
    expected.life = Life::Shut(Refused {
        reason: 1003,
        expected: 0,
        found: 0,
    });
    expected.program = Program::Recovery;
    for (why, expected_why) in [
        (1, Why::Confirmed),
        (2, Why::Trial { boots_left: 2 }),
        (3, Why::Fallback),
        (4, Why::Recovery),
    ] {
        (standing.why, standing.boots_left, expected.why) = (why, 2, expected_why);
        line.told(
            // SAFETY: as C would.
            |link| unsafe { latch_link_tell_standing(link, &raw const standing) },
            &FromDevice::Standing(expected.clone()),
        );
    }
    standing.life = 1;
    line.asked(
        &ToDevice::AskRequest {
            tag: 1,
            name: name(),
        },
        |ask| standing.identity = ask.name,
    );
    expected.life = Life::Provisioned(name());
    line.told(
        // SAFETY: as C would.
        |link| unsafe { latch_link_tell_standing(link, &raw const standing) },
        &FromDevice::Standing(expected),
    );

    let wrong = |change: fn(&mut latch_standing_t)| {
        let mut changed = standing;
        change(&mut changed);
        // SAFETY: as C would.
        let result = unsafe { latch_link_tell_standing(line.link, &raw const changed) };
        assert_eq!(result, LATCH_VALUE);
    };
    wrong(|standing| standing.program = 2);
    wrong(|standing| standing.life = 3);
    wrong(|standing| standing.why = 5);
    wrong(|standing| standing.identity.device = [0; LATCH_DEVICE_NAME_SIZE]);
    wrong(|standing| standing.identity.device[1] = c_char::from_ne_bytes([0xff]));
    wrong(|standing| standing.identity.device = [b'a' as _; LATCH_DEVICE_NAME_SIZE]);
    wrong(|standing| (standing.life, standing.refusal.reason) = (2, 0x1_0000));
    assert!(line.status().all_arrived, "nothing was said");
}
