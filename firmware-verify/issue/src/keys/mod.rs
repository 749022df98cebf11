//! Role keys: made, kept in files, and signing. Nothing outside this crate holds one.

mod file;
mod public;

#[cfg(test)]
mod tests;

use core::fmt;
use std::path::PathBuf;

use ed25519_dalek::{
    Signer as _, SigningKey,
    pkcs8::{
        DecodePrivateKey as _, EncodePrivateKey as _, KeypairBytes, spki::der::pem::LineEnding,
    },
};
use latch_verify::{Refusal, types::KeyId, wire::PublicKey};
use zeroize::Zeroizing;

pub use public::{load_public, public_from_text, public_to_pem, save_public};

/// Why a key could not be made, read, written or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The system gave no random bytes.
    #[error("the system's source of randomness failed ({0}): no key was made")]
    NoEntropy(getrandom::Error),
    /// The file could not be read.
    #[error("{}: the key file cannot be read: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// The file could not be written.
    #[error("{}: the key file cannot be written: {cause}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// A file is there already; keys are never overwritten.
    #[error("{}: there is a file already, and keys are never overwritten: choose another name, or move it away", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Group or others may read or write the private key.
    #[error("{}: others may read or change this private key (mode {mode:03o}): run chmod 600 on it, and replace the key if somebody may have read it", path.display())]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The text is no private key in PKCS#8 PEM.
    #[error(
        "not an Ed25519 private key in PKCS#8 PEM, as `openssl genpkey -algorithm ed25519` writes it"
    )]
    NotPrivate,
    /// The private key is encrypted.
    #[error(
        "the private key is encrypted: decrypt it with `openssl pkey -in KEY -out PLAIN` into a file of mode 600"
    )]
    Encrypted,
    /// A private key stands where a public one belongs.
    #[error(
        "this is a private key, and a public one belongs here: take the file that was written beside it, or `openssl pkey -in KEY -pubout`"
    )]
    PrivateForPublic,
    /// The text is no public key.
    #[error(
        "not an Ed25519 public key: give a PEM file (BEGIN PUBLIC KEY) or 64 hexadecimal digits"
    )]
    NotPublic,
    /// The key is of small order or not canonical, or a signature failed its own check.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// As another error, in this file.
    #[error("{}: {cause}", path.display())]
    InFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: Box<KeyError>,
    },
}

/// A role's private key (Ed25519, RFC 8032). Wiped from memory when dropped, never printed.
pub struct RoleKey {
    signing: SigningKey,
    public: PublicKey,
}

impl RoleKey {
    /// A new key from the system's randomness.
    ///
    /// # Errors
    /// [`KeyError::NoEntropy`].
    pub fn generate() -> Result<Self, KeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut()).map_err(KeyError::NoEntropy)?;
        Self::from_seed(&seed)
    }

    /// The key of a 32-byte seed (RFC 8032, 5.1.5). The seed is the private key: whoever knows it signs.
    ///
    /// # Errors
    /// [`KeyError::Refused`], which no seed is known to cause.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, KeyError> {
        Self::new(SigningKey::from_bytes(seed))
    }

    /// Reads PKCS#8 PEM (RFC 8410), with or without the public key inside.
    ///
    /// # Errors
    /// [`KeyError::NotPrivate`], [`KeyError::Encrypted`].
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        if text.contains("BEGIN ENCRYPTED PRIVATE KEY") {
            return Err(KeyError::Encrypted);
        }
        let signing = SigningKey::from_pkcs8_pem(text.trim()).map_err(|_| KeyError::NotPrivate)?;
        Self::new(signing)
    }

    /// Writes PKCS#8 PEM, version 1: without the public key inside, since OpenSSL before
    /// 3.1 refuses version 2 (RFC 5958) for this algorithm.
    ///
    /// # Errors
    /// [`KeyError::NotPrivate`], which no key is known to cause.
    pub fn to_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        let bytes = KeypairBytes {
            secret_key: self.signing.to_bytes(),
            public_key: None,
        };
        bytes
            .to_pkcs8_pem(LineEnding::LF)
            .map_err(|_| KeyError::NotPrivate)
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.public
    }

    /// The public key's id.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.public.id()
    }

    /// Signs, and checks the signature as a device would: a faulty computation could
    /// give the key away (Boneh, DeMillo, Lipton 1997), so its result never leaves.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<[u8; 64], Refusal> {
        let signature = self.signing.sign(message).to_bytes();
        self.public.verify(message, &signature)?;
        Ok(signature)
    }

    fn new(signing: SigningKey) -> Result<Self, KeyError> {
        let public = PublicKey::new(signing.verifying_key().to_bytes())?;
        Ok(Self { signing, public })
    }
}

impl fmt::Debug for RoleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "private {:?}", self.public)
    }
}
