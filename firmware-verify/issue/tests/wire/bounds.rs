//! The longest that devices and issuers can say fits the bounds of its kind.

use latch_issue::{Draft, Extent, revoke};
use latch_verify::{
    limits::{MAX_MORE, MAX_TIME_MS, MAX_TWIN},
    statement::{
        CloseCause, FirmwareStatus, Junk, More, Outcome, Receipt, State, Status, StopSlip,
        TimeAttestation, TimeStatus,
    },
    twin::{Entries, Entry, Path, Value},
    types::{
        Challenge, DeviceId, Digest, KeyId, LatchId, Posture, ProductId, Sequence, StatementId,
        TenantId, TimeMs, Version,
    },
    wire::{BODY_VERSIONS, Body, Kind, RunWriter},
};

const TENANT: TenantId = TenantId([0xff; 16]);
const STATEMENT: StatementId = StatementId([0xff; 16]);

fn latest() -> TimeMs {
    TimeMs::new(MAX_TIME_MS).unwrap()
}

fn device() -> DeviceId {
    "d".repeat(32).parse().unwrap()
}

/// Every number as long as it can be.
fn status() -> Status {
    let most = u16::MAX;
    Status {
        time: TimeStatus::Trusted(latest()),
        challenge: Challenge([0xff; 16]),
        pulse: Challenge([0xff; 16]),
        locked_down: true,
        open: most,
        root_version: u32::MAX,
        epoch: u32::MAX,
        twin_version: u64::MAX,
        firmware: FirmwareStatus {
            version: Version {
                major: most,
                minor: most,
                patch: u32::MAX,
            },
            manifest: STATEMENT,
            security_floor: u32::MAX,
            trial_boots_left: u8::MAX,
        },
        boot: u32::MAX,
        posture: Posture {
            known: u32::MAX,
            value: u32::MAX,
        },
        junk: Junk {
            count: u32::MAX,
            last_reason: most,
        },
        body_versions: BODY_VERSIONS,
    }
}

fn more() -> More {
    More([0xff; MAX_MORE].into_iter().collect())
}

fn fits<'a>(body: &impl Body<'a>) {
    Draft::new(body).expect("it fits");
}

#[test]
fn the_longest_receipt_fits() {
    let outcomes = [
        Outcome::Refused {
            reason: u16::MAX,
            expected: u64::MAX,
            found: u64::MAX,
        },
        Outcome::Stopped {
            statement: STATEMENT,
            used: true,
        },
        Outcome::Closed {
            latch: LatchId::new(15).unwrap(),
            cause: CloseCause::Lockdown,
        },
        Outcome::TimeRaised { floor_ms: latest() },
    ];
    for outcome in outcomes {
        let receipt = Receipt {
            tenant: TENANT,
            device: device(),
            incarnation: u32::MAX,
            number: u64::MAX,
            previous: Digest([0xff; 32]),
            statement: STATEMENT,
            kind: Kind::Enrolment.number(),
            issuer: Some(KeyId([0xff; 8])),
            sequence: Some(Sequence(u64::MAX)),
            break_glass: true,
            outcome,
            trial: Some(u16::MAX),
            age_ms: Some(u64::MAX),
            status: status(),
            more: more(),
        };
        fits(&receipt);
    }
}

#[test]
fn the_longest_state_fits() {
    let text = "x".repeat(MAX_TWIN - 5);
    let mut buffer = [0; MAX_TWIN];
    let mut leaves = RunWriter::new(&mut buffer);
    let path = Path::new("a").unwrap();
    let value = Value::Text(&text);
    leaves.push(&Entry { path, value }).unwrap();
    assert_eq!(leaves.len(), MAX_TWIN);
    let state = State {
        tenant: TENANT,
        product: ProductId([0xff; 16]),
        device: device(),
        incarnation: u32::MAX,
        receipts: u64::MAX,
        head: Digest([0xff; 32]),
        status: status(),
        twin: Entries::from_bytes(leaves.finish()),
        more: more(),
    };
    fits(&state);
}

#[test]
fn the_longest_of_what_takes_permission_back_fits() {
    let everything = revoke(TENANT, KeyId([0xff; 8]), Extent::Everything).unwrap();
    assert_eq!(everything.message().len(), 12 + 16 + 8 + 10);
    fits(&StopSlip {
        tenant: TENANT,
        issuer: KeyId([0xff; 8]),
        sequence: Sequence(u64::MAX),
        statement: STATEMENT,
    });
    fits(&TimeAttestation {
        tenant: TENANT,
        time_ms: latest(),
        pulse: Some(Challenge([0xff; 16])),
    });
}
