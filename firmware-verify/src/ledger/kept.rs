//! A signed statement that lies in the journal. Its signatures are checked over pieces of it: the curve arithmetic leaves no room
//! on the stack for the whole.
//!
//! It is read more than once, and flash may read differently each time. So each reading is held against the id that is known of
//! it: what is read whole, and what goes into the hash of a signature, piece by piece and in the same pass.

use core::ops::Range;

use embedded_storage::nor_flash::NorFlash;
use sha2::Sha512;

use super::record::{Effect, RECORD, Record};
use crate::{
    journal::{Address, Checksum, Journal},
    limits::{MAX_RECORD, SIGNATURE_LEN},
    reject::{Reason, Refusal, ensure},
    types::{Digest, Hasher, KeyId, StatementId, add_to_512},
    wire::{Envelope, KeyRing, Keys as _, Kind, Message, Signers, Verified, decode_whole},
};

/// A statement in a record of the journal.
pub(crate) struct KeptStatement<'j, F, const CAPACITY: usize> {
    journal: &'j mut Journal<F, CAPACITY>,
    at: Address,
    kind: Kind,
    id: StatementId,
}

/// Where the parts of a statement lie in its record, and how many keys of a ring have signed it.
pub(crate) struct Outline {
    message: Range<usize>,
    /// Where the first signature begins.
    signatures_from: usize,
    /// Signatures, whoever has made them.
    signatures: usize,
    /// Those by keys of the ring, whether they are good or not.
    known: usize,
    /// Of the signatures and whose they are, as they were when the whole was read.
    checksum: Checksum,
}

impl Outline {
    /// Whether nobody else than keys of the ring has signed it.
    pub(crate) fn knows_all(&self) -> bool {
        self.known == self.signatures
    }
}

impl<'j, F: NorFlash, const CAPACITY: usize> KeptStatement<'j, F, CAPACITY> {
    /// The statement with this id, in the record at this address.
    pub(crate) fn new(
        journal: &'j mut Journal<F, CAPACITY>,
        at: Address,
        kind: Kind,
        id: StatementId,
    ) -> Self {
        Self {
            journal,
            at,
            kind,
            id,
        }
    }

