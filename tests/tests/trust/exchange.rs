//! A root that lists none of the keys before: from its receipt on, nothing is believed that one of those has signed.

use latch_verify::{
    Reason, Refusal,
    device::Release as Offer,
    statement::{Action, Outcome},
    types::LatchId,
};

use crate::world::{
    bench::Bench,
    keys::{APPROVER, BREAK_GLASS, CREW, OPERATOR, RELEASE, ROOT, Signer, TIME, seal},
    release::{Image, Release, version},
    root::{RootSpec, TENANT},
    statements::{answer_to, attested, trusted},
};

/// The holder's next key.
fn successor(signer: Signer) -> Signer {
    Signer(signer.0 + 100)
}

fn successors(signers: &[Signer]) -> Vec<Signer> {
    signers.iter().copied().map(successor).collect()
}

/// A root that follows and lists none of the keys before.
fn all_exchanged() -> RootSpec {
    let mut root = RootSpec::default().next();
    let lists: [&[Signer]; 6] = [&ROOT, &OPERATOR, &RELEASE, &APPROVER, &[TIME], &BREAK_GLASS];
    for signer in lists.into_iter().flatten() {
        root.exchange(*signer, successor(*signer));
    }
    root
}

/// Nothing that a key before has signed is taken, and everything that a key after signs.
#[test]
fn all_keys_are_exchanged_at_once() {
    let mut bench = Bench::new();
    let root = all_exchanged();
    let envelope = root.sealed(&[ROOT.to_vec(), successors(&ROOT)].concat());
    let crew = successors(&CREW);
    let probe = |bench: &mut Bench, issuer: Signer, signers: &[Signer]| {
        let mut code = bench.code(LatchId::TWIN, Action::Probe);
        code.issuer = issuer.id();
        seal(&code, signers)
    };
    let early = probe(&mut bench, crew[0], &crew);
    bench.ignores(&early, Reason::UnknownKey);
    let held_back = probe(&mut bench, CREW[0], &CREW);
    bench.accepts_root(&envelope, &root);
    for mut bench in [bench.fork().reboot(), bench] {
        bench.ignores(&held_back, Reason::UnknownKey);
        let late = probe(&mut bench, CREW[0], &CREW);
        bench.ignores(&late, Reason::UnknownKey);
        // Nor mixed: one of those before is enough to make nothing of it.
        let mixed = probe(&mut bench, crew[0], &[crew[0], crew[1], APPROVER[0]]);
        bench.ignores(&mixed, Reason::UnknownKey);
        let told = probe(&mut bench, crew[0], &crew);
        assert_eq!(bench.submit(&told).outcome(), Outcome::Probed);
        roots_follow(&mut bench, &root);
        time_follows(&mut bench);
        releases_follow(&mut bench, &crew);
    }
}

fn roots_follow(bench: &mut Bench, root: &RootSpec) {
    bench.rest_reserves();
    bench.ignores(&RootSpec::default().sealed(&ROOT), Reason::UnknownKey);
    bench.ignores(&root.next().sealed(&ROOT), Reason::UnknownKey);
    bench.fork().succeed(&root.next(), &successors(&ROOT));
}

fn time_follows(bench: &mut Bench) {
    let (pulse, now_ms) = (bench.pulse(), bench.now_ms());
    bench.ignores(&answer_to(pulse, now_ms), Reason::UnknownKey);
    let answer = attested(TENANT, now_ms, Some(pulse), &[successor(TIME)]);
    bench.submit_reserved(&answer);
    assert_eq!(bench.time(), trusted(now_ms));
}

fn releases_follow(bench: &mut Bench, crew: &[Signer]) {
    let image = Image::new(3000, 7);
    let manifest = image.manifest(version(2), 0);
    let before = Release::sealed(&manifest, &RELEASE);
    let after = Release::sealed(&manifest, &successors(&RELEASE));
    let mut code = bench.code(LatchId::FIRMWARE, Action::Install { manifest: after.id });
    code.issuer = crew[0].id();
    let code = seal(&code, crew);
    let offer = Offer::Found(&before.bytes);
    let by_a_stranger = Reason::UnknownKey.number().into();
    let expected = Refusal::new(Reason::ManifestNotSigned, 0, by_a_stranger);
    bench.refuses_with(&code, offer, expected);
    let told = bench.submit_found(&code, &after).told();
    assert_eq!(told.outcome(), Outcome::InstallStarted);
}

/// A download whose release keys have gone is not armed; one that was armed runs.
#[test]
fn release_keys_are_asked_again_before_an_image_is_armed_and_never_after() {
    let image = Image::new(3000, 7);
    let release = image.release(version(2), 0);
    let mut root = RootSpec::default().next();
    for signer in RELEASE {
        root.exchange(signer, successor(signer));
    }
    let signers = ROOT.to_vec();
    let mut bench = Bench::new();
    bench.begin(&release);
    bench.feed(&image).expect("pages");
    let mut armed = bench.fork();
    bench.succeed(&root, &signers);
    let told = bench.arm().expect("a verdict").expect("a receipt");
    let reason = Reason::ManifestNotSigned.number();
    assert_eq!(told.outcome(), Outcome::InstallFailed { reason });
    assert_eq!(armed.arm(), Ok(None));
    // Whatever the epoch.
    let root = RootSpec {
        epoch: root.epoch + 1,
        ..root
    };
    armed.succeed(&root, &signers);
    let mut booted = armed.reboot();
    assert_eq!(booted.device.running().version, version(2));
    let told = booted.confirm().expect("a confirmation");
    assert_eq!(told.outcome(), Outcome::InstallConfirmed);
}
