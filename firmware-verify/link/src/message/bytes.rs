//! How fields are laid into a message, and read from one: integers little-endian, nothing implied.

use super::malformed::Fault;

/// Writes fields one after the other. It counts on where there is no room, so that whoever asks
/// learns how much would have been needed.
pub struct Writer<'o> {
    out: &'o mut [u8],
    len: usize,
    beyond: bool,
}

impl<'o> Writer<'o> {
    pub(super) fn new(out: &'o mut [u8]) -> Self {
        Self {
            out,
            len: 0,
            beyond: false,
        }
    }

    /// The length of what was written, or would have been. `None` when a field is longer than it
    /// may be.
    pub(super) fn len(&self) -> Option<usize> {
        (!self.beyond).then_some(self.len)
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) {
        let end = self.len.saturating_add(bytes.len());
        if let Some(place) = self.out.get_mut(self.len..end) {
            place.copy_from_slice(bytes);
        }
        self.len = end;
    }

    pub(super) fn u8(&mut self, number: u8) {
        self.raw(&[number]);
    }

    pub(super) fn u16(&mut self, number: u16) {
        self.raw(&number.to_le_bytes());
    }

    pub(super) fn u32(&mut self, number: u32) {
        self.raw(&number.to_le_bytes());
    }

    pub(super) fn u64(&mut self, number: u64) {
        self.raw(&number.to_le_bytes());
    }

    /// Bytes to the end of the message.
    pub(super) fn rest(&mut self, bytes: &[u8], most: usize) {
        self.beyond |= bytes.len() > most;
        self.raw(bytes);
    }

    /// Bytes with a `u16` before them that says how many.
    pub(super) fn counted(&mut self, bytes: &[u8], most: usize) {
        match u16::try_from(bytes.len()) {
            Ok(count) => self.u16(count),
            Err(_) => self.beyond = true,
        }
        self.rest(bytes, most);
    }
}

/// Reads fields one after the other.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (array, rest) = self.0.split_first_chunk::<N>().ok_or(Fault::Short)?;
        self.0 = rest;
        Ok(*array)
    }

    pub(super) fn raw(&mut self, len: usize) -> Result<&'a [u8], Fault> {
        let (bytes, rest) = self.0.split_at_checked(len).ok_or(Fault::Short)?;
        self.0 = rest;
        Ok(bytes)
    }

    pub(super) fn u8(&mut self) -> Result<u8, Fault> {
        self.array::<1>().map(|[number]| number)
    }

    pub(super) fn u16(&mut self) -> Result<u16, Fault> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Fault> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, Fault> {
        self.array().map(u64::from_le_bytes)
    }

    /// Bytes to the end of the message.
    pub(super) fn rest(&mut self, most: usize) -> Result<&'a [u8], Fault> {
        let bytes = core::mem::take(&mut self.0);
        bounded(bytes, most)
    }

    /// Bytes with a `u16` before them that says how many.
    pub(super) fn counted(&mut self, most: usize) -> Result<&'a [u8], Fault> {
        let count = self.u16()?;
        bounded(self.raw(count.into())?, most)
    }

    pub(super) fn end(&self) -> Result<(), Fault> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Fault::Trailing)
        }
    }
}

fn bounded(bytes: &[u8], most: usize) -> Result<&[u8], Fault> {
    if bytes.len() > most {
        Err(Fault::TooLong)
    } else {
        Ok(bytes)
    }
}
