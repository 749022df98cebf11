//! A closer look at bodies: what the verifier decides about them must have its reasons.

use latch_verify::{
    statement::{
        Code, Enrolment, Manifest, Revocation, Root, StopSlip, TimeAttestation, TimeStatus,
    },
    types::{Challenge, KeyId, Posture, StatementId, TimeMs},
    verdict::{
        Challenges, Components, Conditions, ReleaseFacts, Replay, Revokes, TrustRoot, authenticate,
        authenticate_revocation, authenticate_root, judge, judge_enrolment, judge_release,
        judge_request, judge_root, judge_time,
    },
    wire::{Envelope, Role},
};

use crate::{
    keys::{Crew, DEVICE, ROOT, role_of},
    oracle::{Moment, permits},
    tenant::{EPOCH, FACTORY, SAFE, START_MS, TENANT, identity, trust},
};

thread_local! {
    static TRUST: TrustRoot = trust();
}

pub(super) fn code(_: &Code<'_>, envelope: &Envelope<'_>, crew: Crew) {
    granted(envelope, crew);
}

/// Whether a device would take the code, at the moment of which the vectors speak.
pub(super) fn granted(envelope: &Envelope<'_>, crew: Crew) -> bool {
    let challenges = vec![Challenge([0xc4; 16]), Challenge([0xc5; 16])];
    let time = TimeStatus::Trusted(TimeMs::new(START_MS).expect("a moment"));
    let posture = Posture {
        known: SAFE.must_hold | SAFE.must_not_hold,
        value: SAFE.must_hold,
    };
    let moment = Moment {
        epoch: EPOCH,
        time,
        locked_down: false,
        challenges: challenges.clone(),
        firmware: FACTORY,
        twin_version: 17,
        boot: 300,
        posture,
    };
    let conditions = Conditions {
        time,
        time_doubt_ms: 0,
        locked_down: false,
        challenges: Challenges {
            current: challenges[0],
            previous: Some(challenges[1]),
        },
        firmware: moment.firmware,
        twin_version: moment.twin_version,
        boot: moment.boot,
        posture,
    };
    TRUST.with(|trust| {
        let Ok(authentic) = authenticate(envelope.bytes(), trust, &identity()) else {
            return false;
        };
        assert_ne!(crew, Crew(0), "authentic without a signature");
        let verdict = judge(
            &authentic,
            trust,
            &identity(),
            &conditions,
            &Replay::default(),
        );
        if verdict.is_ok() {
            assert_eq!(permits(authentic.code(), crew, &moment), Ok(()));
        }
        verdict.is_ok()
    })
}

pub(super) fn root(root: &Root<'_>, envelope: &Envelope<'_>, crew: Crew) {
    for assigned in root.properties.iter() {
        assert_eq!(root.latch_of_path(assigned.path), Some(assigned.latch));
    }
    for assigned in root.commands.iter() {
        assert_eq!(root.latch_of_command(assigned.name), Some(assigned.latch));
    }
    let keys: Vec<[u8; 32]> = root.keys.iter().map(|key| key.key).collect();
    let distinct = (1..keys.len()).all(|place| !keys[..place].contains(&keys[place]));
    assert!(distinct, "a key with two roles");
    let follows = TRUST.with(|trust| {
        authenticate_root(envelope.bytes(), trust)
            .and_then(|successor| judge_root(&successor, trust, DEVICE.id()))
            .is_ok()
    });
    if follows {
        assert!(crew.contains(ROOT.id()), "a root that follows by itself");
        assert!(root.tenant == TENANT && root.version == 2 && root.epoch >= EPOCH);
        assert!(keys.iter().all(|key| *key != DEVICE.public()));
    }
    if follows || TrustRoot::first(envelope.bytes()).is_ok() {
        let signed = |key: &[u8; 32]| crew.signers().any(|signer| signer.public() == *key);
        let count = root
            .keys
            .iter()
            .filter(|key| key.role == Role::Root && signed(&key.key))
            .count();
        let asked = usize::from(root.thresholds.root);
        assert!(asked > 0 && count >= asked, "a root that trusts itself");
    }
}

