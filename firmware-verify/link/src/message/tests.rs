//! The table of messages, each as it lies on the line.

use std::{format, string::String, vec, vec::Vec};

use latch_verify::{
    Reason, Refusal,
    device::{Handled as Served, MountFault, Paged as Taken, PagesWanted, Release},
    types::{Digest, Posture, StatementId, Version},
    verdict::Identity,
};

use super::{
    Encode, Fault, FromDevice, Handled, Life, MAX_ENROLMENT_ENVELOPE, MAX_MANIFEST_ENVELOPE,
    MAX_STATEMENT, Malformed, Paged, Program, Pulse, Refused, Standing, ToDevice, Wanted, Why,
    longest_to_device, write,
};

fn bytes(message: &impl Encode) -> Vec<u8> {
    let mut out = vec![0; 70_000];
    let len = write(message, &mut out).expect("a message within its bounds");
    out.truncate(len);
    out
}

fn identity() -> Identity {
    Identity {
        tenant: "acme".parse().unwrap(),
        product: "pump".parse().unwrap(),
        device: "pump-7".parse().unwrap(),
        incarnation: 0x0102_0304,
    }
}

fn refused() -> Refused {
    Refused {
        reason: 0x0102,
        expected: 3,
        found: 4,
    }
}

const ID: StatementId = StatementId([7; 16]);
const PAGES: PagesWanted = PagesWanted {
    manifest: ID,
    next: 2,
    of: 9,
};

fn to_device() -> Vec<(u8, ToDevice<'static>)> {
    let statement = |release| ToDevice::Statement {
        tag: 0x0201,
        release,
        statement: b"code",
    };
    let name = identity();
    vec![
        (1, statement(Release::NotAsked)),
        (1, statement(Release::NotFound)),
        (1, statement(Release::Found(b"manifest"))),
        (
            2,
            ToDevice::Page {
                tag: 2,
                page: b"page",
            },
        ),
        (3, ToDevice::AskState { tag: 3 }),
        (
            4,
            ToDevice::AskReceipt {
                tag: 4,
                statement: ID,
            },
        ),
        (5, ToDevice::AskReceiptNumbered { tag: 5, number: 6 }),
        (6, ToDevice::AskRequest { tag: 6, name }),
        (
            7,
            ToDevice::Provision {
                tag: 7,
                root: b"root",
                enrolment: b"enrolment",
            },
        ),
        (8, ToDevice::AskStanding { tag: 8 }),
    ]
}

fn from_device() -> Vec<(u8, FromDevice<'static>)> {
    let handled = |handled| {
        (
            129,
            FromDevice::Handled {
                tag: 0x0201,
                handled,
            },
        )
    };
    let paged = |paged| (130, FromDevice::Paged { tag: 2, paged });
    let standing = |program, life, why| {
        let standing = Standing {
            program,
            life,
            version: Version {
                major: 1,
                minor: 2,
                patch: 3,
            },
            boot: 4,
            why,
        };
        (135, FromDevice::Standing(standing))
    };
    let wanted = |merkle_root| Wanted {
        pages: PAGES,
        merkle_root,
    };
    let pulse = |pulse_every_ms| {
        let posture = Posture { known: 5, value: 4 };
        let pulse = Pulse {
            receipts: 1,
            changes: 2,
            root_version: 3,
            junk: 4,
            posture,
            pulse_every_ms,
        };
        (137, FromDevice::Pulse(pulse))
    };
    vec![
        handled(Handled::Answered),
        handled(Handled::Noted),
        handled(Handled::Ignored(refused())),
        handled(Handled::ManifestWanted(ID)),
        handled(Handled::Untold(refused())),
        paged(Paged::Kept(PAGES)),
        paged(Paged::Complete),
        paged(Paged::Restored),
        paged(Paged::Refused(refused())),
        (
            131,
            FromDevice::Done {
                tag: 3,
                result: Ok(()),
            },
        ),
        (
            131,
            FromDevice::Done {
                tag: 3,
                result: Err(refused()),
            },
        ),
        (132, FromDevice::Receipt(b"receipt")),
        (133, FromDevice::State(b"state")),
        (134, FromDevice::Request(b"request")),
        standing(Program::Application, Life::Unprovisioned, Why::Unknown),
        standing(
            Program::Application,
            Life::Provisioned(identity()),
            Why::Confirmed,
        ),
        standing(
            Program::Application,
            Life::Shut(refused()),
            Why::Trial { boots_left: 2 },
        ),
        standing(Program::Application, Life::Unprovisioned, Why::Fallback),
        standing(Program::Recovery, Life::Unprovisioned, Why::Recovery),
        (136, FromDevice::Wanted(None)),
        (136, FromDevice::Wanted(Some(wanted(None)))),
        (136, FromDevice::Wanted(Some(wanted(Some(Digest([8; 32])))))),
        pulse(None),
        pulse(Some(60_000)),
    ]
}

