//! Who has to sign: enough of the root keys in force, and enough of those that the new root lists.

use latch_verify::{
    Reason, Refusal,
    limits::{MAX_ROOT_BODY, MAX_SIGNATURES},
    wire::Role,
};

use crate::world::{
    bench::Bench,
    keys::{APPROVER, OPERATOR, RELEASE, ROOT, STRANGER, Signer},
    root::{RootSpec, limits},
    statements::NEXT_ROOT,
};

/// Keys of new holders, for any role.
const NEW: [Signer; 3] = [Signer(71), Signer(72), Signer(73)];

/// A successor with other root keys.
fn exchanged() -> RootSpec {
    let mut root = RootSpec::default().next();
    root.exchange_root(ROOT, NEXT_ROOT);
    root
}

/// What a device under the first root says to a successor.
enum Verdict {
    Accepted,
    /// With a receipt.
    Refused(Refusal),
    /// Counted.
    Ignored(Refusal),
}

use Verdict::{Accepted, Ignored, Refused};

fn too_few(found: u64) -> Verdict {
    Refused(Refusal::new(Reason::TooFewRoot, 2, found))
}

fn too_few_old(found: u64) -> Verdict {
    Ignored(Refusal::new(Reason::TooFewOldRoot, 2, found))
}

/// Judges an envelope; a good one is put in force after each bad one.
#[track_caller]
fn judge(bench: &Bench, root: &RootSpec, envelope: &[u8], verdict: &Verdict) {
    let mut bench = bench.fork();
    match verdict {
        Accepted => {
            bench.accepts_root(envelope, root);
            let mut bench = bench.reboot();
            assert_eq!(bench.root_in_force(), (root.version, root.epoch));
            bench.notes(envelope);
        }
        Refused(refusal) => {
            bench.refuses(envelope, *refusal);
        }
        Ignored(refusal) => bench.ignores(envelope, *refusal),
    }
}

/// The last signature, changed in its last bit but three: `S` stays small.
fn with_bad_last(root: &RootSpec, signers: &[Signer]) -> Vec<u8> {
    let mut envelope = root.sealed(signers);
    let last = envelope.len() - 2;
    envelope[last] ^= 1;
    envelope
}

#[test]
fn enough_of_those_before_and_enough_of_those_after() {
    let bench = Bench::new();
    let root = exchanged();
    let [a, b] = ROOT;
    let [c, d] = NEXT_ROOT;
    let stranger = || Ignored(Reason::UnknownKey.into());
    for (signers, verdict) in [
        (vec![a, b, c, d], Accepted),
        (vec![d, b, c, a], Accepted),
        (vec![a, b], too_few(0)),
        (vec![a, b, c], too_few(1)),
        (vec![b, d, a], too_few(1)),
        (vec![c, d], stranger()),
        (vec![a, c, d], too_few_old(1)),
        (vec![c, b], too_few_old(1)),
    ] {
        judge(&bench, &root, &root.sealed(&signers), &verdict);
    }
}

#[test]
fn a_key_of_both_roots_counts_for_both() {
    let bench = Bench::new();
    let same = RootSpec::default().next();
    judge(&bench, &same, &same.sealed(&ROOT), &Accepted);
    let mut half = same.clone();
    half.exchange(ROOT[1], NEXT_ROOT[1]);
    let [a, b] = ROOT;
    let d = NEXT_ROOT[1];
    for (signers, verdict) in [
        (vec![a, b, d], Accepted),
        (vec![a, b], too_few(1)),
        (vec![a, d], too_few_old(1)),
        (vec![b, d], too_few_old(1)),
    ] {
        judge(&bench, &half, &half.sealed(&signers), &verdict);
    }
}

#[test]
fn every_signature_has_to_be_good_and_by_a_key_of_one_of_the_two() {
    let bench = Bench::new();
    let mut root = exchanged();
    // Operators of the first root only, of both, and of the second only.
    let [gone, kept, _] = OPERATOR;
    let new = NEW[0];
    root.exchange(gone, new);
    let enough = [ROOT, NEXT_ROOT].concat();
    let with = |extra: &[Signer]| [enough.clone(), extra.to_vec()].concat();
    for extra in [
        [gone].as_slice(),
        &[kept],
        &[new],
        &[gone, kept, new],
        &RELEASE,
    ] {
        judge(&bench, &root, &root.sealed(&with(extra)), &Accepted);
    }
    let bad = Refused(Reason::BadSignature.into());
    for extra in [gone, kept, new, RELEASE[0]] {
        judge(&bench, &root, &with_bad_last(&root, &with(&[extra])), &bad);
    }
    let unknown = Refused(Reason::UnknownKey.into());
    judge(&bench, &root, &root.sealed(&with(&[STRANGER])), &unknown);
    let first = [&[STRANGER], enough.as_slice()].concat();
    judge(&bench, &root, &root.sealed(&first), &unknown);
    judge(
        &bench,
        &root,
        &with_bad_last(&root, &with(&[STRANGER])),
        &unknown,
    );
}

