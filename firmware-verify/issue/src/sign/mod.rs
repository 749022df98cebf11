//! Statements from body to sealed envelope: drafts that wait for a signature, and
//! statements that carry at least one.

#[cfg(test)]
mod tests;

use latch_verify::{
    Reason, Refusal,
    limits::{ENVELOPE_HEAD, MAX_BODY},
    statement::check_body,
    types::{Digest, KeyId, StatementId},
    wire::{Body, Envelope, Keys, Kind, PublicKey, Verified, peek_kind, seal_head},
};
use sha2::{Digest as _, Sha256};

use crate::keys::RoleKey;

/// Why a statement was not sealed, or not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The verifier refuses what was to be sealed, or what was read.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// No key was given.
    #[error("a statement needs at least one signature: give a key")]
    NoKey,
    /// This key has signed already.
    #[error("key {0} has signed this statement already: every signature needs a key of its own")]
    SignedAlready(KeyId),
    /// The signature is not this key's over this statement.
    #[error(
        "the signature does not fit this statement and key {0}: was another file signed, or with another key?"
    )]
    ForeignSignature(KeyId),
}

impl From<Reason> for SignError {
    fn from(reason: Reason) -> Self {
        Self::Refused(reason.into())
    }
}

/// A checked message that nobody has signed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    kind: Kind,
    version: u8,
    message: Vec<u8>,
}

impl Draft {
    /// Encodes a body by postcard, which defines the format, and reads it back by the verifier's
    /// own reader.
    ///
    /// # Errors
    /// [`SignError::Refused`] with the reason for which a verifier would refuse the body.
    pub fn new<'a, B: Body<'a>>(body: &B) -> Result<Self, SignError> {
        let mut buffer = [0; MAX_BODY];
        let encoded = postcard::to_slice(body, &mut buffer).map_err(|_| Reason::BadLength)?;
        let mut message = seal_head(B::KIND, body.version(), encoded.len())?.to_vec();
        message.extend_from_slice(encoded);
        Self::from_message(message)
    }

    /// Takes a message as it was written for detached signing.
    ///
    /// # Errors
    /// [`SignError::Refused`].
    pub fn from_message(message: Vec<u8>) -> Result<Self, SignError> {
        let kind = peek_kind(&message).ok_or(Reason::BadMagic)?;
        // The verifier's own parser wants a signature: one of zeros stands in for it.
        let mut stand_in = message.clone();
        stand_in.push(1);
        stand_in.extend_from_slice(&[0; 72]);
        let envelope = Envelope::parse(kind, &stand_in)?;
        if envelope.message() != message {
            return Err(Reason::LengthMismatch.into());
        }
        check_body(&envelope)?;
        let version = envelope.version();
        Ok(Self {
            kind,
            version,
            message,
        })
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The version of the body's format: the lowest that can say it.
    #[must_use]
    pub fn version(&self) -> u8 {
        self.version
    }

    /// What is signed: give exactly these bytes to a signer elsewhere, such as
    /// `openssl pkeyutl -sign -rawin`.
    #[must_use]
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// The id that the statement will have, whoever signs it.
    #[must_use]
    pub fn id(&self) -> StatementId {
        let digest: [u8; 32] = Sha256::digest(&self.message).into();
        StatementId(digest.first_chunk().copied().unwrap_or_default())
    }

    /// The body.
    ///
    /// # Errors
    /// [`SignError::Refused`] when the statement is of another kind.
    pub fn body<'a, B: Body<'a>>(&'a self) -> Result<B, SignError> {
        let body = self.message.get(ENVELOPE_HEAD..).unwrap_or_default();
        if self.kind != B::KIND {
            let (expected, found) = (B::KIND.number().into(), self.kind.number().into());
            return Err(Refusal::new(Reason::WrongKind, expected, found).into());
        }
        Ok(B::parse(self.version, body)?)
    }

    /// Seals the statement with these keys, in their order.
    ///
    /// # Errors
    /// [`SignError::NoKey`], or as [`Statement::countersign`].
    pub fn sign(self, keys: &[&RoleKey]) -> Result<Statement, SignError> {
        let (first, others) = keys.split_first().ok_or(SignError::NoKey)?;
        let signature = first.sign(&self.message)?;
        let mut statement = self.attach(&first.public(), &signature)?;
        for key in others {
            statement.countersign(key)?;
        }
        Ok(statement)
    }

    /// Seals the statement with a signature that was made elsewhere.
    ///
    /// # Errors
    /// [`SignError::ForeignSignature`].
    pub fn attach(self, key: &PublicKey, signature: &[u8; 64]) -> Result<Statement, SignError> {
        key.verify(&self.message, signature)
            .map_err(|_| SignError::ForeignSignature(key.id()))?;
        let mut bytes = self.message;
        bytes.push(1);
        bytes.extend_from_slice(&key.id().0);
        bytes.extend_from_slice(signature);
        Statement::from_bytes(bytes)
    }
}

/// A sealed statement: an envelope whose shape and body the verifier accepts.
///
/// Signatures that this crate adds are checked; those that came with the bytes are not
/// known to be good before [`verify`](Self::verify).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    kind: Kind,
    bytes: Vec<u8>,
}