#[test]
fn what_is_written_is_read_and_keeps_its_number() {
    for (number, message) in to_device() {
        let bytes = bytes(&message);
        assert_eq!(bytes[0], number);
        assert_eq!(bytes[1..3], message.tag().to_le_bytes());
        let read = ToDevice::decode(&bytes).unwrap();
        assert_eq!(format!("{read:?}"), format!("{message:?}"));
    }
    for (number, message) in from_device() {
        let bytes = bytes(&message);
        assert_eq!(bytes[0], number);
        assert_eq!(bytes[1..3], message.ends().unwrap_or(0).to_le_bytes());
        assert_eq!(FromDevice::decode(&bytes).unwrap(), message);
    }
}

/// Messages whose last field goes to their end: cut, or longer, they are others.
fn is_open(number: u8) -> bool {
    matches!(number, 1 | 2 | 7 | 132 | 133 | 134)
}

#[test]
fn a_message_ends_where_it_ends() {
    let to = to_device()
        .into_iter()
        .map(|(number, message)| (number, bytes(&message)));
    let from = from_device()
        .into_iter()
        .map(|(number, message)| (number, bytes(&message)));
    let fault = |number: u8, bytes: &[u8]| match number {
        ..=128 => ToDevice::decode(bytes).err(),
        _ => FromDevice::decode(bytes).err(),
    };
    for (number, bytes) in to.chain(from) {
        let malformed = fault(number, &bytes[..2]).unwrap();
        assert_eq!(
            (malformed.number, malformed.tag, malformed.fault),
            (number, 0, Fault::Short)
        );
        if is_open(number) {
            continue;
        }
        let tag = u16::from_le_bytes([bytes[1], bytes[2]]);
        for len in 3..bytes.len() {
            let malformed = fault(number, &bytes[..len]).unwrap();
            assert_eq!(
                malformed,
                Malformed {
                    number,
                    tag,
                    fault: Fault::Short
                }
            );
        }
        let longer = [&bytes[..], &[0]].concat();
        // Without an image no more is read, and without refusal neither.
        assert_eq!(fault(number, &longer).unwrap().fault, Fault::Trailing);
    }
    assert_eq!(fault(1, &[]).unwrap().number, 0);
}

#[test]
fn alternatives_that_are_not_there_are_refused() {
    for message in [
        &[1, 0, 0, 3][..],
        &[129, 0, 0, 5],
        &[130, 0, 0, 4],
        &[131, 0, 0, 2],
        &[135, 0, 0, 2],
        &[135, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0],
        &[135, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0],
        &[135, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 3],
        // A message that ends no request has no tag.
        &[132, 1, 0],
        &[136, 0, 1, 0],
    ] {
        let fault = match message[0] {
            ..=128 => ToDevice::decode(message).unwrap_err().fault,
            _ => FromDevice::decode(message).unwrap_err().fault,
        };
        assert_eq!(fault, Fault::BadField, "{message:?}");
    }
    let mut wanted = bytes(&FromDevice::Wanted(Some(Wanted {
        pages: PAGES,
        merkle_root: None,
    })));
    wanted[3] = 3;
    assert_eq!(
        FromDevice::decode(&wanted).unwrap_err().fault,
        Fault::BadField
    );
    let mut request = bytes(&ToDevice::AskRequest {
        tag: 1,
        name: identity(),
    });
    let last = request.len() - 1;
    for byte in [b'/', 0xff] {
        request[last] = byte;
        assert_eq!(
            ToDevice::decode(&request).unwrap_err().fault,
            Fault::BadField
        );
    }
}

