//! Statements in words and numbers, for people and programs.

mod code;
mod device;
mod manifest;
mod refusal;
mod root;
mod standing;
mod trust;

use latch_issue::{SignError, Statement};
use latch_verify::{
    statement::{
        Code, Enrolment, Manifest, Receipt, Revocation, Root, State, StopSlip, TimeAttestation,
    },
    types::{DeviceId, KeyId},
    verdict::TrustRoot,
    wire::{Keys as _, Kind, PublicKey, Role},
};

use crate::{fields::Fields, route::kind_name};

pub use code::{latch_name, twin_tree};
pub(crate) use device::is_open;
pub use device::{describe_components, describe_receipt, describe_status, key_kept_name};
pub use refusal::{describe_refusal, reason_in_words};
pub use standing::describe_standing;

/// Describes a statement of any kind: what it says, and whose signatures on it are good.
///
/// Keys come from the trust root, from the statement itself where it brings its own (roots,
/// enrolments), and from `device_key` for what devices say.
///
/// # Errors
/// [`SignError::Refused`], which cannot be for a statement that was taken.
pub fn describe(
    statement: &Statement,
    trust: Option<&TrustRoot>,
    device_key: &dyn Fn(&DeviceId) -> Option<PublicKey>,
) -> Result<Fields, SignError> {
    let mut keys = Vec::new();
    if let Some(trust) = trust {
        keys.extend(
            trust
                .ring()
                .iter()
                .map(|(_, role, key)| (*key, role_name(*role))),
        );
    }
    let body = match statement.kind() {
        Kind::Code => code::fields(&statement.body::<Code<'_>>()?, trust),
        Kind::Root => {
            let root: Root<'_> = statement.body()?;
            // A root is signed by keys of its own, and by those of the root before it.
            let own = root.key_ring()?;
            let own = own.iter().map(|(_, role, key)| (*key, role_name(*role)));
            keys = own.chain(keys).collect();
            root::fields(&root)
        }
        Kind::Manifest => manifest::fields(&statement.body::<Manifest<'_>>()?),
        Kind::Receipt => {
            let receipt: Receipt = statement.body()?;
            keys = device_key(&receipt.device)
                .map(|key| (key, "device"))
                .into_iter()
                .collect();
            describe_receipt(&receipt, trust)
        }
        Kind::State => {
            let state: State<'_> = statement.body()?;
            keys = device_key(&state.device)
                .map(|key| (key, "device"))
                .into_iter()
                .collect();
            device::state_fields(&state, trust)
        }
        Kind::Enrolment => {
            let enrolment: Enrolment = statement.body()?;
            keys.push((enrolment.key()?, "device"));
            device::enrolment_fields(&enrolment)
        }
        Kind::Time => trust::time_fields(&statement.body::<TimeAttestation>()?),
        Kind::Revocation => trust::revocation_fields(&statement.body::<Revocation>()?),
        Kind::StopSlip => trust::slip_fields(&statement.body::<StopSlip>()?),
        _ => Fields::new(),
    };
    let mut fields = Fields::new()
        .with("kind", kind_name(statement.kind()))
        .text("id", statement.id())
        .with("bytes", statement.bytes().len());
    fields.append(body);
    fields.set("signatures", signatures(statement, &keys)?);
    Ok(fields)
}

/// Each signature: by which key, in which role, and whether it is good.
fn signatures(
    statement: &Statement,
    keys: &[(PublicKey, &'static str)],
) -> Result<Vec<Fields>, SignError> {
    let envelope = statement.envelope()?;
    let list = envelope.signatures().map(|(id, signature)| {
        let known = keys.iter().find(|(key, _)| key.find(id).is_some());
        let fields = Fields::new().text("key", id);
        match known {
            Some((key, role)) => fields
                .with("role", *role)
                .with("good", key.verify(envelope.message(), &signature).is_ok()),
            None => fields
                .with("role", crate::Field::None)
                .with("good", crate::Field::None),
        }
    });
    Ok(list.collect())
}

/// A role as the rules file writes it.
#[must_use]
pub fn role_name(role: Role) -> &'static str {
    match role {
        Role::Root => "root",
        Role::Operator => "operator",
        Role::Release => "release",
        Role::Approver => "approver",
        Role::Time => "time",
        Role::BreakGlass => "break-glass",
    }
}

/// The role of a key under a root.
#[must_use]
pub fn role_of(trust: &TrustRoot, key: KeyId) -> Option<&'static str> {
    trust.ring().role(key).map(role_name)
}
