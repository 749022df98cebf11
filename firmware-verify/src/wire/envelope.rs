//! The envelope around everything that is signed.
//!
//! ```text
//! offset  0        8     9         10          12       12+n    13+n
//!         +--------+-----+---------+-----------+--------+-------+------------------------+
//!         |latch-v1| kind| version | n (u16 LE)| body n | count | count x (id 8, sig 64) |
//!         +--------+-----+---------+-----------+--------+-------+------------------------+
//!         |<------------ signed message --------------->|
//! ```

use super::{canonical::Body, keys::Keys, signers::Signers};
use crate::{
    limits::{
        ENVELOPE_HEAD, MAX_CODE_BODY, MAX_ENROLMENT_BODY, MAX_MANIFEST_BODY, MAX_RECEIPT_BODY,
        MAX_REVOCATION_BODY, MAX_ROOT_BODY, MAX_SIGNATURES, MAX_STATE_BODY, MAX_TIME_BODY,
        SIGNATURE_LEN,
    },
    reject::{Reason, Refusal, ensure},
    types::{Digest, KeyId, StatementId},
};

const MAGIC: &[u8; 8] = b"latch-v1";
/// Oldest and newest body version that this release understands, of any kind.
pub const BODY_VERSIONS: (u8, u8) = (0, 1);

/// What a statement is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum Kind {
    /// A latch code: one signed change.
    Code = 1,
    /// A trust root: keys, roles, thresholds, rules.
    Root = 2,
    /// A release manifest: the signed description of an image.
    Manifest = 3,
    /// What time it is.
    Time = 4,
    /// Voids what a key has signed up to a point.
    Revocation = 5,
    /// Voids one code.
    StopSlip = 6,
    /// A device's signed account of a verdict or event.
    Receipt = 7,
    /// A device's signed account of what it is now.
    State = 8,
    /// A device's key and name, countersigned by an operator.
    Enrolment = 9,
}

impl Kind {
    /// The kind with this number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Code,
            2 => Self::Root,
            3 => Self::Manifest,
            4 => Self::Time,
            5 => Self::Revocation,
            6 => Self::StopSlip,
            7 => Self::Receipt,
            8 => Self::State,
            9 => Self::Enrolment,
            _ => return None,
        })
    }

    /// The number on the wire.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Code => 1,
            Self::Root => 2,
            Self::Manifest => 3,
            Self::Time => 4,
            Self::Revocation => 5,
            Self::StopSlip => 6,
            Self::Receipt => 7,
            Self::State => 8,
            Self::Enrolment => 9,
        }
    }

    /// The longest body of this kind, in bytes.
    #[must_use]
    pub fn max_body(self) -> usize {
        match self {
            Self::Code => MAX_CODE_BODY,
            Self::Root => MAX_ROOT_BODY,
            Self::Manifest => MAX_MANIFEST_BODY,
            Self::Time => MAX_TIME_BODY,
            Self::Revocation | Self::StopSlip => MAX_REVOCATION_BODY,
            Self::Receipt => MAX_RECEIPT_BODY,
            Self::State => MAX_STATE_BODY,
            Self::Enrolment => MAX_ENROLMENT_BODY,
        }
    }

    /// The newest body version of this kind that this release understands. All before it are
    /// understood too; a statement is written in the lowest that can say it.
    #[must_use]
    pub fn newest_version(self) -> u8 {
        match self {
            Self::Code | Self::Receipt | Self::State => 1,
            Self::Root
            | Self::Manifest
            | Self::Time
            | Self::Revocation
            | Self::StopSlip
            | Self::Enrolment => 0,
        }
    }
}

/// The kind that a message claims, if it looks like a statement at all. Nothing else
/// is checked: good for routing, never for trust.
#[must_use]
pub fn peek_kind(bytes: &[u8]) -> Option<Kind> {
    let kind = bytes.strip_prefix(MAGIC)?.first()?;
    Kind::from_number(*kind)
}

/// Writes the 12 bytes before a body of this length and [version](Body::version).
///
/// # Errors
/// [`Reason::BadLength`] when the body is longer than its kind may be.
pub fn seal_head(kind: Kind, version: u8, body_len: usize) -> Result<[u8; ENVELOPE_HEAD], Refusal> {
    Ok(head_of(kind, version, body_len)?)
}