#[test]
fn numbers_of_the_other_end_are_unknown() {
    for number in (0..=255_u8).filter(|number| !(1..=8).contains(number)) {
        let malformed = ToDevice::decode(&[number, 5, 0]).unwrap_err();
        assert_eq!((malformed.fault, malformed.tag), (Fault::UnknownNumber, 5));
    }
    for number in (0..=255_u8).filter(|number| !(129..=137).contains(number)) {
        let malformed = FromDevice::decode(&[number, 5, 0]).unwrap_err();
        assert_eq!((malformed.fault, malformed.tag), (Fault::UnknownNumber, 5));
    }
}

#[test]
fn what_is_too_long_is_neither_written_nor_read() {
    let long = vec![1; MAX_STATEMENT + 1];
    let statement = |release, len| ToDevice::Statement {
        tag: 1,
        release,
        statement: &long[..len],
    };
    let most = longest_to_device(0);
    let full = statement(
        Release::Found(&long[..MAX_MANIFEST_ENVELOPE]),
        MAX_STATEMENT,
    );
    assert_eq!(bytes(&full).len(), most);
    let beyond = [
        statement(Release::NotAsked, MAX_STATEMENT + 1),
        statement(Release::Found(&long[..=MAX_MANIFEST_ENVELOPE]), 1),
        ToDevice::Provision {
            tag: 1,
            root: &long,
            enrolment: &[],
        },
        ToDevice::Provision {
            tag: 1,
            root: &[],
            enrolment: &long[..=MAX_ENROLMENT_ENVELOPE],
        },
    ];
    for message in beyond {
        assert_eq!(write(&message, &mut []), None, "{message:?}");
    }
    let mut longer = bytes(&statement(Release::NotAsked, MAX_STATEMENT));
    longer.push(1);
    assert_eq!(ToDevice::decode(&longer).unwrap_err().fault, Fault::TooLong);
    for number in [132, 133, 134] {
        let mut message = vec![1; 3000];
        message[..3].copy_from_slice(&[number, 0, 0]);
        assert_eq!(
            FromDevice::decode(&message).unwrap_err().fault,
            Fault::TooLong
        );
    }
}

#[test]
fn room_is_for_the_longest_of_all() {
    let page = vec![0; 21 + 32 * 16 + 4096];
    let message = ToDevice::Page {
        tag: 1,
        page: &page,
    };
    assert_eq!(bytes(&message).len(), longest_to_device(4096));
    assert_eq!(longest_to_device(4096), 4632);
    // With small pages it is a statement.
    assert_eq!(longest_to_device(1024), longest_to_device(0));
}

#[test]
fn what_the_verifier_says_is_told() {
    let refusal = Refusal::new(Reason::PageOrder, 4, 9);
    let told = Refused::from(refusal);
    assert_eq!(told.refusal(), Some(refusal));
    let sentence = |refused: Refused| -> String { format!("{refused}") };
    assert_eq!(sentence(told), format!("{refusal}"));
    assert!(
        sentence(Refused {
            reason: 9999,
            expected: 0,
            found: 0
        })
        .contains("9999")
    );
    assert_eq!(Handled::from(Served::Answered), Handled::Answered);
    assert_eq!(Handled::from(Served::Noted), Handled::Noted);
    assert_eq!(
        Handled::from(Served::Ignored(refusal)),
        Handled::Ignored(told)
    );
    assert_eq!(
        Handled::from(Served::ManifestWanted(ID)),
        Handled::ManifestWanted(ID)
    );
    assert_eq!(
        Handled::from(Served::Untold(refusal)),
        Handled::Untold(told)
    );
    assert_eq!(Paged::from(Ok(Taken::Kept(PAGES))), Paged::Kept(PAGES));
    assert_eq!(Paged::from(Ok(Taken::Complete)), Paged::Complete);
    assert_eq!(Paged::from(Ok(Taken::Restored)), Paged::Restored);
    assert_eq!(Paged::from(Err(refusal)), Paged::Refused(told));
    assert_eq!(Refused::from(MountFault::Refused(refusal)), told);
    let shut = MountFault::Journal(latch_verify::journal::MountError::Corrupt);
    assert_eq!(
        Refused::from(shut).refusal(),
        Some(Reason::LatchedShut.into())
    );
}
