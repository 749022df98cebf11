//! Statements other than codes, as a script asks for them: of zeros they are accepted.

use latch_verify::{
    statement::{Code, Revocation, Status, StopSlip, TimeAttestation},
    types::{Challenge, Sequence, TimeMs},
    wire::{Envelope, Kind},
};

use super::hardware::Dial;
use crate::{
    input::Input,
    keys::{BREAK_GLASS, Crew, OPERATOR, ROOT, SECOND_OPERATOR, Signer, TIME, seal},
    tenant::{START_MS, TENANT, successor},
};

/// An attestation of the time: which pulse, how far off (a power of two of milliseconds; odd
/// ones lie behind), crew.
pub(super) fn time(input: &mut Input<'_>, status: &Status, clock: &Dial) -> Vec<u8> {
    let (pulse, off, change) = (input.byte(), input.byte(), input.byte());
    let now = clock.now_ms();
    let by = match off {
        0 => 0,
        _ => 1_u64 << (off / 2 % 40),
    };
    let time_ms = if off % 2 == 1 {
        now.saturating_sub(by)
    } else {
        now + by
    };
    let attestation = TimeAttestation {
        tenant: TENANT,
        time_ms: TimeMs::new(time_ms).unwrap_or_default(),
        pulse: match pulse {
            0 => Some(status.pulse),
            1 => None,
            2 => Some(status.challenge),
            _ => Some(Challenge([pulse; 16])),
        },
    };
    seal(&attestation, Crew::of(&[TIME]).changed(change))
}

/// A revocation: whose, how many codes before the last are spared, crew.
pub(super) fn revocation(input: &mut Input<'_>, issued: u16) -> Vec<u8> {
    let (whose, spared, change) = (input.byte(), input.byte(), input.byte());
    let issuers: [Signer; 4] = [OPERATOR, SECOND_OPERATOR, BREAK_GLASS, ROOT];
    let start = TimeMs::new(START_MS).expect("a moment of this age");
    let revocation = Revocation {
        tenant: TENANT,
        issuer: issuers[usize::from(whose % 4)].id(),
        through: match spared {
            0xff => Sequence(u64::MAX),
            _ => Sequence::at(start, issued.saturating_sub(spared.into())),
        },
    };
    seal(&revocation, Crew::of(&[ROOT]).changed(change))
}

/// A stop slip for a code: what is wrong with it, crew.
pub(super) fn stop_slip(input: &mut Input<'_>, code: &[u8]) -> Option<Vec<u8>> {
    let (wrong, change) = (input.byte(), input.byte());
    let envelope = Envelope::parse(Kind::Code, code).ok()?;
    let code: Code<'_> = envelope.read().ok()?;
    let slip = StopSlip {
        tenant: TENANT,
        issuer: match wrong {
            1 => SECOND_OPERATOR.id(),
            _ => code.issuer,
        },
        sequence: match wrong {
            2 => Sequence(code.sequence.0 + 1),
            _ => code.sequence,
        },
        statement: envelope.id(),
    };
    Some(seal(&slip, Crew::of(&[ROOT]).changed(change)))
}

/// The next trust root: how the version is off, by how much the epoch rises, crew.
pub(super) fn root(input: &mut Input<'_>, status: &Status) -> Vec<u8> {
    let (off, risen, change) = (input.byte(), input.byte(), input.byte());
    let version = match off {
        0 => status.root_version + 1,
        1 => status.root_version,
        _ => status.root_version.wrapping_add(off.into()),
    };
    let epoch = match risen {
        0xff => status.epoch - 1,
        _ => status.epoch + u32::from(risen),
    };
    successor(version, epoch, Crew::of(&[ROOT]).changed(change))
}
