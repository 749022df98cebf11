use std::time::Instant;

use latch_verify::{
    Refusal,
    statement::{FirmwareStatus, Junk, More, Receipt, Status, TimeStatus},
    types::{Challenge, Digest, Posture, StatementId, Version},
};

use super::*;
use crate::{evidence::Seen, relay::Door};

const ABOUT: StatementId = StatementId([1; 16]);

fn shot(marker: Option<Vec<u8>>) -> Shot {
    Shot {
        device: 0,
        door: Door::Code,
        payload: Vec::new(),
        about: ABOUT,
        marker,
    }
}

fn seen(bytes: &[u8], statement: StatementId, outcome: Outcome) -> Seen {
    let firmware = FirmwareStatus {
        version: Version::default(),
        manifest: StatementId::default(),
        security_floor: 0,
        trial_boots_left: 0,
    };
    let status = Status {
        time: TimeStatus::Unknown,
        challenge: Challenge::default(),
        pulse: Challenge::default(),
        locked_down: false,
        open: 0,
        root_version: 1,
        epoch: 1,
        twin_version: 0,
        firmware,
        boot: 1,
        posture: Posture::default(),
        junk: Junk::default(),
        body_versions: (0, 1),
    };
    let receipt = Receipt {
        tenant: "demo".parse().expect("a name"),
        device: "a".parse().expect("a name"),
        incarnation: 1,
        number: 1,
        previous: Digest::default(),
        statement,
        kind: 1,
        issuer: None,
        sequence: None,
        break_glass: false,
        outcome,
        trial: None,
        age_ms: None,
        status,
        more: More::default(),
    };
    Seen {
        at: Instant::now(),
        bytes: bytes.to_vec(),
        receipt,
    }
}

fn refused(reason: Reason) -> Outcome {
    Outcome::Refused {
        reason: reason.number(),
        expected: 0,
        found: 0,
    }
}

/// What an attack looks like on a device that had one receipt before, and then this.
fn after(
    expected: Expected,
    marker: Option<Vec<u8>>,
    then: impl FnOnce(&mut DeviceRecord),
) -> Result<Expected, String> {
    let mut record = DeviceRecord::default();
    record
        .receipts
        .push(seen(b"first", ABOUT, Outcome::Applied { twin_version: 1 }));
    let before = Before::of(&record);
    then(&mut record);
    what_happened(&shot(marker), expected, &before, &record)
}

#[test]
fn a_device_that_acts_or_keeps_a_page_is_found_whatever_it_answers() {
    let refusal = refused(Reason::Expired);
    let acted = after(Expected::Receipt(Reason::Expired), None, |record| {
        record.effects.push(ABOUT);
        record.receipts.push(seen(b"later", ABOUT, refusal));
    });
    assert_eq!(acted, Err("the device ACTED".to_owned()));
    let kept = after(Expected::Counted(Reason::PageHash), None, |record| {
        record.pages += 1;
        record.refusals.push(Refusal::new(Reason::PageHash, 0, 0));
    });
    assert_eq!(kept, Err("the device KEPT the page".to_owned()));
}

#[test]
fn only_the_same_bytes_are_the_first_receipt() {
    let again = |bytes: &'static [u8]| {
        after(Expected::FirstReceipt, None, |record| {
            record
                .receipts
                .push(seen(bytes, ABOUT, Outcome::Applied { twin_version: 1 }));
        })
    };
    assert_eq!(again(b"first"), Ok(Expected::FirstReceipt));
    assert!(again(b"other").is_err());
}

#[test]
fn an_answer_about_another_statement_is_none() {
    let happened = after(Expected::Receipt(Reason::Expired), None, |record| {
        record.receipts.push(seen(
            b"other",
            StatementId([2; 16]),
            refused(Reason::Expired),
        ));
    });
    assert!(happened.is_err_and(|words| words.starts_with("no answer")));
}

#[test]
fn a_receipt_and_a_count_are_told_apart() {
    let answered = after(Expected::Counted(Reason::UnknownKey), None, |record| {
        record
            .receipts
            .push(seen(b"later", ABOUT, refused(Reason::UnknownKey)));
    });
    assert_eq!(answered, Ok(Expected::Receipt(Reason::UnknownKey)));
    let counted = after(Expected::Receipt(Reason::UnknownKey), None, |record| {
        record.refusals.push(Refusal::new(Reason::UnknownKey, 0, 0));
    });
    assert_eq!(counted, Ok(Expected::Counted(Reason::UnknownKey)));
}

#[test]
fn passed_over_means_that_only_the_marker_was_counted() {
    let after_marker = |reasons: &'static [Reason]| {
        after(Expected::PassedOver, Some(Vec::new()), |record| {
            record
                .refusals
                .extend(reasons.iter().map(|reason| Refusal::new(*reason, 0, 0)));
        })
    };
    assert_eq!(after_marker(&[Reason::PageHash]), Ok(Expected::PassedOver));
    assert_eq!(
        after_marker(&[Reason::OtherRelease]),
        Ok(Expected::Counted(Reason::OtherRelease))
    );
    assert_ne!(
        after_marker(&[Reason::PageHash, Reason::PageHash]),
        Ok(Expected::PassedOver)
    );
}
