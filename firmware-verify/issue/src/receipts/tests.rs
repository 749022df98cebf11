mod long;

use latch_verify::{
    Reason,
    statement::{More, Outcome},
    types::StatementId,
    wire::{BODY_VERSIONS, Kind},
};
use serde_json::json;

use super::*;
use crate::{
    fixture::{self, key},
    keys::RoleKey,
};

fn status() -> Status {
    fixture::state(BODY_VERSIONS).status
}

fn signed(number: u64, previous: Digest, statement: u8) -> SignedReceipt {
    signed_as(|receipt| Receipt {
        number,
        previous,
        statement: StatementId([statement; 16]),
        ..receipt
    })
}

/// A receipt of the device, changed from the first that it might write.
fn signed_as(change: impl Fn(Receipt) -> Receipt) -> SignedReceipt {
    let receipt = change(Receipt {
        tenant: "acme".parse().unwrap(),
        device: "pump-7".parse().unwrap(),
        incarnation: 1,
        number: 1,
        previous: Digest::default(),
        statement: StatementId::default(),
        kind: Kind::Code.number(),
        issuer: None,
        sequence: None,
        break_glass: false,
        outcome: Outcome::Probed,
        trial: None,
        age_ms: None,
        status: status(),
        more: More::default(),
    });
    let bytes = Statement::seal(&receipt, &[&key(9)]).unwrap().into_bytes();
    SignedReceipt::verify(bytes, &key(9).public()).unwrap()
}

/// Receipts 1 to `count`, each after the other.
fn row(count: u64) -> Vec<SignedReceipt> {
    let mut row: Vec<SignedReceipt> = Vec::new();
    for number in 1..=count {
        let previous = row.last().map(|last| last.statement().digest());
        row.push(signed(number, previous.unwrap_or_default(), 1));
    }
    row
}

fn state(receipts: u64, head: Digest) -> DeviceState {
    let twin = Document::from_json(&json!({"pump": {"limit": 5}})).unwrap();
    let state = State {
        tenant: "acme".parse().unwrap(),
        product: "pump".parse().unwrap(),
        device: "pump-7".parse().unwrap(),
        incarnation: 1,
        receipts,
        head,
        status: status(),
        twin: twin.entries(),
        more: More::default(),
    };
    let bytes = Statement::seal(&state, &[&key(9)]).unwrap().into_bytes();
    DeviceState::verify(bytes, &key(9).public()).unwrap()
}

fn chain() -> ReceiptChain {
    ReceiptChain::new("acme".parse().unwrap(), "pump-7".parse().unwrap())
}

#[test]
fn only_the_devices_own_signature_is_taken() {
    let good = signed(1, Digest::default(), 1);
    let verify = |bytes: &[u8], key: &RoleKey| SignedReceipt::verify(bytes.to_vec(), &key.public());
    let bytes = good.statement().bytes();
    assert_eq!(verify(bytes, &key(9)).as_ref(), Ok(&good));
    let refused = |reason: Reason| Err(SignError::Refused(reason.into()));
    assert_eq!(verify(bytes, &key(8)), refused(Reason::UnknownKey));
    let mut flipped = bytes.to_vec();
    flipped[20] ^= 1;
    assert!(verify(&flipped, &key(9)).is_err());
    let mut second = good.statement().clone();
    second.countersign(&key(8)).unwrap();
    assert_eq!(verify(second.bytes(), &key(9)), refused(Reason::UnknownKey));
    let other = DeviceState::verify(bytes.to_vec(), &key(9).public()).unwrap_err();
    assert!(
        matches!(other, StateError::Refused(SignError::Refused(refusal)) if refusal.reason == Reason::WrongKind)
    );
}

#[test]
fn a_state_is_owned_and_shows_its_twin() {
    let state = state(0, Digest::default());
    let shown = serde_json::to_value(&state).unwrap();
    assert_eq!(shown["twin"], json!({"pump": {"limit": 5}}));
    assert_eq!(shown["device"], "pump-7");
}

