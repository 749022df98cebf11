//! Long chains of everything that a device answers, with something wrong in them.

use latch_verify::{
    statement::CloseCause,
    types::{LatchId, Sequence, TimeMs},
};
use proptest::prelude::*;

use super::*;

/// What a receipt tells of, by the device's own choice.
#[derive(Debug, Clone, Copy)]
struct Event {
    kind: Kind,
    statement: u8,
    outcome: Outcome,
}

fn outcome() -> impl Strategy<Value = (Kind, Outcome)> {
    let latch = || (3_u8..16).prop_map(|number| LatchId::new(number).unwrap());
    let cause = prop_oneof![
        Just(CloseCause::Time),
        Just(CloseCause::Silence),
        Just(CloseCause::Trust)
    ];
    let code = |outcome| (Kind::Code, outcome);
    prop_oneof![
        any::<u64>().prop_map(move |twin_version| code(Outcome::Applied { twin_version })),
        (1..1000_u32).prop_map(move |seconds| code(Outcome::Opened { seconds })),
        (1..1000_u32).prop_map(move |seconds| code(Outcome::Renewed { seconds })),
        (latch(), cause).prop_map(move |(latch, cause)| code(Outcome::Closed { latch, cause })),
        any::<i32>().prop_map(move |failed| code(Outcome::ActuatorFailed { code: failed })),
        Just(code(Outcome::LockedDown)),
        Just(code(Outcome::Unlocked)),
        (2..9_u32, 1..5_u32)
            .prop_map(|(version, epoch)| (Kind::Root, Outcome::RootAccepted { version, epoch })),
        Just((Kind::Revocation, Outcome::Revoked)),
        (any::<[u8; 16]>(), any::<bool>()).prop_map(|(statement, used)| {
            let statement = StatementId(statement);
            (Kind::StopSlip, Outcome::Stopped { statement, used })
        }),
        (0..1_u64 << 48).prop_map(|floor| {
            let floor_ms = TimeMs::new(floor).unwrap();
            (Kind::Time, Outcome::TimeRaised { floor_ms })
        }),
    ]
}

/// Few statements, so that many of them have several receipts.
fn event() -> impl Strategy<Value = Event> {
    (outcome(), 0..6_u8).prop_map(|((kind, outcome), statement)| Event {
        kind,
        statement,
        outcome,
    })
}

fn tell(event: Event, number: u64, previous: Digest, incarnation: u32) -> SignedReceipt {
    let names = !matches!(event.kind, Kind::Root | Kind::Time);
    signed_as(|receipt| Receipt {
        incarnation,
        number,
        previous,
        statement: StatementId([event.statement; 16]),
        kind: event.kind.number(),
        issuer: names.then(|| key(2).id()),
        sequence: names.then_some(Sequence(9)),
        outcome: event.outcome,
        ..receipt
    })
}

/// Receipts of these events, behind those that are there.
fn go_on(mut chain: Vec<SignedReceipt>, events: &[Event], incarnation: u32) -> Vec<SignedReceipt> {
    for event in events {
        let previous = chain.last().map(|last| last.statement().digest());
        let number = u64::try_from(chain.len()).unwrap() + 1;
        let receipt = tell(*event, number, previous.unwrap_or_default(), incarnation);
        chain.push(receipt);
    }
    chain
}

fn push_all(chain: &mut ReceiptChain, receipts: &[SignedReceipt]) {
    for receipt in receipts {
        assert_eq!(chain.push(receipt), Ok(Link::Next));
    }
}

fn gap(first: usize, found: &SignedReceipt) -> Result<Link, ChainBreak> {
    Err(ChainBreak::Gap {
        device: "pump-7".parse().unwrap(),
        first: u64::try_from(first).unwrap(),
        found: found.receipt().number,
    })
}

fn rewritten(found: &SignedReceipt, kept: &SignedReceipt) -> Result<Link, ChainBreak> {
    Err(ChainBreak::Rewritten {
        device: "pump-7".parse().unwrap(),
        number: found.receipt().number,
        kept: kept.statement().digest(),
        named: found.receipt().previous,
    })
}

fn fork(kept: &SignedReceipt, found: &SignedReceipt) -> Result<Link, ChainBreak> {
    Err(ChainBreak::Fork {
        device: "pump-7".parse().unwrap(),
        number: found.receipt().number,
        kept: kept.statement().digest(),
        found: found.statement().digest(),
    })
}

/// Events, and a place among them.
fn events_and_place() -> impl Strategy<Value = (Vec<Event>, usize)> {
    prop::collection::vec(event(), 3..60).prop_flat_map(|events| {
        let places = 0..events.len() - 1;
        (Just(events), places)
    })
}

