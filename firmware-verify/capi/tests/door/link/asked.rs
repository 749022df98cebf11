//! What a host asks, as C hears it; and hosts that are away, slow, or others than before.

use std::slice;

use latch_capi::*;
use latch_link::{NotSent, ToDevice};
use latch_verify::{device::Release, types::StatementId};

use super::line::{Host, Line, OUT, name, text};

#[test]
fn everything_that_a_host_asks_is_heard() {
    use latch_ask_kind_t as kind;
    let mut line = Line::met();
    let release = Release::Found(b"manifest");
    let statement = b"statement";
    line.asked(
        &ToDevice::Statement {
            tag: 1,
            release,
            statement,
        },
        |ask| {
            assert_eq!(
                (ask.kind, text(ask.body)),
                (kind::LATCH_ASK_STATEMENT, statement.to_vec())
            );
            // SAFETY: a message that was not taken yet.
            let manifest =
                unsafe { slice::from_raw_parts(ask.release.manifest, ask.release.manifest_len) };
            assert_eq!((ask.release.kind, manifest), (2, &b"manifest"[..]));
        },
    );
    for (release, kind) in [(Release::NotAsked, 0), (Release::NotFound, 1)] {
        line.asked(
            &ToDevice::Statement {
                tag: 2,
                release,
                statement,
            },
            |ask| {
                assert_eq!((ask.release.kind, ask.release.manifest_len), (kind, 0));
            },
        );
    }
    line.asked(
        &ToDevice::Page {
            tag: 3,
            page: &[5; 4000],
        },
        |ask| {
            assert_eq!(
                (ask.kind, text(ask.body)),
                (kind::LATCH_ASK_PAGE, vec![5; 4000])
            );
        },
    );
    line.asked(&ToDevice::AskState { tag: 4 }, |ask| {
        assert_eq!(ask.kind, kind::LATCH_ASK_STATE);
    });
    let statement = StatementId([8; 16]);
    line.asked(&ToDevice::AskReceipt { tag: 5, statement }, |ask| {
        assert_eq!(
            (ask.kind, ask.statement.id),
            (kind::LATCH_ASK_RECEIPT, [8; 16])
        );
    });
    line.asked(
        &ToDevice::AskReceiptNumbered {
            tag: 6,
            number: 1 << 40,
        },
        |ask| {
            assert_eq!(
                (ask.kind, ask.number),
                (kind::LATCH_ASK_RECEIPT_NUMBERED, 1 << 40)
            );
        },
    );
    line.asked(
        &ToDevice::AskRequest {
            tag: 7,
            name: name(),
        },
        |ask| {
            assert_eq!(ask.kind, kind::LATCH_ASK_REQUEST);
            assert_eq!(
                (&ask.name.product[..5], ask.name.incarnation),
                (&b"pump\0"[..], 3)
            );
        },
    );
    let (root, enrolment) = (&b"root"[..], &b"enrolment"[..]);
    line.asked(
        &ToDevice::Provision {
            tag: 8,
            root,
            enrolment,
        },
        |ask| {
            assert_eq!(ask.kind, kind::LATCH_ASK_PROVISION);
            assert_eq!(
                (text(ask.body), text(ask.enrolment)),
                (root.to_vec(), enrolment.to_vec())
            );
        },
    );
    line.asked(&ToDevice::AskStanding { tag: u16::MAX }, |ask| {
        assert_eq!(ask.kind, kind::LATCH_ASK_STANDING);
    });
}

#[test]
fn a_host_that_is_away_or_slow_is_told_so() {
    let line = Line::new();
    // SAFETY: as C would, here and below.
    let receipt = |link| unsafe { latch_link_tell_receipt(link, [1; 400].as_ptr(), 400) };
    assert_eq!(receipt(line.link), LATCH_LINK_DOWN);
    let line = Line::met();
    let mut said = 0;
    while receipt(line.link) == LATCH_OK {
        said += 1;
    }
    assert_eq!((said, receipt(line.link)), (OUT / 405, LATCH_LINK_BUSY));
    let long = [0; 3000];
    // SAFETY: as C would.
    let told = unsafe { latch_link_tell_receipt(line.link, long.as_ptr(), long.len()) };
    assert_eq!(told, 1006, "it never fits");

    // A host that starts again is another one, for which nothing is on its way.
    let mut line = line;
    *line.host = Host::new(70);
    line.turns();
    line.now_ms += 1_000;
    line.turns();
    let restarted = latch_happened_t::LATCH_HAPPENED_LOST_RESTARTED;
    assert_eq!(
        (line.happened(), line.happened()),
        (restarted, latch_happened_t::LATCH_HAPPENED_UP)
    );
    assert_eq!(line.host.send(&ToDevice::AskState { tag: 1 }), Ok(()));
    // SAFETY: as C would.
    assert_eq!(unsafe { latch_link_working(line.link) }, LATCH_OK);
    // SAFETY: as C would.
    assert_eq!(unsafe { latch_link_restart(line.link, 10) }, LATCH_OK);
    assert_eq!(
        line.happened(),
        latch_happened_t::LATCH_HAPPENED_LOST_GIVEN_UP
    );
    assert!(!line.status().up);
    assert_ne!(
        line.host.send(&ToDevice::AskState { tag: 2 }),
        Err(NotSent::Down),
        "it does not know yet"
    );
}