    /// Reads it whole, with whose [proven](Self::prove) signatures are on it.
    ///
    /// # Errors
    /// As [`outline`](Self::outline).
    pub(crate) fn verified<'b>(
        &mut self,
        signers: Signers,
        buffer: &'b mut [u8],
    ) -> Result<Verified<'b>, Reason> {
        let (_, envelope) = self.read_in_record(buffer)?;
        Ok(Verified::in_pieces(envelope, signers))
    }

    /// The statement, and where it begins in its record.
    #[inline(never)]
    fn read_in_record<'b>(
        &mut self,
        buffer: &'b mut [u8],
    ) -> Result<(usize, Envelope<'b>), Reason> {
        let record = self.journal.read(self.at, buffer);
        let record = record.map_err(|_| Reason::StorageFault)?;
        ensure(record.kind == RECORD, Reason::LogicFault)?;
        let bytes = envelope_in(self.kind, record.body)?;
        let envelope = Envelope::parse(self.kind, bytes).map_err(Refusal::into_reason)?;
        ensure(envelope.id() == self.id, Reason::LogicFault)?;
        let start = record.body.len().checked_sub(bytes.len());
        Ok((start.ok_or(Reason::LogicFault)?, envelope))
    }

    /// How it is made.
    ///
    /// # Errors
    /// [`Reason::StorageFault`]; [`Reason::LogicFault`] for another statement; as [`Envelope::parse`].
    // Apart from what verifies, so that the record is off the stack by then.
    #[inline(never)]
    pub(crate) fn outline(&mut self, ring: &KeyRing) -> Result<Outline, Reason> {
        let mut buffer = [0; MAX_RECORD];
        let (start, envelope) = self.read_in_record(&mut buffer)?;
        let end = start.saturating_add(envelope.message().len());
        let known = envelope.signers().filter(|id| ring.role(*id).is_some());
        Ok(Outline {
            message: start..end,
            // Behind their count.
            signatures_from: end.saturating_add(1),
            signatures: envelope.signers().count(),
            known: known.count(),
            checksum: envelope
                .places()
                .fold(Checksum::of(0), |sum, (id, signature)| {
                    sum.then(&id.0).then(signature)
                }),
        })
    }

    /// Checks every signature by a key of the ring; believes none after the first that is not good.
    ///
    /// # Errors
    /// [`Reason::StorageFault`], also where the statement is not what it was when its [outline](Self::outline) was taken;
    /// [`Reason::WeakKey`], [`Reason::BadSignature`].
    pub(crate) fn prove(&mut self, outline: &Outline, ring: &KeyRing) -> Result<Signers, Reason> {
        let (mut proven, mut read) = (Ok(Signers::NOBODY), Checksum::of(0));
        for nth in 0..outline.signatures {
            let (id, signature) = self.signature(outline, nth)?;
            read = read.then(&id.0).then(&signature);
            if let (Ok(signers), Some((place, key))) = (&mut proven, ring.find(id)) {
                let mut message = Pieces {
                    statement: self,
                    part: outline.message.clone(),
                };
                let sound = key.prove_message(&mut message, &signature);
                if let Err(refusal) = sound.and_then(|sound| signers.insert(place, sound)) {
                    proven = Err(refusal);
                }
            }
        }
        // What was read otherwise than before is the flash's fault, and no signer's.
        ensure(read == outline.checksum, Reason::StorageFault)?;
        let signers = proven?;
        signers.are(outline.known)?;
        Ok(signers)
    }

    /// A signature, and whose it says to be. Nothing has checked either: a signature that was read wrong is not good, and one of
    /// another key is missing among those that are counted.
    #[inline(never)]
    fn signature(&mut self, outline: &Outline, nth: usize) -> Result<(KeyId, [u8; 64]), Reason> {
        let (mut id, mut signature) = (KeyId::default(), [0; 64]);
        let from = nth.saturating_mul(SIGNATURE_LEN);
        let from = from.saturating_add(outline.signatures_from);
        let mut cells = id.0.iter_mut().chain(&mut signature);
        let read = self.journal.pass(
            self.at,
            from..from.saturating_add(SIGNATURE_LEN),
            &mut |piece| {
                for (byte, cell) in piece.iter().zip(cells.by_ref()) {
                    *cell = *byte;
                }
            },
        );
        read.map_err(|_| Reason::StorageFault)?;
        Ok((id, signature))
    }
}

/// What the signatures of a statement cover, read as it is hashed.
struct Pieces<'s, 'j, F, const CAPACITY: usize> {
    statement: &'s mut KeptStatement<'j, F, CAPACITY>,
    part: Range<usize>,
}

impl<F: NorFlash, const CAPACITY: usize> Message for Pieces<'_, '_, F, CAPACITY> {
    #[inline(never)]
    fn add_to(&mut self, hash: &mut Sha512) -> Result<(), Reason> {
        let KeptStatement {
            journal, at, id, ..
        } = &mut *self.statement;
        let mut own = Hasher::new();
        let read = journal.pass(*at, self.part.clone(), &mut |piece| {
            add_to_512(hash, piece);
            own.add(piece);
        });
        read.map_err(|_| Reason::StorageFault)?;
        let Digest(own) = own.finish();
        // It was this statement when it was read whole.
        ensure(StatementId::of(&own) == *id, Reason::StorageFault)
    }
}

/// The envelope of this kind in a record: that of a root, or of a release manifest in the record that has begun an installation
/// or says how it stands. In each of them it is what stands last.
///
/// # Errors
/// [`Reason::LogicFault`] in any other record.
#[inline(never)]
pub(super) fn envelope_in(kind: Kind, record: &[u8]) -> Result<&[u8], Reason> {
    match (kind, decode_whole(record)?) {
        (Kind::Root, Record::Root(envelope))
        | (
            Kind::Manifest,
            Record::Install {
                manifest: envelope, ..
            }
            | Record::Burn {
                effect:
                    Effect::Install {
                        manifest: envelope, ..
                    },
                ..
            },
        ) => Ok(envelope.0),
        _ => Err(Reason::LogicFault),
    }
}
