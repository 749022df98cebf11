//! Which keys a root may list: sound ones, each once, and never the device's own. The issuer makes no other root, and no
//! device takes one, whoever has signed it.

use latch_issue::{Draft, Rules, SignError, Statement};
use latch_verify::{
    Reason, Refusal,
    limits::MAX_KEYS,
    types::Digest,
    wire::{Envelope, Kind, Role},
};
use serde_json::Value;

use crate::world::{
    bench::Bench,
    keys::{DEVICE, OPERATOR, ROOT, Signer},
    root::RootSpec,
};

/// Every encoding of a point of small order, and others that are no key.
fn weak_keys() -> Vec<[u8; 32]> {
    let vectors: Value = serde_json::from_str(include_str!("../../vectors/mixed-order.json"))
        .expect("the vectors are JSON");
    let encodings = vectors["small_order"].as_array().expect("a list");
    let mut keys: Vec<[u8; 32]> = encodings
        .iter()
        .map(|point| {
            let digits = point["encoding"].as_str().expect("hexadecimal digits");
            digits.parse::<Digest>().expect("32 bytes").0
        })
        .collect();
    // At least the 8 points themselves, and those that are encoded in a second way.
    assert!(keys.len() >= 14, "{}", keys.len());
    // p + 3: a point of large order, not reduced. y = 2 is on no point of the curve.
    let mut unreduced = [0xff; 32];
    (unreduced[0], unreduced[31]) = (0xf0, 0x7f);
    let mut nowhere = [0; 32];
    nowhere[0] = 2;
    keys.extend([unreduced, nowhere]);
    keys
}

/// The verifier refuses such a root whoever has signed it, and the issuer makes none.
#[track_caller]
fn is_refused(bench: &mut Bench, root: &RootSpec, expected: impl Into<Refusal>) {
    let (envelope, expected) = (root.sealed(&ROOT), expected.into());
    bench.rest_reserves();
    bench.refuses(&envelope, expected);
    let parsed = Envelope::parse(Kind::Root, &envelope).expect("an envelope");
    let refused = SignError::Refused(expected);
    let draft = Draft::from_message(parsed.message().to_vec());
    assert_eq!(draft.err(), Some(refused));
    assert_eq!(Statement::from_bytes(envelope).err(), Some(refused));
}

#[test]
fn weak_keys_are_refused_in_every_role() {
    let mut bench = Bench::new();
    let roles = [
        Role::Root,
        Role::Operator,
        Role::Release,
        Role::Approver,
        Role::Time,
        Role::BreakGlass,
    ];
    for (key, role) in weak_keys().into_iter().zip(roles.into_iter().cycle()) {
        let mut root = RootSpec::default().next();
        root.keys.push((role, key));
        is_refused(&mut bench, &root, Reason::WeakKey);
        // Nor does it stand in the place of another.
        let mut root = RootSpec::default().next();
        let place = root.keys.iter_mut().find(|(listed, _)| *listed == role);
        place.expect("a key of each role").1 = key;
        is_refused(&mut bench, &root, Reason::WeakKey);
        is_refused_as_rules(&key);
    }
    bench.rest_reserves();
    bench.succeed(&RootSpec::default().next(), &ROOT);
}

/// A rules file in which such a key stands makes no root.
fn is_refused_as_rules(key: &[u8; 32]) {
    let sound = Digest(OPERATOR[0].public()).to_string();
    let rules = |operator: &str| {
        let [root, release] = [Signer(1), Signer(21)].map(|key| Digest(key.public()).to_string());
        let latch = |name: &str| {
            format!("[[latch]]\nname = \"{name}\"\nfreshness = \"challenge\"\nmax-life = \"1h\"\n")
        };
        let text = format!(
            "tenant = \"acme\"\nversion = 2\nepoch = 4\n[keys]\nroot = [\"{root}\"]\noperator = [\"{operator}\"]\n\
             release = [\"{release}\"]\n{}{}{}",
            latch("twin"),
            latch("firmware"),
            latch("trust"),
        );
        Rules::from_text(&text, "root.toml".as_ref())
            .and_then(|rules| rules.draft())
            .map_err(|error| error.to_string())
    };
    assert_eq!(rules(&sound).err(), None);
    let refused = rules(&Digest(*key).to_string()).expect_err("no root");
    assert!(refused.contains("weak"), "{refused}");
}

#[test]
fn a_key_is_listed_once_and_in_one_role() {
    let mut bench = Bench::new();
    for role in [Role::Operator, Role::Root, Role::Time] {
        let mut root = RootSpec::default().next();
        root.list(role, OPERATOR[0]);
        is_refused(&mut bench, &root, Reason::KeyTwice);
    }
    let mut root = RootSpec::default().next();
    let spare = MAX_KEYS + 1 - root.keys.len();
    for number in (0..).take(spare) {
        root.list(Role::Operator, Signer(100 + number));
    }
    is_refused(&mut bench, &root, Reason::TooManyEntries);
}

/// A device that obeyed its own key would obey whoever runs on it.
#[test]
fn a_device_follows_no_root_that_lists_its_own_key() {
    let mut bench = Bench::new();
    for role in [Role::Operator, Role::Root, Role::Time, Role::BreakGlass] {
        let mut root = RootSpec::default().next();
        root.list(role, DEVICE);
        bench.rest_reserves();
        bench.refuses(&root.sealed(&ROOT), Reason::DeviceKeyListed);
        root.epoch += 1;
        bench.rest_reserves();
        bench.refuses(
            &root.sealed(&[ROOT[0], ROOT[1], DEVICE]),
            Reason::DeviceKeyListed,
        );
    }
    // Nor does its signature count for anything elsewhere.
    let root = RootSpec::default().next();
    bench.rest_reserves();
    bench.refuses(
        &root.sealed(&[ROOT[0], ROOT[1], DEVICE]),
        Reason::UnknownKey,
    );
}
