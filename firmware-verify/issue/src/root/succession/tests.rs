use super::*;
use crate::fixture::{RulesText, key, rules, trust};

/// Two root keys, of which one must sign: 1 and 10.
fn second() -> RulesText {
    rules().version(2).keys("root", &[1, 10])
}

/// Root key 1 has left.
fn third() -> RulesText {
    rules().version(3).keys("root", &[10, 11]).epoch(2)
}

fn chain() -> RootChain {
    let roots = [
        rules().signed(&[1]),
        second().signed(&[1]),
        third().signed(&[10]),
    ];
    RootChain::read(roots).unwrap()
}

fn broken(after: u32, cause: impl Into<Refusal>) -> Result<Link, RootChainError> {
    let cause = cause.into();
    Err(RootChainError::Broken { after, cause })
}

#[test]
fn devices_take_what_both_roots_have_signed() {
    let replaced = rules()
        .version(2)
        .keys("root", &[10, 11])
        .threshold("root", 2);
    let judged = |seeds: &[u8]| {
        verify_succession(&trust(), &replaced.signed(seeds), &[])
            .map(|trust| trust.ring().iter().count())
    };
    assert_eq!(judged(&[1, 10, 11]), Ok(8));
    assert_eq!(judged(&[10, 11, 1]), Ok(8));
    assert_eq!(judged(&[10, 11]), Err(Reason::UnknownKey.into()));
    assert_eq!(
        judged(&[1, 10]),
        Err(Refusal::new(Reason::TooFewRoot, 2, 1))
    );
    assert_eq!(judged(&[1, 10, 11, 99]), Err(Reason::UnknownKey.into()));
    // An operator's signature is good, and counts for nothing.
    assert_eq!(
        judged(&[1, 10, 2]),
        Err(Refusal::new(Reason::TooFewRoot, 2, 1))
    );
}

#[test]
fn a_root_that_lists_a_device_is_found_before_it_is_published() {
    let successor = second().signed(&[1]);
    let (listed, other) = (key(10).id(), key(9).id());
    let judged = |devices: &[KeyId]| verify_succession(&trust(), &successor, devices).map(drop);
    assert_eq!(judged(&[]), Ok(()));
    assert_eq!(judged(&[other]), Ok(()));
    assert_eq!(
        judged(&[other, listed]),
        Err(Reason::DeviceKeyListed.into())
    );
}

#[test]
fn a_chain_holds_roots_that_follow_each_other() {
    let chain = chain();
    assert_eq!(chain.version(), 3);
    let root = chain.current().root().unwrap();
    assert_eq!((root.version, root.epoch), (3, 2));
    let after = |version| chain.after(version).map(Statement::id).collect::<Vec<_>>();
    let all: Vec<_> = chain.statements().map(Statement::id).collect();
    assert_eq!(all.len(), 3);
    assert_eq!(after(0), all);
    assert_eq!(after(1), all[1..]);
    assert_eq!(after(3), []);
    assert_eq!(after(u32::MAX), []);
}

#[test]
fn a_root_that_comes_again_does_no_harm_whoever_signed_it() {
    let mut chain = chain();
    for again in [
        rules().signed(&[1]),
        second().signed(&[1, 10]),
        third().signed(&[10]),
    ] {
        assert_eq!(chain.push(again), Ok(Link::SeenBefore));
    }
    assert_eq!(chain.version(), 3);
}

#[test]
fn what_does_not_follow_is_not_taken() {
    let mut chain = chain();
    let skipped = third().version(5).signed(&[10]);
    let not_next = Refusal::new(Reason::RootNotNext, 4, 5);
    assert_eq!(chain.push(skipped), broken(3, not_next));
    // Key 1 has signed the first two roots, and means nothing after the third.
    let by_the_past = third().version(4).signed(&[1, 11]);
    assert_eq!(chain.push(by_the_past), broken(3, Reason::UnknownKey));
    let back = third().version(4).epoch(1).signed(&[10]);
    let epoch = Refusal::new(Reason::EpochBack, 2, 1);
    assert_eq!(chain.push(back), broken(3, epoch));
    let elsewhere = third().version(4).tenant("other").signed(&[10]);
    assert_eq!(chain.push(elsewhere), broken(3, Reason::OtherTenant));
    assert_eq!(chain.version(), 3);
    assert_eq!(chain.push(third().version(4).signed(&[11])), Ok(Link::Next));
    assert_eq!(chain.version(), 4);
}

#[test]
fn two_roots_in_one_place_are_a_fork_and_a_strangers_is_not() {
    let mut chain = chain();
    let kept = chain.statements().nth(1).unwrap().digest();
    let other = second().keys("time", &[5, 12]).signed(&[1]);
    let found = other.digest();
    let fork = RootChainError::Fork {
        version: 2,
        kept,
        found,
    };
    assert_eq!(chain.push(other), Err(fork));
    let by_stranger = second().keys("time", &[5, 13]).signed(&[99]);
    assert_eq!(chain.push(by_stranger), broken(3, Reason::UnknownKey));
}

#[test]
fn a_chain_begins_with_version_one() {
    let empty = RootChain::read([]).err();
    assert_eq!(empty, Some(RootChainError::Empty));
    let not_first = RootChain::new(second().signed(&[1])).err();
    assert_eq!(not_first, Some(RootChainError::NotFirst(2)));
    let unsigned = RootChain::new(rules().signed(&[2])).err();
    let refusal = Refusal::new(Reason::TooFewRoot, 1, 0);
    assert_eq!(unsigned, Some(RootChainError::First(refusal)));
}