/// An event that differs from this one.
fn altered(event: Event) -> Event {
    Event {
        statement: event.statement ^ 0x80,
        ..event
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn one_that_is_left_out_is_missed_until_it_comes((events, place) in events_and_place()) {
        let row = go_on(Vec::new(), &events, 1);
        let mut chain = chain();
        push_all(&mut chain, &row[..place]);
        for later in &row[place + 1..] {
            prop_assert_eq!(chain.push(later), gap(place + 1, later));
        }
        push_all(&mut chain, &row[place..]);
        prop_assert_eq!(chain.head().1, row.last().unwrap().statement().digest());
    }

    #[test]
    fn two_that_change_places_are_told(
        (events, place) in events_and_place(),
        far in any::<prop::sample::Index>(),
    ) {
        let row = go_on(Vec::new(), &events, 1);
        let other = place + 1 + far.index(row.len() - place - 1);
        let mut mixed: Vec<&SignedReceipt> = row.iter().collect();
        mixed.swap(place, other);
        let mut chain = chain();
        push_all(&mut chain, &row[..place]);
        // Nothing fits before the first of them is there, in the place of the second.
        for receipt in &mixed[place..other] {
            prop_assert_eq!(chain.push(receipt), gap(place + 1, receipt));
        }
        prop_assert_eq!(chain.push(mixed[other]), Ok(Link::Next));
        for receipt in &mixed[other + 1..] {
            prop_assert_eq!(chain.push(receipt), gap(place + 2, receipt));
        }
    }

    #[test]
    fn one_that_is_altered_is_named_where_the_next_denies_it(
        (events, place) in events_and_place(),
    ) {
        let row = go_on(Vec::new(), &events, 1);
        let previous = row[place].receipt().previous;
        let number = row[place].receipt().number;
        let other = tell(altered(events[place]), number, previous, 1);
        // It came first: the next one follows another past.
        let mut deceived = chain();
        push_all(&mut deceived, &row[..place]);
        prop_assert_eq!(deceived.push(&other), Ok(Link::Next));
        prop_assert_eq!(deceived.push(&row[place + 1]), rewritten(&row[place + 1], &other));
        prop_assert_eq!(deceived.push(&row[place]), fork(&other, &row[place]));
        // It came later: there are two with one number.
        let mut chain = chain();
        push_all(&mut chain, &row);
        prop_assert_eq!(chain.push(&other), fork(&row[place], &other));
        prop_assert_eq!(chain.push(&row[place]), Ok(Link::SeenBefore));
    }

    #[test]
    fn a_clones_branch_is_named_wherever_it_is_spliced_in(
        (events, place) in events_and_place(),
        extra in prop::collection::vec(event(), 2..12),
        seen in any::<prop::sample::Index>(),
    ) {
        let row = go_on(Vec::new(), &events, 1);
        // A copy of the device after `place` receipts goes a way of its own, from its first
        // event on.
        let mut own = extra;
        own[0] = altered(events[place]);
        let clone = go_on(row[..place].to_vec(), &own, 1);
        let mut chain = chain();
        let seen = place + 1 + seen.index(row.len() - place);
        push_all(&mut chain, &row[..seen]);
        for receipt in &clone[place..] {
            let number = usize::try_from(receipt.receipt().number).unwrap();
            let expected = if number <= seen {
                fork(&row[number - 1], receipt)
            } else if number == seen + 1 {
                rewritten(receipt, &row[seen - 1])
            } else {
                gap(seen + 1, receipt)
            };
            prop_assert_eq!(chain.push(receipt), expected);
        }
        push_all(&mut chain, &row[seen..]);
        // The copy's state contradicts these receipts too.
        let told = clone.last().unwrap();
        let said = state(told.receipt().number, told.statement().digest());
        let names_it = match chain.check_state(&said) {
            Err(ChainBreak::Fork { number, .. }) => number == told.receipt().number,
            Err(ChainBreak::StateAhead { said, .. }) => said == told.receipt().number,
            _ => false,
        };
        prop_assert!(names_it);
    }

    #[test]
    fn another_enrolment_has_a_chain_of_its_own((events, place) in events_and_place()) {
        let row = go_on(Vec::new(), &events, 1);
        let other = || ChainBreak::OtherIncarnation {
            device: "pump-7".parse().unwrap(),
            expected: 1,
            found: 2,
        };
        let mut chain = chain();
        push_all(&mut chain, &row[..place]);
        // In the middle of the chain, whether it goes on from there or begins anew.
        let goes_on = go_on(row[..place].to_vec(), &events[place..], 2);
        let anew = go_on(Vec::new(), &events, 2);
        for receipt in goes_on[place..].iter().chain(&anew).filter(|_| place > 0) {
            prop_assert_eq!(chain.push(receipt), Err(other()));
        }
        push_all(&mut chain, &row[place..]);
        let mut second = self::chain();
        push_all(&mut second, &anew);
        let state = DeviceState {
            incarnation: 2,
            ..state(0, Digest::default())
        };
        prop_assert_eq!(chain.check_state(&state), Err(other()));
        prop_assert_eq!(second.check_state(&state), Ok(()));
    }
}
