//! The power goes while the bootloader's recovery program brings the confirmed image back. Each time it begins anew, and finishes.

use latch_link::{Paged, Program};
use latch_tests::{effort, show};

use super::{
    chance::Chance,
    course::Course,
    host::{Gone, Host},
    machine::{FIRST_SLOT, Machine},
    small,
    tenant::Shipped,
};
use crate::stage::until;

/// What the bootloader says when the image starts.
const CONFIRMED: &str = "boot: the confirmed image";

/// What was lost of the image.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Lost {
    /// All of it: the slot is erased.
    All,
    /// One bit, of its last page.
    Bit,
}

/// A device whose confirmed image is lost.
struct Case<'a> {
    flash: &'a [u8],
    release: &'a Shipped,
}

impl Case<'_> {
    fn machine(&self, lost: Lost) -> Machine {
        let mut machine = Machine::with_flash(self.flash);
        let image = FIRST_SLOT..FIRST_SLOT + self.release.image.len();
        machine.change_flash(|flash| match lost {
            Lost::All => flash[image].fill(0xff),
            Lost::Bit => flash[image.end - 1] ^= 1,
        });
        machine
    }

    /// Brings all pages, unless the power goes.
    fn bring(&self, machine: &mut Machine, id: u32) -> Result<(), Gone> {
        machine.start();
        let mut host = Host::at(machine, id);
        assert_eq!(host.meet()?.program, Program::Recovery);
        let wanted = host.wait("what it wants", |host| host.wanted.take())?;
        assert_eq!(
            (wanted.pages.manifest, wanted.pages.next),
            (self.release.id(), 0),
            "it begins with the first page"
        );
        for index in 0..wanted.pages.of {
            let is_last = index + 1 == wanted.pages.of;
            match host.page(&self.release.page(index))? {
                Paged::Kept(wanted) if !is_last => assert_eq!(wanted.next, index + 1),
                Paged::Restored if is_last => {}
                other => panic!("page {index}: {other:?}"),
            }
        }
        Ok(())
    }

    /// Whether the slot holds the image.
    fn is_back(&self, machine: &Machine) -> bool {
        let image = &self.release.image[..];
        machine.slot(0)[..image.len()] == *image
    }

    /// Brings all pages with the power on, if they are wanted, and sees the image start.
    fn finish(&self, machine: &mut Machine, account: &str) {
        let before = machine.said(CONFIRMED);
        machine.plan_nothing();
        if self.is_back(machine) {
            // The last operation was torn behind its end.
            machine.start();
        } else {
            let brought = self.bring(machine, 1);
            assert_eq!(brought, Ok(()), "{account}: no cut was planned");
        }
        until("the start of what was brought back", || {
            (machine.said(CONFIRMED) > before).then_some(())
        });
        assert!(self.is_back(machine), "{account}");
    }

    /// One loss of power, and a second one if the seed says so.
    fn trial(&self, seed: u32, after: u32, operations: u32) {
        let mut chance = Chance::of(seed);
        let lost = [Lost::All, Lost::Bit][chance.below(2) as usize];
        let mut machine = self.machine(lost);
        let mut account = format!("restoration of {lost:?}");
        let second = (chance.below(2) == 0).then(|| chance.below(operations));
        for after in [Some(after), second].into_iter().flatten() {
            if self.is_back(&machine) {
                break;
            }
            machine.plan_cut(after, chance.next());
            let gone = self.bring(&mut machine, chance.next());
            assert_eq!(gone, Err(Gone), "{account}: operation {after}");
            until("the end of the machine", || machine.was_cut().then_some(()));
            account += &format!(", power lost in operation {after}");
        }
        self.finish(&mut machine, &account);
        show(format_args!("{account}; brought back"));
    }
}

#[test]
fn an_image_is_brought_back_wherever_the_power_goes() {
    let (flash, release) = small::confirmed(Course::shared());
    let case = Case {
        flash: &flash,
        release: &release,
    };
    let mut whole = case.machine(Lost::All);
    case.finish(&mut whole, "whole");
    let operations = whole.operations(u32::MAX);
    show(format_args!(
        "a restoration takes {operations} operations of the flash"
    ));
    for round in 0..effort() {
        for after in 0..operations {
            case.trial(round * operations + after, after, operations);
        }
    }
}