pub(super) fn manifest(manifest: &Manifest<'_>, envelope: &Envelope<'_>, crew: Crew) {
    let lengths = (0..manifest.pages())
        .take(3)
        .map(|page| manifest.page_len(page));
    assert!(lengths.into_iter().all(|len| len > 0), "an empty page");
    let last = manifest.page_len(manifest.pages() - 1);
    let before = u64::from(manifest.pages() - 1) * u64::from(manifest.page_size());
    assert_eq!(before + u64::from(last), u64::from(manifest.size));
    let components = Components::new();
    for downgrade in [false, true] {
        let facts = ReleaseFacts {
            components: &components,
            version: FACTORY,
            security_floor: 4,
            slot_size: 1 << 20,
            largest_page: 1 << 12,
            downgrade,
        };
        let judged = TRUST.with(|trust| {
            judge_release(envelope.bytes(), envelope.id(), trust, &identity(), &facts).is_ok()
        });
        if judged {
            assert!(crew.count(Role::Release, None) > 0, "an unsigned release");
            assert!(manifest.tenant == TENANT && manifest.security_version >= 4);
            assert!(downgrade || manifest.version > FACTORY);
            assert!(manifest.size <= facts.slot_size);
            assert!(manifest.page_size() <= facts.largest_page);
        }
    }
    TRUST.with(|trust| {
        let (other, facts) = (
            StatementId([7; 16]),
            ReleaseFacts {
                components: &components,
                version: FACTORY,
                security_floor: 0,
                slot_size: u32::MAX,
                largest_page: u32::MAX,
                downgrade: true,
            },
        );
        let judged = judge_release(envelope.bytes(), other, trust, &identity(), &facts);
        assert!(judged.is_err(), "another release than the named one");
    });
}

pub(super) fn enrolment(enrolment: &Enrolment, envelope: &Envelope<'_>, crew: Crew) {
    let by_device = crew
        .signers()
        .any(|signer| signer.public() == enrolment.device_key.0);
    if judge_request(envelope.bytes()).is_ok() {
        assert!(by_device && envelope.signatures().count() == 1);
    }
    let judged = TRUST.with(|trust| judge_enrolment(envelope.bytes(), trust).is_ok());
    if judged {
        assert!(by_device && crew.count(Role::Operator, None) > 0);
        assert_eq!(enrolment.tenant, TENANT);
    }
}

pub(super) fn time(attestation: &TimeAttestation, envelope: &Envelope<'_>, crew: Crew) {
    let judged = TRUST.with(|trust| judge_time(envelope.bytes(), trust, &identity()).is_ok());
    if judged {
        assert!(crew.count(Role::Time, None) > 0, "an unsigned time");
        assert_eq!(attestation.tenant, TENANT);
    }
}

pub(super) fn revocation(body: &Revocation, envelope: &Envelope<'_>, crew: Crew) {
    revokes::<Revocation>(body.issuer, envelope, crew);
}

pub(super) fn stop_slip(body: &StopSlip, envelope: &Envelope<'_>, crew: Crew) {
    revokes::<StopSlip>(body.issuer, envelope, crew);
}

fn revokes<'a, B: Revokes<'a>>(issuer: KeyId, envelope: &Envelope<'a>, crew: Crew) {
    let judged = TRUST.with(|trust| {
        authenticate_revocation::<B>(envelope.bytes(), trust, &identity())
            .and_then(|authentic| authentic.judge(trust))
            .is_ok()
    });
    assert!(!judged || may_revoke(issuer, crew), "revoked by a stranger");
}

/// Whether those who have signed may take back what an issuer has given.
pub(crate) fn may_revoke(issuer: KeyId, crew: Crew) -> bool {
    let issues = matches!(role_of(issuer), Some(Role::Operator | Role::BreakGlass));
    (issues && crew.contains(issuer)) || crew.contains(ROOT.id())
}