/// As [`seal_head`].
pub(crate) fn head_of(
    kind: Kind,
    version: u8,
    body_len: usize,
) -> Result<[u8; ENVELOPE_HEAD], Reason> {
    let bound = kind.max_body();
    let len = u16::try_from(body_len).ok().filter(|_| body_len <= bound);
    let [low, high] = len.ok_or(Reason::BadLength)?.to_le_bytes();
    let [m0, m1, m2, m3, m4, m5, m6, m7] = *MAGIC;
    Ok([
        m0,
        m1,
        m2,
        m3,
        m4,
        m5,
        m6,
        m7,
        kind.number(),
        version,
        low,
        high,
    ])
}

/// A message with the shape of a statement. Nothing in it is trusted yet.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    kind: Kind,
    version: u8,
    bytes: &'a [u8],
    message: &'a [u8],
    body: &'a [u8],
    signatures: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// Finds the parts of a statement of the expected kind.
    ///
    /// # Errors
    /// [`Reason::BadLength`], [`Reason::BadMagic`], [`Reason::WrongKind`],
    /// [`Reason::UnknownBodyVersion`], [`Reason::LengthMismatch`],
    /// [`Reason::SignatureCount`], [`Reason::DuplicateKey`].
    pub fn parse(kind: Kind, bytes: &'a [u8]) -> Result<Self, Refusal> {
        let longest = ENVELOPE_HEAD + kind.max_body() + 1 + MAX_SIGNATURES * SIGNATURE_LEN;
        ensure(
            bytes.len() > ENVELOPE_HEAD && bytes.len() <= longest,
            Reason::BadLength,
        )?;
        let (head, rest) = bytes
            .split_at_checked(ENVELOPE_HEAD)
            .ok_or(Reason::BadLength)?;
        let head: &[u8; ENVELOPE_HEAD] = head.try_into().map_err(|_| Reason::BadLength)?;
        let [
            m0,
            m1,
            m2,
            m3,
            m4,
            m5,
            m6,
            m7,
            found_kind,
            version,
            low,
            high,
        ] = *head;
        ensure([m0, m1, m2, m3, m4, m5, m6, m7] == *MAGIC, Reason::BadMagic)?;
        ensure(
            found_kind == kind.number(),
            Refusal::new(Reason::WrongKind, kind.number().into(), found_kind.into()),
        )?;
        ensure(
            version <= kind.newest_version(),
            Refusal::new(
                Reason::UnknownBodyVersion,
                kind.newest_version().into(),
                version.into(),
            ),
        )?;
        let body_len = usize::from(u16::from_le_bytes([low, high]));
        ensure(body_len <= kind.max_body(), Reason::BadLength)?;
        let (body, rest) = rest
            .split_at_checked(body_len)
            .ok_or(Reason::LengthMismatch)?;
        let (&count, signatures) = rest.split_first().ok_or(Reason::LengthMismatch)?;
        let count = usize::from(count);
        ensure(
            (1..=MAX_SIGNATURES).contains(&count),
            Reason::SignatureCount,
        )?;
        ensure(
            signatures.len() == count * SIGNATURE_LEN,
            Reason::LengthMismatch,
        )?;
        let message = bytes
            .get(..ENVELOPE_HEAD + body_len)
            .ok_or(Reason::LengthMismatch)?;
        let envelope = Self {
            kind,
            version,
            bytes,
            message,
            body,
            signatures,
        };
        for (position, id) in envelope.signers().enumerate() {
            let mut before = envelope.signers().take(position);
            ensure(!before.any(|earlier| earlier == id), Reason::DuplicateKey)?;
        }
        Ok(envelope)
    }

    /// Checks every signature; stops at the first that is not good.
    ///
    /// # Errors
    /// [`Reason::UnknownKey`], [`Reason::WeakKey`], [`Reason::BadSignature`].
    pub fn verify(self, keys: &impl Keys) -> Result<Verified<'a>, Refusal> {
        self.verify_by(keys)
    }

    /// One function, wherever the keys are.
    #[inline(never)]
    fn verify_by(self, keys: &dyn Keys) -> Result<Verified<'a>, Refusal> {
        // Unknown keys first, so that a stranger's statement costs no curve arithmetic.
        for id in self.signers() {
            ensure(knows(keys, id), Reason::UnknownKey)?;
        }
        let mut signers = Signers::NOBODY;
        for (id, signature) in self.places() {
            let (place, key) = keys.find(id).ok_or(Reason::UnknownKey)?;
            let sound = key.prove(self.message, signature)?;
            signers.insert(place, sound)?;
        }
        signers.are(self.signers().count())?;
        Ok(Verified {
            envelope: self,
            signers,
        })
    }

    /// Key ids, in the order in which they lie.
    pub(crate) fn signers(&self) -> impl Iterator<Item = KeyId> + use<'a> {
        self.places().map(|(id, _)| id)
    }

    /// Key ids and signatures, in the order in which they lie.
    pub fn signatures(&self) -> impl Iterator<Item = (KeyId, [u8; 64])> + use<'a> {
        self.places().map(|(id, signature)| (id, *signature))
    }

    /// Key ids, and the signatures where they lie.
    pub(crate) fn places(&self) -> impl Iterator<Item = (KeyId, &'a [u8; 64])> + use<'a> {
        Places(self.signatures)
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The version of the body's format.
    #[must_use]
    pub fn version(&self) -> u8 {
        self.version
    }

    /// Decodes and checks the body, whoever may have signed it: [`Verified::body`] is for what
    /// is to be trusted.
    ///
    /// # Errors
    /// [`Reason::WrongKind`], or as [`Body::parse`].
    // Apart from its callers, so that decoding takes no stack while they verify.
    #[inline(never)]
    pub fn read<B: Body<'a>>(&self) -> Result<B, Refusal> {
        ensure(self.kind == B::KIND, Reason::WrongKind)?;
        B::parse(self.version, self.body)
    }

    /// The whole envelope.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// What the signatures cover.
    #[must_use]
    pub fn message(&self) -> &'a [u8] {
        self.message
    }

    /// The body, not yet decoded.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// SHA-256 of the signed message.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&[self.message])
    }

    /// The statement's id: the same however many have signed it.
    #[must_use]
    #[inline(never)]
    pub fn id(&self) -> StatementId {
        StatementId::of(&self.digest().0)
    }
}

