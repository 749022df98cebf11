use latch_verify::{
    statement::{Enrolment, KeyKept, Root},
    types::{DeviceId, ProductId, TenantId},
    wire::{KeyRing, Role},
};

use super::*;

fn key(byte: u8) -> RoleKey {
    RoleKey::from_seed(&[byte; 32]).unwrap()
}

fn body() -> Enrolment {
    Enrolment {
        tenant: "acme".parse::<TenantId>().unwrap(),
        product: "pump".parse::<ProductId>().unwrap(),
        device: "pump-7".parse::<DeviceId>().unwrap(),
        incarnation: 1,
        device_key: Digest(*key(1).public().bytes()),
        key_kept: KeyKept::Software,
    }
}

#[test]
fn what_is_sealed_verifies_and_keeps_its_id_when_countersigned() {
    let mut statement = Statement::seal(&body(), &[&key(1)]).unwrap();
    let id = statement.id();
    assert_eq!(id, Draft::new(&body()).unwrap().id());
    statement.countersign(&key(2)).unwrap();
    assert_eq!(statement.id(), id);
    assert_eq!(statement.signers(), [key(1).id(), key(2).id()]);

    let mut ring = KeyRing::default();
    ring.add(Role::Operator, key(2).public()).unwrap();
    let unknown = statement.verify(&ring).unwrap_err();
    assert_eq!(unknown, SignError::Refused(Reason::UnknownKey.into()));
    ring.add(Role::Operator, key(1).public()).unwrap();
    let verified = statement.verify(&ring).unwrap();
    assert_eq!(verified.body::<Enrolment>().unwrap(), body());
}

#[test]
fn a_detached_signature_is_taken_only_when_it_fits() {
    let draft = Draft::new(&body()).unwrap();
    let again = Draft::from_message(draft.message().to_vec()).unwrap();
    assert_eq!(again, draft);
    let good = key(1).sign(draft.message()).unwrap();
    let foreign = SignError::ForeignSignature(key(2).id());
    assert_eq!(draft.clone().attach(&key(2).public(), &good), Err(foreign));
    let mut flipped = good;
    flipped[5] ^= 1;
    let foreign = SignError::ForeignSignature(key(1).id());
    assert_eq!(
        draft.clone().attach(&key(1).public(), &flipped),
        Err(foreign)
    );

    let mut statement = draft.attach(&key(1).public(), &good).unwrap();
    assert_eq!(statement, Statement::seal(&body(), &[&key(1)]).unwrap());
    let before = statement.clone();
    let foreign = SignError::ForeignSignature(key(2).id());
    assert_eq!(statement.attach(&key(2).public(), &good), Err(foreign));
    assert_eq!(statement, before);
    let second = key(2).sign(statement.message()).unwrap();
    statement.attach(&key(2).public(), &second).unwrap();
    assert_eq!(
        statement,
        Statement::seal(&body(), &[&key(1), &key(2)]).unwrap()
    );
}

#[test]
fn a_key_signs_once_and_eight_keys_sign_at_most() {
    let nobody: &[&RoleKey] = &[];
    assert_eq!(Statement::seal(&body(), nobody), Err(SignError::NoKey));
    let mut statement = Statement::seal(&body(), &[&key(1)]).unwrap();
    let twice = SignError::SignedAlready(key(1).id());
    assert_eq!(statement.countersign(&key(1)), Err(twice));
    let signature = key(1).sign(statement.message()).unwrap();
    assert_eq!(statement.attach(&key(1).public(), &signature), Err(twice));
    for byte in 2..=8 {
        statement.countersign(&key(byte)).unwrap();
    }
    let full = statement.clone();
    assert!(matches!(
        statement.countersign(&key(9)),
        Err(SignError::Refused(_))
    ));
    assert_eq!(statement, full);
}

#[test]
fn a_body_that_a_verifier_refuses_is_not_sealed() {
    let weak = Enrolment {
        device_key: Digest([0; 32]),
        ..body()
    };
    let refused = SignError::Refused(Reason::WeakKey.into());
    assert_eq!(Draft::new(&weak), Err(refused));
    assert_eq!(Statement::seal(&weak, &[&key(1)]), Err(refused));
}

#[test]
fn bytes_that_are_no_statement_are_not_taken() {
    let good = Statement::seal(&body(), &[&key(1)]).unwrap();
    assert_eq!(
        Statement::from_bytes(good.bytes().to_vec()),
        Ok(good.clone())
    );
    let refused = |reason: Reason| Err(SignError::Refused(reason.into()));
    assert_eq!(
        Statement::from_bytes(b"hello".to_vec()),
        refused(Reason::BadMagic)
    );
    let mut trailing = good.bytes().to_vec();
    trailing.push(0);
    assert_eq!(
        Statement::from_bytes(trailing),
        refused(Reason::LengthMismatch)
    );
    // What follows a message must not pass for signatures either.
    for tail in [vec![1], [vec![2], vec![9; 71]].concat()] {
        let message = [good.message().to_vec(), tail].concat();
        let mismatch = SignError::Refused(Reason::LengthMismatch.into());
        assert_eq!(Draft::from_message(message), Err(mismatch));
    }
    let wrong = good.body::<Root<'_>>().unwrap_err();
    assert_eq!(wrong, Refusal::new(Reason::WrongKind, 2, 9).into());
}