impl Statement {
    /// Encodes a body and signs it.
    ///
    /// # Errors
    /// As [`Draft::new`] and [`Draft::sign`].
    pub fn seal<'a, B: Body<'a>>(body: &B, keys: &[&RoleKey]) -> Result<Self, SignError> {
        Draft::new(body)?.sign(keys)
    }

    /// Takes an envelope of any kind.
    ///
    /// # Errors
    /// [`SignError::Refused`] with the verifier's reason.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, SignError> {
        let kind = peek_kind(&bytes).ok_or(Reason::BadMagic)?;
        let envelope = Envelope::parse(kind, &bytes)?;
        check_body(&envelope)?;
        Ok(Self { kind, bytes })
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The whole envelope, as it is published.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The whole envelope.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The verifier's view.
    ///
    /// # Errors
    /// [`SignError::Refused`], which cannot be for bytes that were taken.
    pub fn envelope(&self) -> Result<Envelope<'_>, SignError> {
        Ok(Envelope::parse(self.kind, &self.bytes)?)
    }

    /// What is signed: for signing elsewhere, see [`Draft::message`].
    #[must_use]
    pub fn message(&self) -> &[u8] {
        self.envelope().map_or(&[], |envelope| envelope.message())
    }

    /// The statement's id.
    #[must_use]
    pub fn id(&self) -> StatementId {
        let Digest(digest) = self.digest();
        StatementId(digest.first_chunk().copied().unwrap_or_default())
    }

    /// SHA-256 of the signed message.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest(Sha256::digest(self.message()).into())
    }

    /// Ids of the keys whose signatures it carries, in their order.
    #[must_use]
    pub fn signers(&self) -> Vec<KeyId> {
        self.envelope()
            .map(|envelope| envelope.signatures().map(|(id, _)| id).collect())
            .unwrap_or_default()
    }

    /// The body.
    ///
    /// # Errors
    /// [`SignError::Refused`] when the statement is of another kind.
    pub fn body<'a, B: Body<'a>>(&'a self) -> Result<B, SignError> {
        let envelope = self.envelope()?;
        if self.kind != B::KIND {
            let (expected, found) = (B::KIND.number().into(), self.kind.number().into());
            return Err(Refusal::new(Reason::WrongKind, expected, found).into());
        }
        Ok(envelope.read()?)
    }

    /// Checks every signature.
    ///
    /// # Errors
    /// [`SignError::Refused`] as [`Envelope::verify`].
    pub fn verify(&self, keys: &impl Keys) -> Result<Verified<'_>, SignError> {
        Ok(self.envelope()?.verify(keys)?)
    }

    /// Adds a signature.
    ///
    /// # Errors
    /// [`SignError::SignedAlready`], or [`SignError::Refused`] when there is no room.
    pub fn countersign(&mut self, key: &RoleKey) -> Result<(), SignError> {
        self.refuse_second(key.id())?;
        let signature = key.sign(self.message())?;
        self.attach(&key.public(), &signature)
    }

    /// Adds a signature that was made elsewhere, once it is found good.
    ///
    /// # Errors
    /// [`SignError::SignedAlready`], [`SignError::ForeignSignature`], or
    /// [`SignError::Refused`] when there is no room.
    pub fn attach(&mut self, key: &PublicKey, signature: &[u8; 64]) -> Result<(), SignError> {
        let id = key.id();
        self.refuse_second(id)?;
        key.verify(self.message(), signature)
            .map_err(|_| SignError::ForeignSignature(id))?;
        let mut bytes = self.bytes.clone();
        let count = bytes
            .get_mut(self.message().len())
            .ok_or(Reason::LogicFault)?;
        *count = count.saturating_add(1);
        bytes.extend_from_slice(&id.0);
        bytes.extend_from_slice(signature);
        *self = Self::from_bytes(bytes)?;
        Ok(())
    }

    fn refuse_second(&self, id: KeyId) -> Result<(), SignError> {
        if self.signers().contains(&id) {
            return Err(SignError::SignedAlready(id));
        }
        Ok(())
    }
}
