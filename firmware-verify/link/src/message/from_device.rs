//! What a device says to a host.

use latch_verify::{
    device::PagesWanted,
    limits::{MAX_RECEIPT_ENVELOPE, MAX_STATE_ENVELOPE},
    types::{Digest, Posture, StatementId, Version},
};

use super::{
    Handled, Life, Paged, Program, Pulse, Refused, Standing, Wanted, Why,
    bounds::MAX_ENROLMENT_ENVELOPE,
    bytes::{Reader, Writer},
    malformed::{Fault, Malformed},
    table::{Encode, read},
    to_device::{read_identity, write_identity},
};

/// What a device says to a host. Those with a tag end the request of that tag; the others come
/// whenever there is cause, the first three of them also because they were asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FromDevice<'a> {
    /// The end of a [`Statement`](super::ToDevice::Statement).
    Handled {
        /// Of the request.
        tag: u16,
        /// What came of it.
        handled: Handled,
    },
    /// The end of a [`Page`](super::ToDevice::Page).
    Paged {
        /// Of the request.
        tag: u16,
        /// What came of it.
        paged: Paged,
    },
    /// The end of any other request.
    Done {
        /// Of the request.
        tag: u16,
        /// Whether it was done.
        result: Result<(), Refused>,
    },
    /// A receipt: new, or asked for.
    Receipt(&'a [u8]),
    /// The signed state.
    State(&'a [u8]),
    /// The request to be enrolled.
    Request(&'a [u8]),
    /// What the device is. Told first after every hello, and when it changes.
    Standing(Standing),
    /// The pages that the device waits for. Told after every hello, and when they change: a host
    /// that goes by [`Paged`] learns nothing from it but beginning and end.
    Wanted(Option<Wanted>),
    /// When to ask. Told after every hello by a device that is provisioned, and when it changes.
    Pulse(Pulse),
}

impl FromDevice<'_> {
    fn number(&self) -> u8 {
        match self {
            Self::Handled { .. } => 129,
            Self::Paged { .. } => 130,
            Self::Done { .. } => 131,
            Self::Receipt(_) => 132,
            Self::State(_) => 133,
            Self::Request(_) => 134,
            Self::Standing(_) => 135,
            Self::Wanted(_) => 136,
            Self::Pulse(_) => 137,
        }
    }

    /// The tag of the request that it ends, if it ends one.
    #[must_use]
    pub fn ends(&self) -> Option<u16> {
        match *self {
            Self::Handled { tag, .. } | Self::Paged { tag, .. } | Self::Done { tag, .. } => {
                Some(tag)
            }
            _ => None,
        }
    }
}

impl Encode for FromDevice<'_> {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.u8(self.number());
        writer.u16(self.ends().unwrap_or_default());
        match self {
            Self::Handled { handled, .. } => write_handled(writer, handled),
            Self::Paged { paged, .. } => write_paged(writer, paged),
            Self::Done { result, .. } => match result {
                Ok(()) => writer.u8(0),
                Err(refused) => {
                    writer.u8(1);
                    write_refused(writer, refused);
                }
            },
            Self::Receipt(receipt) => writer.rest(receipt, MAX_RECEIPT_ENVELOPE),
            Self::State(state) => writer.rest(state, MAX_STATE_ENVELOPE),
            Self::Request(request) => writer.rest(request, MAX_ENROLMENT_ENVELOPE),
            Self::Standing(standing) => write_standing(writer, standing),
            Self::Wanted(wanted) => write_wanted(writer, wanted.as_ref()),
            Self::Pulse(pulse) => write_pulse(writer, pulse),
        }
    }
}

impl<'a> FromDevice<'a> {
    /// Reads a message.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Malformed> {
        read(bytes, Self::fields)
    }

    fn fields(number: u8, tag: u16, reader: &mut Reader<'a>) -> Result<Self, Fault> {
        let message = match number {
            129 => Self::Handled {
                tag,
                handled: read_handled(reader)?,
            },
            130 => Self::Paged {
                tag,
                paged: read_paged(reader)?,
            },
            131 => Self::Done {
                tag,
                result: match reader.u8()? {
                    0 => Ok(()),
                    1 => Err(read_refused(reader)?),
                    _ => return Err(Fault::BadField),
                },
            },
            132 => Self::Receipt(reader.rest(MAX_RECEIPT_ENVELOPE)?),
            133 => Self::State(reader.rest(MAX_STATE_ENVELOPE)?),
            134 => Self::Request(reader.rest(MAX_ENROLMENT_ENVELOPE)?),
            135 => Self::Standing(read_standing(reader)?),
            136 => Self::Wanted(read_wanted(reader)?),
            137 => Self::Pulse(read_pulse(reader)?),
            _ => return Err(Fault::UnknownNumber),
        };
        if message.ends().is_none() && tag != 0 {
            return Err(Fault::BadField);
        }
        Ok(message)
    }
}

fn write_refused(writer: &mut Writer<'_>, refused: &Refused) {
    writer.u16(refused.reason);
    writer.u64(refused.expected);
    writer.u64(refused.found);
}

fn read_refused(reader: &mut Reader<'_>) -> Result<Refused, Fault> {
    Ok(Refused {
        reason: reader.u16()?,
        expected: reader.u64()?,
        found: reader.u64()?,
    })
}

fn write_handled(writer: &mut Writer<'_>, handled: &Handled) {
    match handled {
        Handled::Answered => writer.u8(0),
        Handled::Noted => writer.u8(1),
        Handled::Ignored(refused) => {
            writer.u8(2);
            write_refused(writer, refused);
        }
        Handled::ManifestWanted(manifest) => {
            writer.u8(3);
            writer.raw(&manifest.0);
        }
        Handled::Untold(refused) => {
            writer.u8(4);
            write_refused(writer, refused);
        }
    }
}

