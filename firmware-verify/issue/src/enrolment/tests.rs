use latch_verify::{
    Reason,
    statement::KeyKept,
    types::Digest,
    wire::{DeviceKey as _, SeedKey},
};

use super::*;
use crate::{Rules, StarterKeys, starter_rules};

fn key(byte: u8) -> RoleKey {
    RoleKey::from_seed(&[byte; 32]).unwrap()
}

fn hex(byte: u8) -> String {
    Digest(*key(byte).public().bytes()).to_string()
}

/// A root of keys 1 (root), 2 (operator), 3 (release).
fn root(version: u32) -> Statement {
    let keys = StarterKeys {
        root: hex(1),
        operator: hex(2),
        release: hex(3),
    };
    let text = starter_rules("acme".parse().unwrap(), &keys);
    let text = text.replace("version = 1", &format!("version = {version}"));
    let rules = Rules::from_text(&text, "root.toml".as_ref()).unwrap();
    rules.draft().unwrap().sign(&[&key(1)]).unwrap()
}

fn wish(tenant: &str) -> Enrolment {
    Enrolment {
        tenant: tenant.parse().unwrap(),
        product: "pump".parse().unwrap(),
        device: "pump-7".parse().unwrap(),
        incarnation: 1,
        device_key: Digest(SeedKey::new(&[9; 32]).public()),
        key_kept: KeyKept::Software,
    }
}

fn request() -> EnrolmentRequest {
    let bytes = Statement::seal(&wish("acme"), &[&key(9)])
        .unwrap()
        .into_bytes();
    EnrolmentRequest::from_bytes(bytes).unwrap()
}

#[test]
fn a_request_is_agreed_to_and_bundled() {
    let request = request();
    assert_eq!(request.enrolment(), &wish("acme"));
    assert_eq!(request.key_id(), Ok(key(9).id()));
    let enrolment = request.countersign(&key(2)).unwrap();
    let bundle = ProvisionBundle::new(root(1), enrolment.clone()).unwrap();
    let bytes = bundle.to_bytes().unwrap();
    assert_eq!(
        bytes.len(),
        2 + root(1).bytes().len() + enrolment.bytes().len()
    );
    let length = u16::try_from(root(1).bytes().len()).unwrap();
    assert_eq!(bytes[..2], length.to_le_bytes());
    let read = ProvisionBundle::from_bytes(&bytes).unwrap();
    assert_eq!((read.root(), read.enrolment()), (&root(1), &enrolment));
}

#[test]
fn a_request_that_is_not_the_devices_alone_is_refused() {
    let foreign = Statement::seal(&wish("acme"), &[&key(8)]).unwrap();
    let refusal = EnrolmentRequest::from_bytes(foreign.into_bytes()).unwrap_err();
    assert_eq!(refusal, EnrolmentError::Request(Reason::UnknownKey.into()));
    let both = Statement::seal(&wish("acme"), &[&key(9), &key(2)]).unwrap();
    let refusal = EnrolmentRequest::from_bytes(both.into_bytes()).unwrap_err();
    assert_eq!(refusal, EnrolmentError::Request(Reason::UnknownKey.into()));
    let mut bytes = request().into_statement().into_bytes();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let refusal = EnrolmentRequest::from_bytes(bytes).unwrap_err();
    assert_eq!(
        refusal,
        EnrolmentError::Request(Reason::BadSignature.into())
    );
}

#[test]
fn a_bundle_that_a_device_would_refuse_is_not_made() {
    let good = request().countersign(&key(2)).unwrap();
    let bundle = |root, enrolment: &Statement| ProvisionBundle::new(root, enrolment.clone());
    // A device begins with whatever root is the newest.
    assert!(bundle(root(2), &good).is_ok());

    let alone = request().into_statement();
    let refused = |reason: Reason| Err(EnrolmentError::Enrolment(reason.into()));
    assert_eq!(bundle(root(1), &alone), refused(Reason::NotCountersigned));
    let by_release = request().countersign(&key(3)).unwrap();
    assert_eq!(
        bundle(root(1), &by_release),
        refused(Reason::NotCountersigned)
    );
    let by_operator_alone = Statement::seal(&wish("acme"), &[&key(2)]).unwrap();
    assert_eq!(
        bundle(root(1), &by_operator_alone),
        refused(Reason::NotDeviceKey)
    );
    let elsewhere = Statement::seal(&wish("other"), &[&key(9), &key(2)]).unwrap();
    assert_eq!(bundle(root(1), &elsewhere), refused(Reason::OtherTenant));

    let text = starter_rules(
        "acme".parse().unwrap(),
        &StarterKeys {
            root: hex(1),
            operator: hex(2),
            release: hex(3),
        },
    );
    let rules = Rules::from_text(&text, "root.toml".as_ref()).unwrap();
    let by_operator = rules.draft().unwrap().sign(&[&key(2)]).unwrap();
    let too_few = Refusal::new(Reason::TooFewRoot, 1, 0);
    assert_eq!(
        bundle(by_operator, &good),
        Err(EnrolmentError::Root(too_few))
    );
}

#[test]
fn bytes_that_are_no_bundle_are_refused() {
    let enrolment = request().countersign(&key(2)).unwrap();
    let bytes = ProvisionBundle::new(root(1), enrolment)
        .unwrap()
        .to_bytes()
        .unwrap();
    for cut in [0, 1] {
        assert_eq!(
            ProvisionBundle::from_bytes(&bytes[..cut]),
            Err(EnrolmentError::NotBundle)
        );
    }
    for cut in [2, 100, bytes.len() - 1] {
        assert!(ProvisionBundle::from_bytes(&bytes[..cut]).is_err(), "{cut}");
    }
    let trailing = [&bytes[..], &[0]].concat();
    assert!(ProvisionBundle::from_bytes(&trailing).is_err());
}