/// The signatures that are left of an envelope.
struct Places<'a>(&'a [u8]);

impl<'a> Iterator for Places<'a> {
    type Item = (KeyId, &'a [u8; 64]);

    #[inline(never)]
    fn next(&mut self) -> Option<Self::Item> {
        let (id, rest) = self.0.split_first_chunk()?;
        let (signature, rest) = rest.split_first_chunk()?;
        self.0 = rest;
        Some((KeyId(*id), signature))
    }
}

/// Apart from what verifies, so that a key that is only looked for takes no stack there.
#[inline(never)]
fn knows(keys: &dyn Keys, id: KeyId) -> bool {
    keys.find(id).is_some()
}

/// A statement of which every signature was found good. [`Envelope::verify`] makes one; and what has checked the signatures of a
/// statement that lies in the journal.
#[derive(Clone, Copy, Debug)]
pub struct Verified<'a> {
    envelope: Envelope<'a>,
    signers: Signers,
}

impl<'a> Verified<'a> {
    /// A statement whose signatures were checked piece by piece, and with which of the keys. Its id was seen to be the same then
    /// and now.
    pub(crate) fn in_pieces(envelope: Envelope<'a>, signers: Signers) -> Self {
        Self { envelope, signers }
    }

    /// The envelope.
    #[must_use]
    pub fn envelope(&self) -> &Envelope<'a> {
        &self.envelope
    }

    /// Whose signatures are on it.
    #[must_use]
    pub fn signers(&self) -> Signers {
        self.signers
    }

    /// Decodes and checks the body.
    ///
    /// # Errors
    /// [`Reason::WrongKind`], or as [`Body::parse`].
    pub fn body<B: Body<'a>>(&self) -> Result<B, Refusal> {
        self.envelope.read()
    }
}
