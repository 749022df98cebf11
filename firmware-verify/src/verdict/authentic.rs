//! The first half of the checks of a latch code: who has signed it, and whether it is for this device. The order of
//! them all stands in `judge.rs`.

use core::hint::black_box;

use super::{conditions::Identity, trust::InForce};
use crate::{
    reject::{Reason, Refusal, ensure},
    statement::Code,
    types::StatementId,
    wire::{Kind, Signers, Verified},
};

/// A code whose signatures are good, and that is addressed to this device.
pub struct Authentic<'a> {
    id: StatementId,
    code: Code<'a>,
    signers: Signers,
}

impl<'a> Authentic<'a> {
    /// The statement's id.
    #[must_use]
    pub fn id(&self) -> StatementId {
        self.id
    }

    /// What it says.
    #[must_use]
    pub fn code(&self) -> &Code<'a> {
        &self.code
    }

    /// Checks that it is by those whose signatures were proven, as many as lie there: both judgements read the one copy that was
    /// made of them.
    ///
    /// # Errors
    /// [`Reason::LogicFault`].
    pub(crate) fn is_by_signers_of(&self, verified: &Verified<'_>) -> Result<(), Reason> {
        let signers = black_box(verified).signers();
        signers.are(verified.envelope().signers().count())?;
        ensure(signers == self.signers, Reason::LogicFault)
    }

    /// Checks that it says what was signed: it is read a second time, and both must be the same. Every judgement reads the one copy
    /// that was made first, and an instruction that is skipped while it is made leaves one that names another device, or all.
    ///
    /// # Errors
    /// [`Reason::LogicFault`].
    #[inline(never)]
    pub(crate) fn says_what_is_signed(&self, verified: &Verified<'_>) -> Result<(), Reason> {
        let read: Result<Code<'_>, _> = black_box(verified).body();
        let same = read.is_ok_and(|code| code == self.code);
        ensure(same, Reason::LogicFault)
    }

    /// Whose signatures are on it.
    pub(super) fn signers(&self) -> Signers {
        self.signers
    }
}

/// The first half of the checks.
///
/// # Errors
/// As [`crate::wire::Envelope::parse`] and [`crate::wire::Envelope::verify`]; what
/// [`Code`] refuses; [`Reason::OtherTenant`], [`Reason::OtherDevice`],
/// [`Reason::OutsideCohort`], [`Reason::OtherProduct`].
pub fn authenticate<'a>(
    bytes: &'a [u8],
    trust: &InForce,
    identity: &Identity,
) -> Result<Authentic<'a>, Refusal> {
    admit(&trust.verify(Kind::Code, bytes)?, identity)
}

/// What remains of [`authenticate`] once the signatures were found good. Apart from them: what is
/// on the stack while a signature is checked comes on top of the most that a device ever needs.
///
/// # Errors
/// As [`authenticate`].
#[inline(never)]
pub(crate) fn admit<'a>(
    verified: &Verified<'a>,
    identity: &Identity,
) -> Result<Authentic<'a>, Refusal> {
    let code: Code<'a> = verified.body()?;
    check_address(&code, identity)?;
    Ok(Authentic {
        id: verified.envelope().id(),
        code,
        signers: verified.signers(),
    })
}

#[inline(never)]
pub(super) fn check_address(code: &Code<'_>, identity: &Identity) -> Result<(), Refusal> {
    ensure(code.tenant == identity.tenant, Reason::OtherTenant)?;
    code.audience.admit(&identity.device)?;
    Ok(ensure(
        code.product
            .is_none_or(|product| product == identity.product),
        Reason::OtherProduct,
    )?)
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::admit;
    use crate::{
        limits::MAX_CODE_BODY,
        reject::Reason,
        statement::{Action, Audience, Code, Context, RuleChoice},
        types::{KeyId, LatchId, Sequence, TimeMs},
        verdict::Identity,
        wire::{DeviceKey, Envelope, KeyRing, Kind, PublicKey, Role, SeedKey, encode, seal_head},
    };

    fn identity() -> Identity {
        Identity {
            tenant: "acme".parse().unwrap(),
            product: "pump".parse().unwrap(),
            device: "pump-7".parse().unwrap(),
            incarnation: 0,
        }
    }

    fn code(issuer: KeyId) -> Code<'static> {
        Code {
            tenant: identity().tenant,
            issuer,
            epoch: 1,
            incarnation: None,
            audience: Audience::Tenant,
            product: None,
            latch: LatchId::TWIN,
            rule: RuleChoice::Normal,
            sequence: Sequence(7),
            not_before_ms: TimeMs::default(),
            not_after_ms: TimeMs::default(),
            challenge: None,
            context: Context::default(),
            action: Action::Probe,
        }
    }

    fn signed(code: &Code<'_>, keys: &mut [SeedKey]) -> Vec<u8> {
        let mut room = [0; MAX_CODE_BODY];
        let body = encode(code, &mut room).unwrap();
        let mut whole = Vec::from(seal_head(Kind::Code, 0, body.len()).unwrap());
        whole.extend_from_slice(body);
        let message = whole.clone();
        whole.push(u8::try_from(keys.len()).unwrap());
        for key in keys {
            whole.extend_from_slice(&id(key).0);
            whole.extend_from_slice(&key.sign(&message).unwrap());
        }
        whole
    }

    fn id(key: &SeedKey) -> KeyId {
        PublicKey::id_of(&key.public())
    }

    #[test]
    fn it_is_by_those_whose_signatures_were_proven() {
        let mut keys = [SeedKey::new(&[1; 32]), SeedKey::new(&[2; 32])];
        let mut ring = KeyRing::new();
        for key in &keys {
            ring.add(Role::Operator, PublicKey::listed(key.public()).unwrap())
                .unwrap();
        }
        let code = code(id(&keys[0]));
        let verify = |bytes| {
            Envelope::parse(Kind::Code, bytes)
                .unwrap()
                .verify(&ring)
                .unwrap()
        };
        let both = signed(&code, &mut keys);
        let one = signed(&code, &mut keys[..1]);
        let other = signed(&code, &mut keys[1..]);
        let [both, one, other] = [&both, &one, &other].map(|bytes| verify(bytes));
        let authentic = admit(&one, &identity()).unwrap();
        assert_eq!(authentic.is_by_signers_of(&one), Ok(()));
        for verified in [both, other] {
            let refused = authentic.is_by_signers_of(&verified).unwrap_err();
            assert_eq!(refused, Reason::LogicFault);
        }
    }

    #[test]
    fn it_says_what_was_signed() {
        let mut keys = [SeedKey::new(&[1; 32])];
        let mut ring = KeyRing::new();
        ring.add(Role::Operator, PublicKey::listed(keys[0].public()).unwrap())
            .unwrap();
        let for_all = code(id(&keys[0]));
        let for_another = Code {
            audience: Audience::Device("pump-8".parse().unwrap()),
            ..for_all.clone()
        };
        let [for_all, for_another] = [for_all, for_another].map(|code| signed(&code, &mut keys));
        let verify = |bytes| {
            Envelope::parse(Kind::Code, bytes)
                .unwrap()
                .verify(&ring)
                .unwrap()
        };
        let authentic = admit(&verify(&for_all), &identity()).unwrap();
        assert_eq!(authentic.says_what_is_signed(&verify(&for_all)), Ok(()));
        let refused = authentic
            .says_what_is_signed(&verify(&for_another))
            .unwrap_err();
        assert_eq!(refused, Reason::LogicFault);
    }
}
