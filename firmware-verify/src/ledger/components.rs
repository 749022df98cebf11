//! The components of a device besides the main one, and where the journal says what all of them need of each other: that is asked
//! where a release is judged, and at rotations, and at no other time.

use embedded_storage::nor_flash::NorFlash;
use heapless::Vec;

use super::{
    kept::envelope_in,
    needs::{NUMBERS, Pairs, Table, refusing},
    record::{RECORD, Record},
    state::Ledger,
};
use crate::{
    journal::{Address, Entry, Journal, JournalError},
    limits::{MAX_COMPONENTS, MAX_RECORD},
    reject::{Reason, Refusal, ensure},
    statement::{MAIN_COMPONENT, Manifest},
    verdict::{Component, Components, Need},
    wire::{Envelope, Kind, decode_whole},
};

/// Reads a record of the journal, checking it again.
pub(super) type Reader<'r> =
    dyn for<'b> FnMut(Address, &'b mut [u8]) -> Result<Entry<'b>, JournalError> + 'r;

/// How often needs are read at a rotation before they count as lost: what flash reads wrong once it may read right again.
const READS: usize = 3;

/// The components besides the main one, as a device remembers them.
#[derive(Clone, Debug, Default, Hash)]
pub struct KeptComponents {
    others: Vec<Kept, MAX_COMPONENTS>,
    /// The record with the needs of all whose release was not confirmed since.
    table: Table,
    /// The record with the manifest of the main component's release, where that was confirmed since.
    main_at: Address,
}

#[derive(Clone, Copy, Debug, Hash)]
struct Kept {
    component: Component,
    /// The record with the manifest of its release, where that was confirmed since.
    manifest_at: Address,
}

impl KeptComponents {
    pub(super) const fn new() -> Self {
        Self {
            others: Vec::new(),
            table: Table::NOWHERE,
            main_at: Address::NOWHERE,
        }
    }

