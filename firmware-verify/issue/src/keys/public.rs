//! Public keys as people pass them on: SPKI PEM, or 64 hexadecimal digits.

use std::{fs::File, path::Path};

use ed25519_dalek::pkcs8::{
    DecodePublicKey as _, EncodePublicKey as _, PublicKeyBytes, spki::der::pem::LineEnding,
};
use latch_verify::{types::Digest, wire::PublicKey};

use super::{
    KeyError,
    file::{PUBLIC, create, in_file, read_error, read_text},
};

/// The key as SPKI PEM (RFC 8410).
///
/// # Errors
/// [`KeyError::NotPublic`], which no key is known to cause.
pub fn public_to_pem(key: &PublicKey) -> Result<String, KeyError> {
    PublicKeyBytes(*key.bytes())
        .to_public_key_pem(LineEnding::LF)
        .map_err(|_| KeyError::NotPublic)
}

/// Reads SPKI PEM, or 64 hexadecimal digits.
///
/// # Errors
/// [`KeyError::NotPublic`], [`KeyError::PrivateForPublic`], and [`KeyError::Refused`] for a
/// key of small order or one that is not canonical.
pub fn public_from_text(text: &str) -> Result<PublicKey, KeyError> {
    let text = text.trim();
    if text.contains("PRIVATE KEY") {
        return Err(KeyError::PrivateForPublic);
    }
    let bytes = match text.parse::<Digest>() {
        Ok(Digest(bytes)) => bytes,
        Err(_) => {
            PublicKeyBytes::from_public_key_pem(text)
                .map_err(|_| KeyError::NotPublic)?
                .0
        }
    };
    Ok(PublicKey::new(bytes)?)
}

/// Reads a public key from a file.
///
/// # Errors
/// [`KeyError::Read`], or [`KeyError::InFile`] around what [`public_from_text`] says.
pub fn load_public(path: &Path) -> Result<PublicKey, KeyError> {
    let mut file = File::open(path).map_err(|cause| read_error(path, cause))?;
    let text = read_text(path, &mut file)?;
    public_from_text(&text).map_err(|cause| in_file(path, cause))
}

/// Writes a public key into a new file.
///
/// # Errors
/// [`KeyError::Exists`], [`KeyError::Write`].
pub fn save_public(path: &Path, key: &PublicKey) -> Result<(), KeyError> {
    create(path, public_to_pem(key)?.as_bytes(), PUBLIC)
}