/// Also those beyond the thresholds.
#[test]
fn a_bad_signature_of_a_root_key_refuses_where_others_are_enough() {
    let mut first = RootSpec::default();
    first.list(Role::Root, NEW[0]);
    let bench = Bench::with_root(&first);
    let mut root = first.next();
    root.exchange_root(ROOT, NEXT_ROOT);
    root.exchange(NEW[0], NEW[1]);
    let enough = [ROOT, NEXT_ROOT].concat();
    let with = |extra| [enough.clone(), vec![extra]].concat();
    for (extra, bad) in [
        (NEW[0], Ignored(Reason::BadSignature.into())),
        (NEW[1], Refused(Reason::BadSignature.into())),
    ] {
        judge(&bench, &root, &root.sealed(&with(extra)), &Accepted);
        judge(&bench, &root, &with_bad_last(&root, &with(extra)), &bad);
    }
}

#[test]
fn keys_of_other_roles_do_not_count() {
    let bench = Bench::new();
    let same = RootSpec::default().next();
    let others = [OPERATOR[0], RELEASE[0], RELEASE[1], APPROVER[0]];
    let signers = [[ROOT[0]].as_slice(), &others].concat();
    judge(&bench, &same, &same.sealed(&signers), &too_few_old(1));
    let root = exchanged();
    let signers = [ROOT.as_slice(), &[NEXT_ROOT[0]], &others].concat();
    judge(&bench, &root, &root.sealed(&signers), &too_few(1));
}

/// An operator becomes a root key, and a root key an operator: each counts for what it is in each root.
#[test]
fn a_key_that_changes_its_role_counts_for_each_in_its_own() {
    let bench = Bench::new();
    let mut root = RootSpec::default().next();
    let risen = OPERATOR[2];
    root.drop_key(risen);
    root.drop_key(ROOT[1]);
    root.list(Role::Root, risen);
    root.list(Role::Operator, ROOT[1]);
    let [a, b] = ROOT;
    for (signers, verdict) in [
        (vec![a, b, risen], Accepted),
        (vec![a, b], too_few(1)),
        (vec![a, risen], too_few_old(1)),
        (vec![b, risen], too_few_old(1)),
    ] {
        judge(&bench, &root, &root.sealed(&signers), &verdict);
    }
    let bad = Refused(Reason::BadSignature.into());
    judge(&bench, &root, &with_bad_last(&root, &[a, b, risen]), &bad);
}

#[test]
fn a_raised_threshold_holds_for_this_root_and_its_successor() {
    let mut bench = Bench::new();
    let mut root = RootSpec::default().next();
    root.list(Role::Root, NEW[0]);
    root.thresholds.root = 3;
    let all = [ROOT.as_slice(), &NEW[..1]].concat();
    let expected = Refusal::new(Reason::TooFewRoot, 3, 2);
    bench.refuses(&root.sealed(&ROOT), expected);
    bench.succeed(&root, &all);
    let mut next = root.next();
    next.thresholds.root = 1;
    let expected = Refusal::new(Reason::TooFewOldRoot, 3, 2);
    bench.rest_reserves();
    bench.ignores(&next.sealed(&all[1..]), expected);
    // Lowered by as many as were needed before, and low from then on.
    bench.succeed(&next, &all);
    let last = next.next();
    bench.succeed(&last, &NEW[..1]);
    assert_eq!(bench.reboot().root_in_force().0, 4);
}

#[test]
fn the_largest_root_is_taken_and_kept() {
    let mut root = exchanged();
    root.list(Role::Operator, NEW[0]);
    let names: Vec<&'static str> = (0..64_u32)
        .map(|number| &*Box::leak(format!("zone-{number:02}-of-the-large-plant").into_boxed_str()))
        .collect();
    for name in names {
        root.properties.push((name, limits()));
        if root.body().len() > MAX_ROOT_BODY {
            root.properties.pop();
            break;
        }
    }
    // A longer name fills what is left.
    assert!(
        root.body().len() + 40 > MAX_ROOT_BODY,
        "{}",
        root.body().len()
    );
    let extra = [OPERATOR.as_slice(), &RELEASE[..1]].concat();
    let signers = [ROOT.as_slice(), &NEXT_ROOT, &extra].concat();
    assert_eq!(signers.len(), MAX_SIGNATURES);
    let bench = Bench::new();
    judge(&bench, &root, &root.sealed(&signers), &Accepted);
}
