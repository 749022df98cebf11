//! What a device says, signed with its own key: an envelope with one signature.

use crate::{
    limits::{ENVELOPE_HEAD, MAX_REQUEST_ENVELOPE, SIGNATURE_LEN},
    reject::{Reason, Refusal},
    statement::{Enrolment, KeyKept},
    types::{Digest, KeyId},
    verdict::Identity,
    wire::{Body, DeviceKey, PublicKey, head_of, write},
};

/// Signs a new device's request to be enrolled under this name, which an operator checks and countersigns: what comes back is
/// the enrolment that it is provisioned with.
///
/// # Errors
/// [`Reason::WeakKey`], [`Reason::KeyFault`].
pub fn sign_request<'o>(
    name: &Identity,
    key_kept: KeyKept,
    key: &mut impl DeviceKey,
    out: &'o mut [u8; MAX_REQUEST_ENVELOPE],
) -> Result<&'o [u8], Refusal> {
    let public = PublicKey::fit(key.public())?;
    let enrolment = Enrolment {
        tenant: name.tenant,
        product: name.product,
        device: name.device.clone(),
        incarnation: name.incarnation,
        device_key: Digest(*public.bytes()),
        key_kept,
    };
    let message_len = write_message(&enrolment, out)?;
    Ok(sign_message(key, public.id(), message_len, out)?)
}

/// Writes head and body at the start of `out`; returns the message's length.
pub(super) fn write_message<'a, B: Body<'a>>(body: &B, out: &mut [u8]) -> Result<usize, Reason> {
    let (head, rest) = out
        .split_at_mut_checked(ENVELOPE_HEAD)
        .ok_or(Reason::BufferTooSmall)?;
    let body_len = write(body, rest).ok_or(Reason::BufferTooSmall)?;
    head.copy_from_slice(&head_of(B::KIND, body.version(), body_len)?);
    Ok(ENVELOPE_HEAD.saturating_add(body_len))
}

/// Adds a key's signature to the message at the start of `out`; returns the envelope.
pub(super) fn sign_message<'o>(
    key: &mut impl DeviceKey,
    key_id: KeyId,
    message_len: usize,
    out: &'o mut [u8],
) -> Result<&'o [u8], Reason> {
    let message = out.get(..message_len).ok_or(Reason::BufferTooSmall)?;
    let signature = key.sign(message).map_err(|_| Reason::KeyFault)?;
    let total = message_len.saturating_add(1).saturating_add(SIGNATURE_LEN);
    let whole = out.get_mut(..total).ok_or(Reason::BufferTooSmall)?;
    let (_, tail) = whole
        .split_at_mut_checked(message_len)
        .ok_or(Reason::LogicFault)?;
    let (count, tail) = tail.split_first_mut().ok_or(Reason::LogicFault)?;
    *count = 1;
    let (id, rest) = tail
        .split_at_mut_checked(key_id.0.len())
        .ok_or(Reason::LogicFault)?;
    id.copy_from_slice(&key_id.0);
    rest.copy_from_slice(&signature);
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::sign_request;
    use crate::{
        limits::MAX_REQUEST_ENVELOPE,
        reject::Reason,
        statement::KeyKept,
        verdict::{Identity, judge_request},
        wire::{DeviceKey, KeyFault, SeedKey},
    };

    fn name() -> Identity {
        Identity {
            tenant: "acme".parse().unwrap(),
            product: "pump".parse().unwrap(),
            // As long as a name may be: the buffer is for the longest request.
            device: "pump-456789012345678901234567890".parse().unwrap(),
            incarnation: u32::MAX,
        }
    }

    #[test]
    fn a_request_is_what_an_operator_takes() {
        let (mut key, mut out) = (SeedKey::new(&[61; 32]), [0; MAX_REQUEST_ENVELOPE]);
        let request = sign_request(&name(), KeyKept::Hardware, &mut key, &mut out).unwrap();
        let enrolment = judge_request(request).unwrap();
        assert_eq!(
            (enrolment.device, enrolment.incarnation),
            (name().device, u32::MAX)
        );
        assert_eq!(
            (enrolment.device_key.0, enrolment.key_kept),
            (key.public(), KeyKept::Hardware)
        );
    }

    #[test]
    fn a_key_that_cannot_sign_makes_none() {
        struct Broken;
        impl DeviceKey for Broken {
            fn public(&self) -> [u8; 32] {
                SeedKey::new(&[61; 32]).public()
            }

            fn sign(&mut self, _: &[u8]) -> Result<[u8; 64], KeyFault> {
                Err(KeyFault)
            }
        }
        let mut out = [0; MAX_REQUEST_ENVELOPE];
        let refused = sign_request(&name(), KeyKept::Software, &mut Broken, &mut out).unwrap_err();
        assert_eq!(refused.reason, Reason::KeyFault);
    }
}