    pub(super) fn clear(&mut self) {
        self.others.clear();
        (self.table, self.main_at) = (Table::NOWHERE, Address::NOWHERE);
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Component> {
        self.others.iter().map(|kept| &kept.component)
    }

    /// A component that the device has.
    #[must_use]
    pub fn get(&self, number: u8) -> Option<Component> {
        let mut all = self.iter();
        all.find(|component| component.number == number).copied()
    }

    /// Adds a component that the device has.
    ///
    /// # Errors
    /// [`Reason::LogicFault`] for the main one, for one that is there, and for too many.
    pub(crate) fn add(&mut self, component: Component) -> Result<(), Reason> {
        let new = component.number != MAIN_COMPONENT && self.get(component.number).is_none();
        ensure(new, Reason::LogicFault)?;
        let kept = self.others.push(Kept {
            component,
            manifest_at: Address::NOWHERE,
        });
        kept.map_err(|_| Reason::LogicFault)
    }

    /// What all of them need lies in this table, for those whose release is not confirmed after it.
    pub(super) fn are_in(&mut self, table: Table) {
        (self.table, self.main_at) = (table, Address::NOWHERE);
        for kept in &mut self.others {
            kept.manifest_at = Address::NOWHERE;
        }
    }

    /// A release was confirmed, whose manifest lies at this address: its version, floor and needs replace those of its component.
    ///
    /// # Errors
    /// [`Reason::NoSuchComponent`]: not for what was judged.
    pub(super) fn confirm(
        &mut self,
        confirmed: Component,
        manifest_at: Address,
    ) -> Result<(), Reason> {
        if confirmed.number == MAIN_COMPONENT {
            self.main_at = manifest_at;
            return Ok(());
        }
        let mut others = self.others.iter_mut();
        let kept = others.find(|kept| kept.component.number == confirmed.number);
        let kept = kept.ok_or(Reason::NoSuchComponent)?;
        kept.manifest_at = manifest_at;
        let component = &mut kept.component;
        component.version = confirmed.version;
        component.security_floor = component.security_floor.max(confirmed.security_floor);
        Ok(())
    }

    /// Where the manifest of a component's release lies, unless the table has its needs.
    fn manifest_at(&self, number: u8) -> Address {
        if number == MAIN_COMPONENT {
            return self.main_at;
        }
        let mut others = self.others.iter();
        let kept = others.find(|kept| kept.component.number == number);
        kept.map_or(Address::NOWHERE, |kept| kept.manifest_at)
    }

    /// All of them with what they need, as it lies in the journal. `buffer` holds any record.
    ///
    /// # Errors
    /// [`Reason::StorageFault`] where a need cannot be read, whatever it is that lies there: it is the device that fails.
    pub(super) fn read(
        &self,
        buffer: &mut [u8],
        reader: &mut Reader<'_>,
    ) -> Result<Components, Reason> {
        let (all, lost) = self.gather(buffer, reader);
        ensure(lost == Pairs::NONE, Reason::StorageFault)?;
        Ok(all)
    }

    /// As [`read`](Self::read), for a rotation, which nothing that has decayed may hold up: what a device needs to shut itself is
    /// written after it. Where needs are lost, no version fulfils them until the component that had them is installed anew.
    ///
    /// # Errors
    /// As [`refusing`].
    pub(super) fn read_or_refuse(
        &self,
        buffer: &mut [u8],
        reader: &mut Reader<'_>,
    ) -> Result<Components, Reason> {
        let mut found = self.gather(buffer, reader);
        for _ in 1..READS {
            if found.1 == Pairs::NONE {
                break;
            }
            found = self.gather(buffer, reader);
        }
        match found {
            (all, Pairs::NONE) => Ok(all),
            (all, lost) => refusing(&all, lost),
        }
    }

    /// All of them with what can be read of what they need, and whose needs of whom cannot.
    #[inline(never)]
    fn gather(&self, buffer: &mut [u8], reader: &mut Reader<'_>) -> (Components, Pairs) {
        let mut all = Components::of(self.iter());
        let mut lost = Pairs::NONE;
        let in_table = |by| self.manifest_at(by) == Address::NOWHERE;
        if self.table.at != Address::NOWHERE {
            let table = read(self.table.at, buffer, reader);
            let added = table.and_then(|table| add_table(table, in_table, &mut all));
            if added.is_err() {
                lost = self.table.pairs.by(in_table);
            }
        }
        for by in NUMBERS {
            let at = self.manifest_at(by);
            if at == Address::NOWHERE {
                continue;
            }
            let manifest = read(at, buffer, reader);
            let added = manifest.and_then(|manifest| add_needs(by, manifest, &mut all));
            if added.is_err() {
                lost = lost.with(self.all_by(by));
            }
        }
        (all, lost)
    }

    /// What a component of which nothing is known may need.
    fn all_by(&self, by: u8) -> Pairs {
        let mut pairs = Pairs::NONE;
        let others = self.iter().map(|component| component.number);
        for component in others.chain([MAIN_COMPONENT]) {
            if component != by {
                pairs.add(by, component);
            }
        }
        pairs
    }
}

/// Adds what these need, as it stands in the table.
#[inline(never)]
fn add_table(
    record: &[u8],
    which: impl Fn(u8) -> bool,
    all: &mut Components,
) -> Result<(), Reason> {
    let Record::Components { needs, .. } = decode_whole(record)? else {
        return Err(Reason::LogicFault);
    };
    needs.sound()?;
    let mut needs = needs.iter().filter(|need| which(need.by));
    needs.try_for_each(|need| all.need(need))
}

/// Adds what a release needs, whose manifest is in this record.
#[inline(never)]
fn add_needs(by: u8, record: &[u8], all: &mut Components) -> Result<(), Reason> {
    let manifest = envelope_in(Kind::Manifest, record)?;
    let manifest: Manifest<'_> = Envelope::parse(Kind::Manifest, manifest)
        .and_then(|envelope| envelope.read())
        .map_err(Refusal::into_reason)?;
    add_needs_of(by, &manifest, all)
}

/// Adds what a release needs, if it is one of this component, and all of what it needs can be read.
fn add_needs_of(by: u8, manifest: &Manifest<'_>, all: &mut Components) -> Result<(), Reason> {
    ensure(manifest.component == by, Reason::LogicFault)?;
    manifest.requirements.sound()?;
    let mut needs = manifest.requirements.iter();
    needs.try_for_each(|needed| all.need(Need { by, needed }))
}

impl<const TWIN: usize, const USED: usize, const LATCHES: usize, const ISSUERS: usize>
    Ledger<TWIN, USED, LATCHES, ISSUERS>
{
    /// The components with what they need of each other, as it lies in the journal.
    ///
    /// # Errors
    /// [`Reason::StorageFault`] where a need cannot be read.
    #[inline(never)]
    pub(crate) fn components<F: NorFlash, const CAPACITY: usize>(
        &self,
        journal: &mut Journal<F, CAPACITY>,
    ) -> Result<Components, Reason> {
        let mut buffer = [0; MAX_RECORD];
        let components = &self.facts.components;
        components.read(&mut buffer, &mut |at, buffer| journal.read(at, buffer))
    }
}

fn read<'b>(
    at: Address,
    buffer: &'b mut [u8],
    reader: &mut Reader<'_>,
) -> Result<&'b [u8], Reason> {
    let record = reader(at, buffer).map_err(|_| Reason::StorageFault)?;
    ensure(record.kind == RECORD, Reason::LogicFault)?;
    Ok(record.body)
}

#[cfg(test)]
mod tests;
