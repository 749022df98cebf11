//! What a host says to a device.

use latch_verify::{
    device::Release,
    types::{DeviceId, ProductId, StatementId, TenantId},
    verdict::Identity,
};

use super::{
    bounds::{
        MAX_DEVICE_NAME, MAX_ENROLMENT_ENVELOPE, MAX_MANIFEST_ENVELOPE, MAX_PAGE_MESSAGE,
        MAX_ROOT_ENVELOPE, MAX_STATEMENT,
    },
    bytes::{Reader, Writer},
    malformed::{Fault, Malformed},
    table::{Encode, read},
};

/// What a host says to a device. Each is a request that the device ends with exactly one answer
/// of the same tag, unless one of the two restarts in between.
#[derive(Clone, Debug)]
pub enum ToDevice<'a> {
    /// A statement for the device's door: a code, root, revocation, stop slip or the time. Ended
    /// by [`Handled`](super::FromDevice::Handled); receipts come before it.
    Statement {
        /// Chosen by the host.
        tag: u16,
        /// What the host has of the release that a code may ask for.
        release: Release<'a>,
        /// The statement's envelope.
        statement: &'a [u8],
    },
    /// The page that the device waits for. Ended by [`Paged`](super::FromDevice::Paged).
    Page {
        /// Chosen by the host.
        tag: u16,
        /// The page message, with its proof.
        page: &'a [u8],
    },
    /// Send the signed state. Ended by [`Done`](super::FromDevice::Done), before which the state
    /// comes.
    AskState {
        /// Chosen by the host.
        tag: u16,
    },
    /// Send the last receipt for a statement again. Ended by [`Done`](super::FromDevice::Done),
    /// before which the receipt comes.
    AskReceipt {
        /// Chosen by the host.
        tag: u16,
        /// The statement.
        statement: StatementId,
    },
    /// Send the receipt with a number again. Ended by [`Done`](super::FromDevice::Done), before
    /// which the receipt comes.
    AskReceiptNumbered {
        /// Chosen by the host.
        tag: u16,
        /// Its number in the device's chain.
        number: u64,
    },
    /// Make the request to be enrolled under this name. Ended by
    /// [`Done`](super::FromDevice::Done), before which the request comes.
    AskRequest {
        /// Chosen by the host.
        tag: u16,
        /// Who the device is to be.
        name: Identity,
    },
    /// Begin your life with this trust root, as who the enrolment says. Ended by
    /// [`Done`](super::FromDevice::Done); then the device tells its standing.
    Provision {
        /// Chosen by the host.
        tag: u16,
        /// The trust root's envelope.
        root: &'a [u8],
        /// The enrolment's envelope.
        enrolment: &'a [u8],
    },
    /// Tell standing, pulse and wants again. Ended by [`Done`](super::FromDevice::Done), before
    /// which they come.
    AskStanding {
        /// Chosen by the host.
        tag: u16,
    },
}

impl ToDevice<'_> {
    /// The tag, which the answer repeats.
    #[must_use]
    pub fn tag(&self) -> u16 {
        match *self {
            Self::Statement { tag, .. }
            | Self::Page { tag, .. }
            | Self::AskState { tag }
            | Self::AskReceipt { tag, .. }
            | Self::AskReceiptNumbered { tag, .. }
            | Self::AskRequest { tag, .. }
            | Self::Provision { tag, .. }
            | Self::AskStanding { tag } => tag,
        }
    }

    fn number(&self) -> u8 {
        match self {
            Self::Statement { .. } => 1,
            Self::Page { .. } => 2,
            Self::AskState { .. } => 3,
            Self::AskReceipt { .. } => 4,
            Self::AskReceiptNumbered { .. } => 5,
            Self::AskRequest { .. } => 6,
            Self::Provision { .. } => 7,
            Self::AskStanding { .. } => 8,
        }
    }
}

impl Encode for ToDevice<'_> {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.u8(self.number());
        writer.u16(self.tag());
        match self {
            Self::Statement {
                release, statement, ..
            } => {
                match release {
                    Release::NotAsked => writer.u8(0),
                    Release::NotFound => writer.u8(1),
                    Release::Found(manifest) => {
                        writer.u8(2);
                        writer.counted(manifest, MAX_MANIFEST_ENVELOPE);
                    }
                }
                writer.rest(statement, MAX_STATEMENT);
            }
            Self::Page { page, .. } => writer.rest(page, MAX_PAGE_MESSAGE),
            Self::AskState { .. } | Self::AskStanding { .. } => {}
            Self::AskReceipt { statement, .. } => writer.raw(&statement.0),
            Self::AskReceiptNumbered { number, .. } => writer.u64(*number),
            Self::AskRequest { name, .. } => write_identity(writer, name),
            Self::Provision {
                root, enrolment, ..
            } => {
                writer.counted(root, MAX_ROOT_ENVELOPE);
                writer.rest(enrolment, MAX_ENROLMENT_ENVELOPE);
            }
        }
    }
}

impl<'a> ToDevice<'a> {
    /// Reads a message.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Malformed> {
        read(bytes, Self::fields)
    }

    fn fields(number: u8, tag: u16, reader: &mut Reader<'a>) -> Result<Self, Fault> {
        Ok(match number {
            1 => Self::Statement {
                tag,
                release: match reader.u8()? {
                    0 => Release::NotAsked,
                    1 => Release::NotFound,
                    2 => Release::Found(reader.counted(MAX_MANIFEST_ENVELOPE)?),
                    _ => return Err(Fault::BadField),
                },
                statement: reader.rest(MAX_STATEMENT)?,
            },
            2 => Self::Page {
                tag,
                page: reader.rest(MAX_PAGE_MESSAGE)?,
            },
            3 => Self::AskState { tag },
            4 => Self::AskReceipt {
                tag,
                statement: StatementId(reader.array()?),
            },
            5 => Self::AskReceiptNumbered {
                tag,
                number: reader.u64()?,
            },
            6 => Self::AskRequest {
                tag,
                name: read_identity(reader)?,
            },
            7 => Self::Provision {
                tag,
                root: reader.counted(MAX_ROOT_ENVELOPE)?,
                enrolment: reader.rest(MAX_ENROLMENT_ENVELOPE)?,
            },
            8 => Self::AskStanding { tag },
            _ => return Err(Fault::UnknownNumber),
        })
    }
}

pub(super) fn write_identity(writer: &mut Writer<'_>, identity: &Identity) {
    writer.raw(&identity.tenant.0);
    writer.raw(&identity.product.0);
    writer.u32(identity.incarnation);
    writer.counted(identity.device.as_str().as_bytes(), MAX_DEVICE_NAME);
}

pub(super) fn read_identity(reader: &mut Reader<'_>) -> Result<Identity, Fault> {
    let tenant = TenantId(reader.array()?);
    let product = ProductId(reader.array()?);
    let incarnation = reader.u32()?;
    let name = core::str::from_utf8(reader.counted(MAX_DEVICE_NAME)?);
    let device: Option<DeviceId> = name.ok().and_then(|name| name.parse().ok());
    Ok(Identity {
        tenant,
        product,
        device: device.ok_or(Fault::BadField)?,
        incarnation,
    })
}
