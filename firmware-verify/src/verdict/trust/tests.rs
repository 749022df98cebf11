//! A root in force of which a store was skipped.

use super::{InForce, ReadRoot};
use crate::{
    reject::Reason,
    statement::Root,
    vectors,
    wire::{KeyRing, Role},
};

#[test]
fn what_lies_there_is_told_from_what_was_read() {
    let envelope = vectors::root();
    let read = ReadRoot::kept(&envelope).unwrap();
    let mut in_force = InForce::none();
    in_force.put(&read).unwrap();
    assert!(in_force.is(&read));

    let terms = in_force.terms;
    in_force.terms.thresholds.release = 0;
    assert!(!in_force.is(&read), "a threshold");
    in_force.terms = terms;
    in_force.terms.epoch = 0;
    assert!(!in_force.is(&read), "the epoch");
    in_force.terms = terms;

    let mut ring = KeyRing::new();
    for (_, role, key) in in_force.ring.iter() {
        let role = match role {
            Role::Operator => Role::Root,
            other => *other,
        };
        ring.add(role, *key).unwrap();
    }
    in_force.ring = ring;
    assert!(!in_force.is(&read), "a role");
}

/// A copy in which something is not what was signed: an instruction was skipped while it was made.
#[test]
fn a_root_says_what_was_signed() {
    let envelope = vectors::root();
    let read = || ReadRoot::kept(&envelope).unwrap();
    assert_eq!(read().says_what_is_signed(), Ok(()));
    let changes: [fn(&mut Root<'_>); 5] = [
        |root| root.tenant.0[0] ^= 1,
        |root| root.version += 1,
        |root| root.epoch += 1,
        |root| root.thresholds.root += 1,
        |root| root.thresholds.time += 1,
    ];
    for (nth, change) in changes.into_iter().enumerate() {
        let mut copy = read();
        change(&mut copy.root);
        let refused = Err(Reason::LogicFault);
        assert_eq!(copy.says_what_is_signed(), refused, "change {nth}");
        // Nor is it in force: not by a journal that was read at a boot either.
        let mut in_force = InForce::none();
        assert_eq!(in_force.put(&copy), refused, "change {nth}");
        assert!(in_force.terms().is_err() && in_force.ring().iter().next().is_none());
    }
}

#[test]
fn a_threshold_of_nothing_is_no_threshold() {
    let envelope = vectors::root();
    let mut in_force = InForce::none();
    in_force.put(&ReadRoot::kept(&envelope).unwrap()).unwrap();
    let terms = in_force.terms;
    assert!(in_force.terms().is_ok());
    in_force.terms.thresholds.root = 0;
    assert_eq!(in_force.terms().unwrap_err(), Reason::LogicFault);
    in_force.terms = terms;
    in_force.terms.thresholds.release = 0;
    assert_eq!(in_force.terms().unwrap_err(), Reason::LogicFault);
}
