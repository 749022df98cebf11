//! Who signs. The keys are those of `tests/vectors/statements.json`, so that what the vectors
//! hold is well signed here too.

use std::cell::RefCell;

use latch_verify::{
    limits::MAX_SIGNATURES,
    types::KeyId,
    wire::{Body, DeviceKey as _, Envelope, Kind, PublicKey, Role, SeedKey, encode},
};

/// A key whose seed is this byte, 32 times.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Signer(u8);

pub(crate) const ROOT: Signer = Signer(1);
pub(crate) const OPERATOR: Signer = Signer(2);
pub(crate) const SECOND_OPERATOR: Signer = Signer(3);
pub(crate) const APPROVER: Signer = Signer(4);
pub(crate) const RELEASE: Signer = Signer(5);
pub(crate) const BREAK_GLASS: Signer = Signer(6);
pub(crate) const DEVICE: Signer = Signer(7);
/// In no trust root.
pub(crate) const STRANGER: Signer = Signer(8);
pub(crate) const TIME: Signer = Signer(9);
/// In the root that follows the first, which the vectors hold too.
pub(crate) const NEXT_ROOT: Signer = Signer(10);

/// Everybody whose signature counts somewhere: bit n of a [`Crew`] stands for the nth.
const EVERYBODY: [Signer; 9] = [
    ROOT,
    OPERATOR,
    SECOND_OPERATOR,
    APPROVER,
    RELEASE,
    BREAK_GLASS,
    DEVICE,
    TIME,
    NEXT_ROOT,
];

/// Seeds above this byte belong to nobody.
const LAST_SEED: u8 = 10;

const MAGIC: &[u8; 8] = b"latch-v1";

struct Held {
    key: SeedKey,
    public: PublicKey,
    id: KeyId,
}

thread_local! {
    /// Deriving a key costs as much as signing with it.
    static HELD: RefCell<Vec<Held>> = RefCell::new((0..=LAST_SEED).map(hold).collect());
}

fn hold(seed: u8) -> Held {
    let key = SeedKey::new(&[seed; 32]);
    let public = PublicKey::new(key.public()).expect("the key of a seed is sound");
    let id = public.id();
    Held { key, public, id }
}

impl Signer {
    fn with<T>(self, ask: impl FnOnce(&mut Held) -> T) -> T {
        HELD.with_borrow_mut(|held| ask(&mut held[usize::from(self.0)]))
    }

    pub(crate) fn public(self) -> [u8; 32] {
        *self.key().bytes()
    }

    pub(crate) fn key(self) -> PublicKey {
        self.with(|held| held.public)
    }

    pub(crate) fn id(self) -> KeyId {
        self.with(|held| held.id)
    }

    pub(crate) fn sign(self, message: &[u8]) -> [u8; 64] {
        self.with(|held| held.key.sign(message).expect("a key in memory signs"))
    }

    /// The role that the [tenant](crate::tenant)'s root gives to the key.
    pub(crate) fn role(self) -> Option<Role> {
        Some(match self {
            ROOT | NEXT_ROOT => Role::Root,
            OPERATOR | SECOND_OPERATOR => Role::Operator,
            APPROVER => Role::Approver,
            RELEASE => Role::Release,
            BREAK_GLASS => Role::BreakGlass,
            TIME => Role::Time,
            _ => return None,
        })
    }

    /// The id and signature that stand in an envelope.
    pub(crate) fn signature(self, message: &[u8]) -> Vec<u8> {
        [self.id().0.as_slice(), &self.sign(message)].concat()
    }
}

/// Some of everybody, as a set of bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Crew(pub(crate) u16);

impl Crew {
    pub(crate) fn of(signers: &[Signer]) -> Self {
        let bit = |place: usize| u16::from(signers.contains(&EVERYBODY[place])) << place;
        Self((0..EVERYBODY.len()).map(bit).sum())
    }

    /// Leaves out those who are in, and takes in those who are out.
    pub(crate) fn changed(self, bits: u8) -> Self {
        Self(self.0 ^ u16::from(bits))
    }

    pub(crate) fn signers(self) -> impl Iterator<Item = Signer> {
        (0_u8..)
            .zip(EVERYBODY)
            .filter(move |(place, _)| self.0 >> place & 1 == 1)
            .map(|(_, signer)| signer)
    }

    /// Those whose own signature stands on the envelope, made again to see it.
    pub(crate) fn on(envelope: &Envelope<'_>) -> Self {
        let signed = |signer: &Signer| {
            let mut signatures = envelope.signatures();
            signatures
                .any(|(id, found)| id == signer.id() && signer.sign(envelope.message()) == found)
        };
        let signers: Vec<Signer> = EVERYBODY.into_iter().filter(signed).collect();
        Self::of(&signers)
    }

    pub(crate) fn contains(self, id: KeyId) -> bool {
        self.signers().any(|signer| signer.id() == id)
    }

    /// How many have this role, leaving out one key.
    pub(crate) fn count(self, role: Role, without: Option<KeyId>) -> usize {
        self.signers()
            .filter(|signer| signer.role() == Some(role) && Some(signer.id()) != without)
            .count()
    }
}

/// The role of a key, whoever holds it.
pub(crate) fn role_of(id: KeyId) -> Option<Role> {
    EVERYBODY.iter().find(|signer| signer.id() == id)?.role()
}

/// An envelope around any bytes, of any length and version: written here rather than by the
/// verifier, which writes none that it would not read.
pub(crate) fn seal_bytes(kind: Kind, version: u8, body: &[u8], crew: Crew) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap_or(u16::MAX).to_le_bytes();
    let head = [kind.number(), version, length[0], length[1]];
    let message = [MAGIC.as_slice(), &head, body].concat();
    sign_message(&message, crew)
}

/// A message with its signatures.
pub(crate) fn sign_message(message: &[u8], crew: Crew) -> Vec<u8> {
    let signers: Vec<Signer> = crew.signers().take(MAX_SIGNATURES).collect();
    let mut envelope = message.to_vec();
    envelope.push(u8::try_from(signers.len()).expect("few signers"));
    for signer in signers {
        envelope.extend(signer.signature(message));
    }
    envelope
}

/// A body's one encoding.
pub(crate) fn encoded<'a, B: Body<'a>>(body: &B) -> Vec<u8> {
    let mut buffer = [0; 4096];
    encode(body, &mut buffer)
        .expect("the buffer is larger than any body")
        .to_vec()
}

/// An envelope around a body.
pub(crate) fn seal<'a, B: Body<'a>>(body: &B, crew: Crew) -> Vec<u8> {
    seal_bytes(B::KIND, body.version(), &encoded(body), crew)
}
