//! From a description to the bytes that say it.

use std::sync::OnceLock;

use latch_verify::{
    statement::{self, Revocation, StopSlip, TimeAttestation},
    twin::{Entries, Value},
    types::{Challenge, KeyId, LatchId, Sequence, StatementId, VersionRange},
    wire::{Envelope, Kind},
};

use super::said::{Action, Audience, Code, Id, Leaf, Noise, Nonce, Root, Said, Statement};
use crate::world::{
    bench::device_id,
    code::{leaves, moment},
    keys::{OPERATOR, Signer, encoded, seal, seal_bytes, seal_version},
    release::version,
    root::{OTHER_PRODUCT, OTHER_TENANT, PRODUCT, RootSpec, TENANT, latch},
};

const SALT: StatementId = StatementId([0x5a; 16]);
const MANIFEST: StatementId = StatementId([0xa5; 16]);

/// Ids of keys, which take some time to make.
pub(crate) fn key_id(key: Signer) -> KeyId {
    static IDS: OnceLock<Vec<KeyId>> = OnceLock::new();
    let ids = IDS.get_or_init(|| (0..=u8::MAX).map(|seed| Signer(seed).id()).collect());
    ids[usize::from(key.0)]
}

/// The n-th draw from the device's source of randomness.
pub(crate) fn nonce(drawn: Nonce) -> Challenge {
    let half = drawn.to_le_bytes();
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&half);
    bytes[8..].copy_from_slice(&half);
    Challenge(bytes)
}

/// A statement and its bytes.
pub(crate) fn sealed(
    said: Said,
    signers: Vec<Signer>,
    forged: Option<usize>,
) -> (Statement, Vec<u8>) {
    let mut bytes = match &said {
        Said::Code(code) => with_code(code, |code| seal(code, &signers)),
        Said::Root(root) => spec(root).sealed(&signers),
        Said::Time(time) => {
            let attestation = TimeAttestation {
                tenant: tenant(time.our_tenant),
                time_ms: moment(time.time_ms),
                pulse: time.pulse.map(nonce),
            };
            seal(&attestation, &signers)
        }
        Said::Revocation(said) => {
            let revocation = Revocation {
                tenant: tenant(said.our_tenant),
                issuer: key_id(said.issuer),
                through: Sequence(said.through),
            };
            seal(&revocation, &signers)
        }
        Said::Slip(said) => {
            let slip = StopSlip {
                tenant: tenant(said.our_tenant),
                issuer: key_id(said.issuer),
                sequence: Sequence(said.place),
                statement: StatementId(said.statement),
            };
            seal(&slip, &signers)
        }
        Said::Noise(noise) => noisy(*noise, &signers),
    };
    // Noise is bad enough as it is.
    let forged = forged.filter(|_| !matches!(said, Said::Noise(_)));
    let forged = forged.map(|place| place % signers.len());
    if let Some(place) = forged {
        // The last 72 bytes are the last signature with its key; any byte of its first half will do.
        let at = bytes.len() - 72 * (signers.len() - place) + 20;
        bytes[at] ^= 1;
    }
    let statement = Statement {
        id: id_of(&said, &bytes),
        signers,
        forged,
        said,
    };
    (statement, bytes)
}

fn id_of(said: &Said, bytes: &[u8]) -> Id {
    let kind = match said {
        Said::Code(_) => Kind::Code,
        Said::Root(_) => Kind::Root,
        Said::Time(_) => Kind::Time,
        Said::Revocation(_) => Kind::Revocation,
        Said::Slip(_) => Kind::StopSlip,
        Said::Noise(_) => return Id::default(),
    };
    // A doubled signature has no envelope, and no id by which anybody would know it.
    Envelope::parse(kind, bytes).map_or(Id::default(), |envelope| envelope.id().0)
}

fn tenant(ours: bool) -> latch_verify::types::TenantId {
    if ours { TENANT } else { OTHER_TENANT }
}

/// The root as the bench makes it.
pub(crate) fn spec(root: &Root) -> RootSpec {
    let keys = root.keys.iter().map(|(role, key)| (*role, key.public()));
    RootSpec {
        tenant: tenant(root.our_tenant),
        version: root.version,
        epoch: root.epoch,
        keys: keys.collect(),
        thresholds: root.thresholds,
        latches: root.latches.clone(),
        properties: root.properties.clone(),
        commands: root.commands.clone(),
    }
}

