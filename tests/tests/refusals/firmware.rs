//! 8xx, before the first page: which releases may be installed.

use latch_verify::{
    Reason, Refusal,
    device::Release as Offer,
    limits::MAX_IMAGE,
    statement::{Action, Manifest, Outcome, Requirement},
    types::{LatchId, StatementId, Version, VersionRange},
    verdict::{Components, Identity, ReleaseFacts, TrustRoot, judge_release},
    wire::{Kind, Run},
};

use crate::world::{
    answer::Answer,
    bench::{Bench, device_id},
    hardware::SLOT,
    keys::{OPERATOR, RELEASE, ROOT, STRANGER, encoded, seal_bytes},
    release::{FACTORY, Image, Release, version},
    root::{OTHER_PRODUCT, OTHER_TENANT, PRODUCT, RootSpec, TENANT, run},
};

/// A device refuses to install a release.
#[track_caller]
fn refused(release: &Release, expected: impl Into<Refusal>) {
    let mut bench = Bench::new();
    let code = bench.install_code(release);
    bench.refuses_with(&code, Offer::Found(&release.bytes), expected);
    assert_eq!(bench.device.wanted(), None);
}

/// A manifest that would be accepted, with one change.
fn manifest(change: impl FnOnce(&mut Manifest<'static>)) -> Manifest<'static> {
    let mut manifest = Image::new(3000, 1).manifest(version(2), 0);
    change(&mut manifest);
    manifest
}

#[track_caller]
fn refused_manifest(change: impl FnOnce(&mut Manifest<'static>), expected: impl Into<Refusal>) {
    refused(&Release::sealed(&manifest(change), &RELEASE), expected);
}

#[test]
fn manifest_missing() {
    let mut bench = Bench::new();
    let release = Image::new(3000, 1).release(version(2), 0);
    let code = bench.install_code(&release);
    // Asked for first, at no cost; refused when there is none; accepted when it is there.
    let before = (bench.standing(), bench.journal_operations());
    assert_eq!(bench.submit(&code), Answer::Wanted(release.id));
    assert_eq!((bench.standing(), bench.journal_operations()), before);
    bench.refuses_with(&code, Offer::NotFound, Reason::ManifestMissing);
    assert_eq!(
        bench.submit_found(&code, &release).outcome(),
        Outcome::InstallStarted
    );
}

#[test]
fn too_few_release() {
    let sound = manifest(|_| {});
    let expected = Refusal::new(Reason::TooFewRelease, 2, 1);
    refused(&Release::sealed(&sound, &RELEASE[..1]), expected);
    // Keys of other roles do not count.
    let signers = [RELEASE[0], OPERATOR[0], ROOT[0], ROOT[1]];
    refused(&Release::sealed(&sound, &signers), expected);
    let expected = Refusal::new(Reason::TooFewRelease, 2, 0);
    refused(&Release::sealed(&sound, &OPERATOR), expected);
}

#[test]
fn manifest_not_signed() {
    let sound = manifest(|_| {});
    let because =
        |reason: Reason| Refusal::new(Reason::ManifestNotSigned, 0, reason.number().into());
    let stranger = Release::sealed(&sound, &[RELEASE[0], STRANGER]);
    refused(&stranger, because(Reason::UnknownKey));
    let mut altered = Release::sealed(&sound, &RELEASE);
    let last = altered.bytes.len() - 1;
    altered.bytes[last] ^= 1;
    refused(&altered, because(Reason::BadSignature));
    // It is no fault of the code: with a sound copy, the code is as good as before.
    let mut bench = Bench::new();
    let release = Release::sealed(&sound, &RELEASE);
    let code = bench.install_code(&release);
    let expected = because(Reason::BadSignature);
    bench.refuses_with(&code, Offer::Found(&altered.bytes), expected);
    assert_eq!(
        bench.submit_found(&code, &release).outcome(),
        Outcome::InstallStarted
    );
}

#[test]
fn a_manifest_in_another_encoding_is_refused() {
    let sound = manifest(|_| {});
    let body = [encoded(&sound), vec![0]].concat();
    let trailing = Release::from_bytes(seal_bytes(Kind::Manifest, &body, &RELEASE));
    refused(&trailing, Reason::TrailingBytes);
}

#[test]
fn bad_manifest() {
    let backwards = VersionRange {
        least: version(2),
        most: version(1),
    };
    refused_manifest(|manifest| manifest.size = 0, Reason::BadManifest);
    refused_manifest(
        |manifest| manifest.size = MAX_IMAGE + 1,
        Reason::BadManifest,
    );
    refused_manifest(|manifest| manifest.page_size_log2 = 9, Reason::BadManifest);
    refused_manifest(|manifest| manifest.page_size_log2 = 15, Reason::BadManifest);
    refused_manifest(
        |manifest| manifest.current = Some(backwards),
        Reason::BadManifest,
    );
    let needed = run(&[Requirement {
        component: 0,
        versions: backwards,
    }]);
    let backwards = Manifest {
        requirements: Run::from_bytes(&needed),
        ..manifest(|_| {})
    };
    refused(&Release::sealed(&backwards, &RELEASE), Reason::BadManifest);
}

/// What whoever brings manifests brings instead of the one that was asked for.
#[test]
fn another_manifest_than_the_named_one_is_none() {
    let asked = Image::new(3000, 1).release(version(2), 0);
    let offered = Image::new(3000, 2).release(version(2), 0);
    for bytes in [offered.bytes.as_slice(), b"", b"nothing of the kind"] {
        let mut bench = Bench::new();
        let code = bench.install_code(&asked);
        bench.refuses_with(&code, Offer::Found(bytes), Reason::ManifestMissing);
        assert_eq!(
            bench.submit_found(&code, &asked).outcome(),
            Outcome::InstallStarted
        );
    }
}

#[test]
fn a_release_for_another_tenant_or_product_is_refused() {
    refused_manifest(
        |manifest| manifest.tenant = OTHER_TENANT,
        Reason::OtherTenant,
    );
    refused_manifest(
        |manifest| manifest.product = OTHER_PRODUCT,
        Reason::OtherProduct,
    );
}

#[test]
fn no_such_component() {
    refused_manifest(|manifest| manifest.component = 1, Reason::NoSuchComponent);
}

#[test]
fn below_security_floor() {
    let image = Image::new(3000, 1);
    let mut bench = Bench::new().install(&image, &image.release(version(2), 3));
    let expected = Refusal::new(Reason::BelowSecurityFloor, 3, 2);
    let newer = image.release(version(3), 2);
    let code = bench.install_code(&newer);
    bench.refuses_with(&code, Offer::Found(&newer.bytes), expected);
    // Neither does leave to go back help.
    let code = bench.sealed(LatchId::FIRMWARE, Action::Downgrade { manifest: newer.id });
    bench.refuses_with(&code, Offer::Found(&newer.bytes), expected);
    // The floor itself is high enough, and older versions are allowed to one who may go back.
    let older = image.release(version(1), 3);
    let code = bench.sealed(LatchId::FIRMWARE, Action::Downgrade { manifest: older.id });
    assert_eq!(
        bench.submit_found(&code, &older).outcome(),
        Outcome::InstallStarted
    );
}

#[test]
fn not_newer() {
    for same_or_older in [
        FACTORY,
        Version {
            major: 0,
            minor: 9,
            patch: 9,
        },
    ] {
        let expected = Refusal::new(Reason::NotNewer, FACTORY.ordinal(), same_or_older.ordinal());
        refused_manifest(|manifest| manifest.version = same_or_older, expected);
    }
}

#[test]
fn current_outside() {
    let current = Some(VersionRange {
        least: version(2),
        most: version(9),
    });
    refused_manifest(
        |manifest| manifest.current = current,
        Reason::CurrentOutside,
    );
}

#[test]
fn requirement_unmet() {
    let any = VersionRange {
        least: version(0),
        most: version(9),
    };
    let newer = VersionRange {
        least: version(2),
        most: version(9),
    };
    for (component, versions) in [(7, any), (0, newer)] {
        let needed = run(&[
            Requirement {
                component: 0,
                versions: any,
            },
            Requirement {
                component,
                versions,
            },
        ]);
        let manifest = Manifest {
            requirements: Run::from_bytes(&needed),
            ..manifest(|_| {})
        };
        let expected = Refusal::new(Reason::RequirementUnmet, component.into(), 0);
        refused(&Release::sealed(&manifest, &RELEASE), expected);
    }
}

#[test]
fn image_too_large() {
    let room = SLOT as u64;
    let expected = Refusal::new(Reason::ImageTooLarge, room, room + 1);
    refused(&Image::new(SLOT + 1, 1).release(version(2), 0), expected);
    let image = Image::new(SLOT, 1);
    let bench = Bench::new().install(&image, &image.release(version(2), 0));
    assert_eq!(bench.device.running().version, version(2));
}

/// The device on the bench holds pages of any size that a manifest may have; one with less RAM does not.
#[test]
fn page_too_large() {
    let trust = TrustRoot::first(&RootSpec::default().sealed(&ROOT)).expect("a trust root");
    let identity = Identity {
        tenant: TENANT,
        product: PRODUCT,
        device: device_id(),
        incarnation: 2,
    };
    let release = Release::sealed(&manifest(|manifest| manifest.page_size_log2 = 12), &RELEASE);
    let judge = |largest_page| {
        let components = Components::new();
        let facts = ReleaseFacts {
            components: &components,
            version: FACTORY,
            security_floor: 0,
            slot_size: u32::MAX,
            largest_page,
            downgrade: false,
        };
        judge_release(&release.bytes, release.id, &trust, &identity, &facts).map(|_| ())
    };
    assert_eq!(
        judge(2048),
        Err(Refusal::new(Reason::PageTooLarge, 2048, 4096))
    );
    assert_eq!(judge(4096), Ok(()));
}

#[test]
fn another_installation_may_replace_a_download_but_not_a_trial() {
    let image = Image::new(3000, 1);
    let release = image.release(version(2), 0);
    let newer = image.release(version(3), 0);
    let mut bench = Bench::new();
    bench.begin(&release);
    bench.feed(&image).expect("pages");
    assert_eq!(bench.arm(), Ok(None));
    let code = bench.install_code(&newer);
    bench.refuses_with(&code, Offer::Found(&newer.bytes), Reason::Busy);
    let mut bench = bench.reboot();
    let code = bench.install_code(&newer);
    bench.refuses_with(&code, Offer::Found(&newer.bytes), Reason::Busy);
    bench.confirm().expect("a confirmation");
    bench.begin(&newer);
}

#[test]
fn superseded() {
    let (first, second) = (Image::new(3000, 1), Image::new(3000, 2));
    let (old, new) = (first.release(version(2), 0), second.release(version(3), 0));
    let mut bench = Bench::new();
    let started = bench.begin(&old);
    let next = bench.begin(&new);
    let ended = bench.receipt(started.receipt.statement).expect("a receipt");
    let reason = Reason::Superseded.number();
    assert_eq!(ended.outcome(), Outcome::InstallFailed { reason });
    assert_eq!(next.receipt.number, ended.receipt.number + 1);
    // Pages of the first are no longer wanted.
    let refusal = bench
        .device
        .page(&first.page(old.id, 0))
        .expect_err("another release");
    assert_eq!(refusal, Reason::OtherRelease.into());
    bench.feed(&second).expect("pages");
}

/// An older installation of the same issuer does not take the place of a newer one.
#[test]
fn an_installation_out_of_order_is_refused() {
    let image = Image::new(3000, 1);
    let (old, new) = (image.release(version(2), 0), image.release(version(3), 0));
    let mut bench = Bench::new();
    let earlier = bench.install_code(&old);
    let started = bench.begin(&new);
    let newest = started.receipt.sequence.expect("a code's sequence").0;
    let expected = Refusal::new(Reason::OutOfOrder, newest, newest - 1);
    bench.refuses_with(&earlier, Offer::Found(&old.bytes), expected);
    bench.feed(&image).expect("pages");
}

#[test]
fn a_release_that_nobody_has_is_asked_for_by_its_id() {
    let mut bench = Bench::new();
    let manifest = StatementId([7; 16]);
    let code = bench.sealed(LatchId::FIRMWARE, Action::Install { manifest });
    assert_eq!(bench.submit(&code), Answer::Wanted(manifest));
    assert_eq!(bench.device.facts().replay.burned().count(), 0);
}
