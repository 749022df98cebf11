//! A root in a journal whose flash changes under it.

use std::{boxed::Box, cell::RefCell, rc::Rc, vec, vec::Vec};

use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use latch_flash::Flash;

use super::RULES_ROOM;
use crate::{
    journal::{Address, Journal},
    ledger::{KeptStatement, Ledger, MAX_ROOT, RECORD, Record},
    limits::{ENVELOPE_HEAD, MAX_RECORD},
    reject::{Reason, Refusal},
    twin::Bytes,
    vectors,
    verdict::ReadRoot,
    wire::{Envelope, Kind, encode},
};

type Board<const UNIT: usize> = Flash<1, UNIT, 4096>;
type Book<const UNIT: usize> = Journal<Shared<UNIT>, 4000>;

/// A flash that others reach while a journal has it.
#[derive(Clone)]
struct Shared<const UNIT: usize>(Rc<RefCell<Board<UNIT>>>);

impl<const UNIT: usize> ErrorType for Shared<UNIT> {
    type Error = <Board<UNIT> as ErrorType>::Error;
}

impl<const UNIT: usize> ReadNorFlash for Shared<UNIT> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.0.borrow_mut().read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.0.borrow().capacity()
    }
}

impl<const UNIT: usize> NorFlash for Shared<UNIT> {
    const WRITE_SIZE: usize = UNIT;
    const ERASE_SIZE: usize = 4096;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        self.0.borrow_mut().erase(from, to)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        self.0.borrow_mut().write(offset, bytes)
    }
}

/// A journal that holds a root, and a ledger that has it in force.
struct Kept<const UNIT: usize> {
    flash: Shared<UNIT>,
    journal: Book<UNIT>,
    ledger: Box<Ledger<64, 1, 1, 1>>,
}

impl<const UNIT: usize> Kept<UNIT> {
    fn of(envelope: &[u8]) -> Self {
        let mut room = [0; MAX_RECORD];
        let record = encode(&Record::Root(Bytes(envelope)), &mut room).unwrap();
        let flash = Shared(Rc::new(RefCell::new(Board::new(2 * Book::<UNIT>::SECTOR))));
        let mounted = Journal::mount(flash.clone(), &mut [0; MAX_RECORD], &mut |_| Ok(()));
        let mut journal = mounted.unwrap();
        let mut at = Address::NOWHERE;
        let rotated = journal.rotate(|snapshot| {
            at = snapshot.put(RECORD, record)?;
            Ok(())
        });
        rotated.unwrap();
        let mut ledger = Box::new(Ledger::zeros());
        let read = ReadRoot::kept(envelope).unwrap();
        ledger.put_root(&read, at).unwrap();
        Self {
            flash,
            journal,
            ledger,
        }
    }

    /// Where these bytes lie in the flash.
    fn place(&self, bytes: &[u8]) -> usize {
        let flash = self.flash.0.borrow();
        let mut windows = flash.contents().windows(bytes.len());
        windows.position(|window| window == bytes).unwrap()
    }

    fn flip(&self, place: usize) {
        self.flash.0.borrow_mut().contents_mut()[place] ^= 1;
    }

    fn rules(&mut self) -> Result<Vec<u8>, Refusal> {
        let mut room = [0; RULES_ROOM];
        let rules = self.ledger.rules(&mut self.journal, &mut room)?;
        let mut room = vec![0; MAX_ROOT];
        Ok(encode(&rules, &mut room).unwrap().to_vec())
    }

    fn proven(&mut self) -> Result<(), Reason> {
        self.ledger.prove_root(&mut self.journal)
    }
}

fn rules_are_read_back<const UNIT: usize>() {
    let envelope = vectors::root();
    let mut kept = Kept::<UNIT>::of(&envelope);
    let read = ReadRoot::kept(&envelope).unwrap();
    let (_, rules) = read.rules().unwrap();
    assert!(rules.len() > 60);
    assert_eq!(kept.rules().unwrap(), rules);
    assert_eq!(kept.proven(), Ok(()));
}

#[test]
fn rules_are_read_back_from_units_of_every_size() {
    rules_are_read_back::<1>();
    rules_are_read_back::<2>();
    rules_are_read_back::<4>();
    rules_are_read_back::<8>();
    rules_are_read_back::<16>();
    rules_are_read_back::<32>();
}

