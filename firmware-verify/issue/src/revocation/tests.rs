use latch_verify::statement::Audience;

use super::*;
use crate::{
    code::{Change, CodeBuilder},
    fixture::{key, rules, tenant, trust},
};

const NOW: u64 = 1_800_000_000_000;

fn now() -> TimeMs {
    TimeMs::new(NOW).unwrap()
}

/// A probe by key 2, an operator.
fn code() -> Statement {
    let latch = latch_verify::types::LatchId::TWIN;
    let probe = CodeBuilder::new(
        tenant(),
        1,
        key(2).id(),
        Audience::Tenant,
        latch,
        Change::Probe,
    );
    probe.build(now()).unwrap().sign(&[&key(2)]).unwrap()
}

fn through(draft: &Draft) -> Sequence {
    draft.body::<Revocation>().unwrap().through
}

#[test]
fn an_extent_ends_where_it_says() {
    let issuer = key(2).id();
    let revoked = |extent| revoke(tenant(), issuer, extent).unwrap();
    let draft = revoked(Extent::Through(Sequence(77)));
    let body: Revocation = draft.body().unwrap();
    assert_eq!((body.tenant, body.issuer), (tenant(), issuer));
    assert_eq!(through(&draft), Sequence(77));
    assert_eq!(through(&revoked(Extent::Everything)), Sequence(u64::MAX));
    let until = through(&revoked(Extent::Until(now())));
    // Whatever is signed in that millisecond is inside, and what comes in the next is not.
    assert_eq!(until, Sequence::at(now(), u16::MAX));
    assert_eq!(
        Sequence(until.0 + 1),
        Sequence::at(TimeMs::new(NOW + 1).unwrap(), 0)
    );
}

#[test]
fn a_slip_names_its_code_whoever_else_signs_that() {
    let mut code = code();
    let slip = stop_slip(&code).unwrap();
    let body: StopSlip = slip.body().unwrap();
    let (id, named) = (code.id(), code.body::<Code<'_>>().unwrap());
    assert_eq!(body.statement, id);
    assert_eq!(
        (body.tenant, body.issuer, body.sequence),
        (named.tenant, named.issuer, named.sequence)
    );
    code.countersign(&key(6)).unwrap();
    assert_eq!(stop_slip(&code).unwrap(), slip);
    let no_code = slip.sign(&[&key(2)]).unwrap();
    let wrong = Refusal::new(
        Reason::WrongKind,
        Kind::Code.number().into(),
        Kind::StopSlip.number().into(),
    );
    assert_eq!(stop_slip(&no_code), Err(wrong.into()));
    assert_eq!(
        verify_revocation(&code, &trust()),
        Err(Refusal::new(
            Reason::WrongKind,
            Kind::Revocation.number().into(),
            Kind::Code.number().into()
        ))
    );
}

#[test]
fn the_issuer_or_root_takes_back_and_nobody_else() {
    let drafts = [
        revoke(tenant(), key(2).id(), Extent::Everything).unwrap(),
        stop_slip(&code()).unwrap(),
    ];
    for draft in drafts {
        let signed = |seeds: &[u8]| {
            let keys: Vec<_> = seeds.iter().map(|seed| key(*seed)).collect();
            let signers: Vec<_> = keys.iter().collect();
            draft.clone().sign(&signers).unwrap()
        };
        assert_eq!(verify_revocation(&signed(&[2]), &trust()), Ok(()));
        assert_eq!(verify_revocation(&signed(&[1]), &trust()), Ok(()));
        // Another operator, a release key, a time key.
        for other in [6, 3, 5] {
            let refused = Refusal::new(Reason::NotRevoker, 1, 0);
            assert_eq!(verify_revocation(&signed(&[other]), &trust()), Err(refused));
        }
        assert_eq!(
            verify_revocation(&signed(&[99]), &trust()),
            Err(Reason::UnknownKey.into())
        );
    }
}

#[test]
fn what_was_signed_beforehand_is_void_once_its_author_is_gone() {
    let slip = stop_slip(&code()).unwrap().sign(&[&key(2)]).unwrap();
    let without = rules().keys("operator", &[6, 8]);
    assert_eq!(
        verify_revocation(&slip, &without.trust(&[1])),
        Err(Reason::UnknownKey.into())
    );
}

#[test]
fn only_keys_that_sign_codes_have_something_to_take_back() {
    for (seed, judged) in [
        (1, Err(Reason::NotRevocable.into())),
        (3, Err(Reason::NotRevocable.into())),
        (5, Err(Reason::NotRevocable.into())),
        (4, Ok(())),
        (7, Ok(())),
        (99, Ok(())),
    ] {
        let draft = revoke(tenant(), key(seed).id(), Extent::Everything).unwrap();
        let by_root = draft.sign(&[&key(1)]).unwrap();
        assert_eq!(verify_revocation(&by_root, &trust()), judged, "{seed}");
    }
}