fn with_code<T>(code: &Code, then: impl FnOnce(&statement::Code<'_>) -> T) -> T {
    let letters = "x".repeat(2048);
    let list = |entries: &[(String, Leaf)]| {
        let value = |leaf: &Leaf| match *leaf {
            Leaf::Null => Value::Null,
            Leaf::Bool(value) => Value::Bool(value),
            Leaf::Int(value) => Value::Int(value),
            Leaf::Text(length) => Value::Text(&letters[..length]),
            Leaf::Empty => Value::Empty,
        };
        let entries = entries
            .iter()
            .map(|(path, leaf)| (path.as_str(), value(leaf)));
        leaves(&entries.collect::<Vec<_>>())
    };
    let entries = match &code.action {
        Action::SetTwin(entries) | Action::Command(_, entries) => list(entries),
        _ => Vec::new(),
    };
    let entries = Entries::from_bytes(&entries);
    let action = match &code.action {
        Action::SetTwin(_) => statement::Action::SetTwin(entries),
        Action::Command(name, _) => statement::Action::Command {
            name,
            arguments: entries,
        },
        Action::Open(seconds) => statement::Action::Open { seconds: *seconds },
        Action::Renew(seconds) => statement::Action::Renew { seconds: *seconds },
        Action::Close => statement::Action::Close,
        Action::Install { .. } => statement::Action::Install { manifest: MANIFEST },
        Action::Downgrade => statement::Action::Downgrade { manifest: MANIFEST },
        Action::Lockdown => statement::Action::Lockdown,
        Action::Probe => statement::Action::Probe,
        Action::Unlock => statement::Action::Unlock,
    };
    let range = |(least, most)| VersionRange {
        least: version(least),
        most: version(most),
    };
    then(&statement::Code {
        tenant: tenant(code.our_tenant),
        issuer: key_id(code.issuer),
        epoch: code.epoch,
        incarnation: code.incarnation,
        audience: audience(code.audience),
        product: code
            .our_product
            .map(|ours| if ours { PRODUCT } else { OTHER_PRODUCT }),
        latch: latch(code.latch),
        rule: code.rule,
        sequence: Sequence(code.place),
        not_before_ms: moment(code.begin_ms),
        not_after_ms: moment(code.end_ms),
        challenge: code.challenge.map(nonce),
        context: statement::Context {
            firmware: code.context.firmware.map(range),
            twin_version: code.context.twin_version,
            boot: code.context.boot,
        },
        action,
    })
}

fn audience(audience: Audience) -> statement::Audience {
    let part = statement::Audience::part(SALT, &device_id());
    let cohort = |from, below| statement::Audience::Cohort {
        salt: SALT,
        from,
        below,
    };
    match audience {
        Audience::Device => statement::Audience::Device(device_id()),
        Audience::OtherDevice => {
            statement::Audience::Device("pump-0043".parse().expect("a device's name"))
        }
        Audience::Inside => cohort(part, part + 1),
        Audience::Below => cohort(part - 1, part),
        Audience::Above => cohort(part + 1, part + 2),
        Audience::Nobody => cohort(part, part),
        Audience::Tenant => statement::Audience::Tenant,
    }
}

/// A code that would do no harm.
fn harmless() -> Code {
    Code {
        our_tenant: true,
        issuer: OPERATOR[0],
        epoch: 4,
        incarnation: Some(2),
        audience: Audience::Device,
        our_product: None,
        latch: LatchId::TWIN.number(),
        rule: statement::RuleChoice::Normal,
        place: 1,
        begin_ms: 1,
        end_ms: 2,
        challenge: None,
        context: Default::default(),
        action: Action::Probe,
    }
}

fn noisy(noise: Noise, signers: &[Signer]) -> Vec<u8> {
    let body = with_code(&harmless(), |code| encoded(code));
    let whole = seal_bytes(Kind::Code, &body, signers);
    let changed = |at: usize, to: u8| {
        let mut bytes = whole.clone();
        bytes[at] = to;
        bytes
    };
    match noise {
        Noise::Nothing => Vec::new(),
        Noise::OtherMagic => changed(0, b'L'),
        Noise::OtherKind => changed(8, Kind::Manifest.number()),
        Noise::LaterVersion => seal_version(Kind::Code, 9, &body, signers),
        Noise::Cut => whole[..whole.len() - 1].to_vec(),
        Noise::Unsigned => seal_bytes(Kind::Code, &body, &[]),
        Noise::Trailing => seal_bytes(Kind::Code, &[&body[..], &[0]].concat(), signers),
        Noise::Padded => {
            // The epoch stands behind tenant and issuer.
            let (head, tail) = body.split_at(24);
            let padded = [head, &[tail[0] | 0x80, 0], &tail[1..]].concat();
            seal_bytes(Kind::Code, &padded, signers)
        }
        Noise::Undecodable => seal_bytes(Kind::Code, &body[..body.len() - 1], signers),
    }
}