#[test]
fn rules_that_have_changed_in_flash_are_no_rules() {
    let envelope = vectors::root();
    let read = ReadRoot::kept(&envelope).unwrap();
    let (_, rules) = read.rules().unwrap();
    let mut kept = Kept::<4>::of(&envelope);
    let first = kept.place(rules);
    for place in first..first + rules.len() {
        kept.flip(place);
        assert_eq!(kept.rules().unwrap_err().reason, Reason::StorageFault);
        // Nor is the root signed as it lies there.
        assert_eq!(kept.proven(), Err(Reason::StorageFault));
        // They may be read right the next time.
        kept.flip(place);
        assert_eq!(kept.rules().unwrap(), rules);
    }
}

#[test]
fn rules_that_cannot_be_read_are_none() {
    let mut kept = Kept::<4>::of(&vectors::root());
    let all = 0..u32::try_from(kept.flash.capacity()).unwrap();
    kept.flash.0.borrow_mut().fail_reads_at(all);
    assert_eq!(kept.rules().unwrap_err().reason, Reason::StorageFault);
    assert_eq!(kept.proven(), Err(Reason::StorageFault));
}

#[test]
fn nothing_has_rules_before_a_root_is_in_force() {
    let mut kept = Kept::<4>::of(&vectors::root());
    kept.ledger.clear();
    assert_eq!(kept.rules().unwrap_err().reason, Reason::LogicFault);
    assert!(kept.proven().is_err());
}

/// The checksums of the journal are right: only the signature is not, or only its key.
#[test]
fn a_root_is_proven_by_signatures_and_not_by_checksums() {
    let whole = vectors::root();
    let body = Envelope::parse(Kind::Root, &whole).unwrap().body().len();
    let first = ENVELOPE_HEAD + body + 1;
    let (mut forged, mut stranger) = (whole.clone(), whole);
    forged[first + 8 + 32] ^= 1;
    stranger[first] ^= 1;
    assert_eq!(Kept::<4>::of(&forged).proven(), Err(Reason::BadSignature));
    assert_eq!(Kept::<4>::of(&stranger).proven(), Err(Reason::TooFewRoot));
}

/// Flash that reads otherwise when it is hashed than when its parts were found.
#[test]
fn what_is_hashed_is_the_statement_that_is_known() {
    let envelope = vectors::root();
    let mut kept = Kept::<4>::of(&envelope);
    let (flash, first) = (kept.flash.clone(), kept.place(&envelope));
    let (trust, at) = (&kept.ledger.trust, kept.ledger.root.at);
    let mut root = KeptStatement::new(&mut kept.journal, at, Kind::Root, trust.id());
    let outline = root.outline(trust.ring()).unwrap();
    assert!(root.prove(&outline, trust.ring()).is_ok());
    flash.0.borrow_mut().contents_mut()[first + ENVELOPE_HEAD + 20] ^= 1;
    let refused = root.prove(&outline, trust.ring()).unwrap_err();
    assert_eq!(refused, Reason::StorageFault);
}

/// A signature that reads otherwise when it is checked is the flash's fault, and not its signer's.
#[test]
fn a_signature_that_is_read_wrong_is_no_bad_one() {
    let envelope = vectors::root();
    let body = Envelope::parse(Kind::Root, &envelope).unwrap().body().len();
    let signature = ENVELOPE_HEAD + body + 1;
    for byte in [signature, signature + 8, signature + 71] {
        let mut kept = Kept::<4>::of(&envelope);
        let (flash, first) = (kept.flash.clone(), kept.place(&envelope));
        let (trust, at) = (&kept.ledger.trust, kept.ledger.root.at);
        let mut root = KeptStatement::new(&mut kept.journal, at, Kind::Root, trust.id());
        let outline = root.outline(trust.ring()).unwrap();
        flash.0.borrow_mut().contents_mut()[first + byte] ^= 1;
        let refused = root.prove(&outline, trust.ring()).unwrap_err();
        assert_eq!(refused, Reason::StorageFault, "byte {byte}");
    }
}