#[test]
fn receipts_in_a_row_fit_and_repeats_do_no_harm() {
    let (mut chain, row) = (chain(), row(4));
    assert_eq!(chain.head(), (0, Digest::default()));
    for receipt in &row {
        assert_eq!(chain.push(receipt), Ok(Link::Next));
    }
    for receipt in &row {
        assert_eq!(chain.push(receipt), Ok(Link::SeenBefore));
    }
    let head = (4, row[3].statement().digest());
    assert_eq!(chain.head(), head);
    for (number, receipt) in (1..).zip(&row) {
        assert_eq!(
            chain.check_state(&state(number, receipt.statement().digest())),
            Ok(())
        );
    }
    assert_eq!(chain.check_state(&state(0, Digest::default())), Ok(()));
}

#[test]
fn a_gap_names_what_is_missing_and_can_be_filled() {
    let (mut chain, row) = (chain(), row(5));
    let gap = chain.push(&row[2]).unwrap_err();
    assert!(matches!(
        gap,
        ChainBreak::Gap {
            first: 1,
            found: 3,
            ..
        }
    ));
    assert!(
        gap.to_string()
            .starts_with("receipts 1 to 2 of pump-7 are missing")
    );
    let one = chain.push(&row[1]).unwrap_err();
    assert!(matches!(
        one,
        ChainBreak::Gap {
            first: 1,
            found: 2,
            ..
        }
    ));
    assert!(
        one.to_string()
            .starts_with("receipt 1 of pump-7 is missing: ")
    );
    for receipt in &row {
        assert_eq!(chain.push(receipt), Ok(Link::Next));
    }
}

#[test]
fn a_fork_and_a_rewritten_past_are_told_apart() {
    let (mut chain, row) = (chain(), row(3));
    for receipt in &row[..2] {
        chain.push(receipt).unwrap();
    }
    let fork = signed(2, row[0].statement().digest(), 2);
    assert!(matches!(
        chain.push(&fork),
        Err(ChainBreak::Fork { number: 2, .. })
    ));
    let after_fork = signed(3, fork.statement().digest(), 1);
    let named = fork.statement().digest();
    assert!(
        matches!(chain.push(&after_fork), Err(ChainBreak::Rewritten { number: 3, named: n, .. }) if n == named)
    );
    assert_eq!(
        chain.push(&row[2]),
        Ok(Link::Next),
        "what did not fit changed nothing"
    );
    let mut fresh = self::chain();
    let not_first = signed(1, Digest([1; 32]), 1);
    assert!(matches!(
        fresh.push(&not_first),
        Err(ChainBreak::Rewritten { number: 1, .. })
    ));
}

#[test]
fn a_state_that_speaks_of_other_receipts_is_found() {
    let (mut chain, row) = (chain(), row(2));
    for receipt in &row {
        chain.push(receipt).unwrap();
    }
    let ahead = chain.check_state(&state(3, Digest([1; 32])));
    assert!(matches!(
        ahead,
        Err(ChainBreak::StateAhead {
            said: 3,
            here: 2,
            ..
        })
    ));
    let other = chain.check_state(&state(2, Digest([1; 32])));
    assert!(matches!(other, Err(ChainBreak::Fork { number: 2, .. })));
}

#[test]
fn a_chain_can_go_on_from_a_known_receipt() {
    let row = row(5);
    let (tenant, device) = ("acme".parse().unwrap(), "pump-7".parse().unwrap());
    let known = row[2].statement().digest();
    let mut chain = ReceiptChain::after(tenant, device, 3, known);
    let before = chain.push(&row[1]);
    assert_eq!(
        before,
        Err(ChainBreak::BeforeStart {
            number: 2,
            first: 4
        })
    );
    assert_eq!(chain.push(&row[3]), Ok(Link::Next));
    assert_eq!(chain.check_state(&state(3, known)), Ok(()));
    assert!(matches!(
        chain.check_state(&state(3, Digest([1; 32]))),
        Err(ChainBreak::Fork { .. })
    ));
    assert!(matches!(
        chain.check_state(&state(2, known)),
        Err(ChainBreak::BeforeStart { .. })
    ));
}

#[test]
fn another_devices_receipt_does_not_fit() {
    let mut chain = ReceiptChain::new("acme".parse().unwrap(), "pump-8".parse().unwrap());
    let error = chain.push(&row(1)[0]).unwrap_err();
    assert!(matches!(error, ChainBreak::OtherDevice { .. }));
    let mut chain = ReceiptChain::new("other".parse().unwrap(), "pump-7".parse().unwrap());
    assert!(matches!(
        chain.push(&row(1)[0]),
        Err(ChainBreak::OtherDevice { .. })
    ));
}