fn read_handled(reader: &mut Reader<'_>) -> Result<Handled, Fault> {
    Ok(match reader.u8()? {
        0 => Handled::Answered,
        1 => Handled::Noted,
        2 => Handled::Ignored(read_refused(reader)?),
        3 => Handled::ManifestWanted(StatementId(reader.array()?)),
        4 => Handled::Untold(read_refused(reader)?),
        _ => return Err(Fault::BadField),
    })
}

fn write_pages(writer: &mut Writer<'_>, pages: &PagesWanted) {
    writer.raw(&pages.manifest.0);
    writer.u32(pages.next);
    writer.u32(pages.of);
}

fn read_pages(reader: &mut Reader<'_>) -> Result<PagesWanted, Fault> {
    Ok(PagesWanted {
        manifest: StatementId(reader.array()?),
        next: reader.u32()?,
        of: reader.u32()?,
    })
}

fn write_paged(writer: &mut Writer<'_>, paged: &Paged) {
    match paged {
        Paged::Kept(pages) => {
            writer.u8(0);
            write_pages(writer, pages);
        }
        Paged::Complete => writer.u8(1),
        Paged::Restored => writer.u8(2),
        Paged::Refused(refused) => {
            writer.u8(3);
            write_refused(writer, refused);
        }
    }
}

fn read_paged(reader: &mut Reader<'_>) -> Result<Paged, Fault> {
    Ok(match reader.u8()? {
        0 => Paged::Kept(read_pages(reader)?),
        1 => Paged::Complete,
        2 => Paged::Restored,
        3 => Paged::Refused(read_refused(reader)?),
        _ => return Err(Fault::BadField),
    })
}

fn write_wanted(writer: &mut Writer<'_>, wanted: Option<&Wanted>) {
    let Some(Wanted { pages, merkle_root }) = wanted else {
        return writer.u8(0);
    };
    writer.u8(if merkle_root.is_some() { 2 } else { 1 });
    write_pages(writer, pages);
    if let Some(root) = merkle_root {
        writer.raw(&root.0);
    }
}

fn read_wanted(reader: &mut Reader<'_>) -> Result<Option<Wanted>, Fault> {
    let alternative = reader.u8()?;
    if alternative == 0 {
        return Ok(None);
    }
    Ok(Some(Wanted {
        pages: read_pages(reader)?,
        merkle_root: match alternative {
            1 => None,
            2 => Some(Digest(reader.array()?)),
            _ => return Err(Fault::BadField),
        },
    }))
}

fn write_standing(writer: &mut Writer<'_>, standing: &Standing) {
    writer.u8(match standing.program {
        Program::Application => 0,
        Program::Recovery => 1,
    });
    writer.u16(standing.version.major);
    writer.u16(standing.version.minor);
    writer.u32(standing.version.patch);
    writer.u32(standing.boot);
    let (why, boots_left) = match standing.why {
        Why::Unknown => (0, 0),
        Why::Confirmed => (1, 0),
        Why::Trial { boots_left } => (2, boots_left),
        Why::Fallback => (3, 0),
        Why::Recovery => (4, 0),
    };
    writer.u8(why);
    writer.u8(boots_left);
    match &standing.life {
        Life::Unprovisioned => writer.u8(0),
        Life::Provisioned(identity) => {
            writer.u8(1);
            write_identity(writer, identity);
        }
        Life::Shut(refused) => {
            writer.u8(2);
            write_refused(writer, refused);
        }
    }
}

fn read_standing(reader: &mut Reader<'_>) -> Result<Standing, Fault> {
    let program = match reader.u8()? {
        0 => Program::Application,
        1 => Program::Recovery,
        _ => return Err(Fault::BadField),
    };
    let version = Version {
        major: reader.u16()?,
        minor: reader.u16()?,
        patch: reader.u32()?,
    };
    let boot = reader.u32()?;
    let why = match (reader.u8()?, reader.u8()?) {
        (0, 0) => Why::Unknown,
        (1, 0) => Why::Confirmed,
        (2, boots_left) => Why::Trial { boots_left },
        (3, 0) => Why::Fallback,
        (4, 0) => Why::Recovery,
        _ => return Err(Fault::BadField),
    };
    let life = match reader.u8()? {
        0 => Life::Unprovisioned,
        1 => Life::Provisioned(read_identity(reader)?),
        2 => Life::Shut(read_refused(reader)?),
        _ => return Err(Fault::BadField),
    };
    Ok(Standing {
        program,
        life,
        version,
        boot,
        why,
    })
}

fn write_pulse(writer: &mut Writer<'_>, pulse: &Pulse) {
    writer.u64(pulse.receipts);
    writer.u32(pulse.changes);
    writer.u32(pulse.root_version);
    writer.u32(pulse.junk);
    writer.u32(pulse.posture.known);
    writer.u32(pulse.posture.value);
    // Nothing is published every zero milliseconds.
    writer.u32(pulse.pulse_every_ms.unwrap_or_default());
}

fn read_pulse(reader: &mut Reader<'_>) -> Result<Pulse, Fault> {
    Ok(Pulse {
        receipts: reader.u64()?,
        changes: reader.u32()?,
        root_version: reader.u32()?,
        junk: reader.u32()?,
        posture: Posture {
            known: reader.u32()?,
            value: reader.u32()?,
        },
        pulse_every_ms: Some(reader.u32()?).filter(|every_ms| *every_ms > 0),
    })
}
