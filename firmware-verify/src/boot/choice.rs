//! The choice itself.
//!
//! It is made twice, so that no skipped instruction starts an image that must not: what was chosen is held against the journal
//! and against what was read back once more, by another function. What neither of them has written is the recovery program.

use core::hint::black_box;

use crate::{
    ledger::{Image, Images, Next},
    reject::Reason,
    types::Digest,
};

/// What to start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Start {
    /// The confirmed image.
    Confirmed(Image),
    /// The new image, which has to confirm itself. Start a watchdog first.
    Trial(Image),
    /// The image that was confirmed before the confirmed one, whose slot does not hold it.
    Fallback(Image),
    /// No slot holds anything that may run: the recovery program, which
    /// [boots the device](crate::device::Device::boot_as) as [`Started::Recovery`].
    Recovery,
}

/// What to start, and what is given up by it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Choice {
    /// What to start.
    pub start: Start,
    /// Why an image on trial is given up.
    pub given_up: Option<Reason>,
}

/// What a bootloader has started, as the program knows that it started.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Started {
    /// Nobody has chosen: what the journal names next is taken for what runs.
    #[default]
    Unknown,
    /// The image in this slot. A program that runs where it lies knows it by its own address.
    Slot(u8),
    /// The recovery program, which lies in no slot.
    Recovery,
}

impl Choice {
    /// What stands where nothing was chosen.
    pub(super) const NOTHING: Self = Self {
        start: Start::Recovery,
        given_up: None,
    };
}

/// A choice, and what it rests on.
pub(super) struct Chosen {
    pub(super) choice: Choice,
    /// The Merkle root of what the chosen image's slot holds.
    found: Digest,
}

impl Chosen {
    /// Nothing was read back: no image has this root.
    const UNREAD: Digest = Digest([0x5a; 32]);

    /// Nothing was chosen. It has to be written, whoever else has chosen here before: a skipped call leaves what was there.
    pub(super) fn nothing() -> Self {
        black_box(Self {
            choice: Choice::NOTHING,
            found: Self::UNREAD,
        })
    }
}

/// Chooses the image to start.
///
/// `read_back` puts the Merkle root of what lies in an image's slot where it is told to, and leaves that alone where it cannot
/// be read; it is asked only about images of which something is known. The image from the factory counts as whole.
pub fn choose(images: &Images, read_back: impl FnMut(&Image, &mut Digest)) -> Choice {
    let (mut chosen, mut cleared) = (Chosen::nothing(), Cleared::NOWHERE);
    choose_into(&mut chosen, images, read_back);
    hold(&mut chosen, images, &mut cleared);
    chosen.choice
}

/// The first judgement.
#[inline(never)]
pub(super) fn choose_into(
    chosen: &mut Chosen,
    images: &Images,
    mut read_back: impl FnMut(&Image, &mut Digest),
) {
    chosen.choice.given_up = match on_trial(images) {
        None => None,
        Some((_, 0)) => Some(Reason::TrialExpired),
        Some((image, _)) if is_whole(&image, &mut chosen.found, &mut read_back) => {
            chosen.choice.start = Start::Trial(image);
            return;
        }
        Some(_) => Some(Reason::SlotMismatch),
    };
    choose_standing(chosen, images, read_back);
}

/// Chooses what runs when nothing is on trial.
#[inline(never)]
pub(super) fn choose_standing(
    chosen: &mut Chosen,
    images: &Images,
    mut read_back: impl FnMut(&Image, &mut Digest),
) {
    let mut may_run =
        |image: &Image| image.from_factory() || is_whole(image, &mut chosen.found, &mut read_back);
    let confirmed = images.firmware.confirmed;
    chosen.choice.start = if may_run(&confirmed) {
        Start::Confirmed(confirmed)
    } else {
        fallback(images)
            .filter(may_run)
            .map_or(Start::Recovery, Start::Fallback)
    };
}

fn is_whole(
    image: &Image,
    found: &mut Digest,
    read_back: &mut impl FnMut(&Image, &mut Digest),
) -> bool {
    *found = black_box(Chosen::UNREAD);
    read_back(image, found);
    *found == image.merkle_root
}

/// Where the second judgement lets a bootloader jump to: a word for each slot, as far from the other as words can be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cleared(u32);

impl Cleared {
    pub(super) const NOWHERE: Self = Self(0);
    const SLOTS: [u32; 2] = [0x6c95_a3d2, !0x6c95_a3d2];

    fn slot(slot: u8) -> Self {
        Self::SLOTS
            .get(usize::from(slot))
            .map_or(Self::NOWHERE, |word| Self(black_box(*word)))
    }

    /// Whether it is this slot.
    #[inline(never)]
    pub(super) fn is(self, slot: u8) -> bool {
        let word = Self::SLOTS.get(usize::from(black_box(slot)));
        word.is_some_and(|word| black_box(self.0) == *word)
    }
}

/// The second judgement: what must not start becomes the recovery program.
#[inline(never)]
pub(super) fn hold(chosen: &mut Chosen, images: &Images, cleared: &mut Cleared) {
    let (chosen, images) = (black_box(chosen), black_box(images));
    let (image, named) = match &chosen.choice.start {
        Start::Confirmed(image) => (image, Some(images.firmware.confirmed)),
        Start::Trial(image) => {
            let tried = on_trial(images).filter(|(_, boots_left)| *boots_left > 0);
            (image, tried.map(|(image, _)| image))
        }
        Start::Fallback(image) => (image, fallback(images)),
        Start::Recovery => return,
    };
    let known = named.as_ref() == Some(image);
    let whole = image.from_factory() || chosen.found == image.merkle_root;
    if known && whole {
        *cleared = Cleared::slot(image.slot);
    } else {
        chosen.choice.start = Start::Recovery;
    }
}

/// The image of the main component that the next boot tries, and the boots that it may still take.
fn on_trial(images: &Images) -> Option<(Image, u8)> {
    let Next { image, phase } = images.main_on_trial()?;
    Some((image, phase.boots_left()?))
}

/// What may run in place of the confirmed image: it lies elsewhere, and not below the floor.
fn fallback(images: &Images) -> Option<Image> {
    let firmware = &images.firmware;
    firmware
        .fallback
        .filter(|image| image.security_version >= firmware.security_floor)
        .filter(|image| image.slot != firmware.confirmed.slot)
}

#[cfg(test)]
mod tests {
    use super::{Choice, Chosen, Cleared, Start, hold};
    use crate::{
        ledger::{Firmware, Image, Images, InstallPhase, Next},
        reject::Reason,
        types::Digest,
    };

    fn choose(images: &Images, is_whole: impl Fn(&Image) -> bool) -> Choice {
        super::choose(images, |image, found| {
            if is_whole(image) {
                *found = image.merkle_root;
            }
        })
    }

    fn image(slot: u8, security_version: u32) -> Image {
        Image {
            slot,
            size: 1024,
            page_size_log2: 10,
            merkle_root: Digest([slot + 1; 32]),
            security_version,
            ..Image::default()
        }
    }

    fn images(next: Option<InstallPhase>) -> Images {
        Images {
            firmware: Firmware {
                confirmed: image(0, 2),
                fallback: Some(image(1, 2)),
                security_floor: 2,
            },
            next: next.map(|phase| Next {
                image: image(1, 3),
                phase,
            }),
        }
    }

    fn started(start: Start) -> Choice {
        Choice {
            start,
            given_up: None,
        }
    }

    #[test]
    fn what_was_confirmed_runs_while_nothing_is_on_trial() {
        for next in [
            None,
            Some(InstallPhase::Receiving { next: 1 }),
            Some(InstallPhase::Received),
        ] {
            let choice = choose(&images(next), |_| true);
            assert_eq!(choice, started(Start::Confirmed(image(0, 2))), "{next:?}");
        }
    }

    #[test]
    fn an_image_on_trial_runs_while_it_is_whole_and_has_boots_left() {
        let trial = |boots_left| InstallPhase::Trial {
            boots_left,
            started: true,
        };
        for phase in [InstallPhase::Armed, trial(2), trial(1)] {
            let choice = choose(&images(Some(phase)), |_| true);
            assert_eq!(choice, started(Start::Trial(image(1, 3))), "{phase:?}");
            let choice = choose(&images(Some(phase)), |image| image.slot == 0);
            let (start, given_up) = (Start::Confirmed(image(0, 2)), Some(Reason::SlotMismatch));
            assert_eq!(choice, Choice { start, given_up }, "{phase:?}");
        }
        let choice = choose(&images(Some(trial(0))), |_| true);
        let (start, given_up) = (Start::Confirmed(image(0, 2)), Some(Reason::TrialExpired));
        assert_eq!(choice, Choice { start, given_up });
    }

    #[test]
    fn an_image_of_another_component_is_not_started() {
        let mut radio = images(Some(InstallPhase::Armed));
        radio.next.as_mut().unwrap().image.component = 1;
        let choice = choose(&radio, |_| true);
        assert_eq!(choice, started(Start::Confirmed(image(0, 2))));
    }

    #[test]
    fn a_fallback_runs_only_for_a_damaged_image_and_not_below_the_floor() {
        let damaged = |image: &Image| image.slot == 1;
        let choice = choose(&images(None), damaged);
        assert_eq!(choice, started(Start::Fallback(image(1, 2))));
        let mut below = images(None);
        below.firmware.fallback = Some(image(1, 1));
        assert_eq!(choose(&below, damaged), started(Start::Recovery));
        let mut same = images(None);
        same.firmware.fallback = Some(image(0, 2));
        assert_eq!(choose(&same, damaged), started(Start::Recovery));
        let mut none = images(None);
        none.firmware.fallback = None;
        assert_eq!(choose(&none, damaged), started(Start::Recovery));
        assert_eq!(choose(&images(None), |_| false), started(Start::Recovery));
    }

    #[test]
    fn an_image_from_the_factory_is_not_looked_at() {
        let mut factory = images(None);
        factory.firmware.confirmed = Image::default();
        let choice = choose(&factory, |_| false);
        assert_eq!(choice, started(Start::Confirmed(Image::default())));
        // Nothing else of which nothing is known.
        factory.firmware.confirmed.slot = 1;
        assert_eq!(choose(&factory, |_| false).start, Start::Recovery);
    }

    #[test]
    fn what_was_wrongly_chosen_is_not_started() {
        let trial = |boots_left| InstallPhase::Trial {
            boots_left,
            started: true,
        };
        let second = |start: Start, found: Digest, next| {
            let mut chosen = Chosen {
                choice: started(start),
                found,
            };
            let mut cleared = Cleared::NOWHERE;
            hold(&mut chosen, &images(next), &mut cleared);
            let slots = [cleared.is(0), cleared.is(1), cleared.is(2)];
            let named = |slot: u8| [slot == 0, slot == 1, false];
            match chosen.choice.start {
                Start::Confirmed(image) | Start::Trial(image) | Start::Fallback(image) => {
                    assert_eq!(slots, named(image.slot));
                }
                Start::Recovery => assert_eq!(slots, [false; 3]),
            }
            chosen.choice.start
        };
        let whole = |image: Image| image.merkle_root;
        let (first, tried, below) = (image(0, 2), image(1, 3), image(1, 1));
        for (start, next) in [
            (Start::Confirmed(first), None),
            (Start::Trial(tried), Some(trial(1))),
            (Start::Fallback(image(1, 2)), None),
        ] {
            let root = |start| match start {
                Start::Confirmed(image) | Start::Trial(image) | Start::Fallback(image) => {
                    whole(image)
                }
                Start::Recovery => Chosen::UNREAD,
            };
            assert_eq!(second(start, root(start), next), start);
            assert_eq!(second(start, Chosen::UNREAD, next), Start::Recovery);
        }
        for (start, found, next) in [
            (Start::Trial(tried), whole(tried), Some(trial(0))),
            (Start::Trial(tried), whole(tried), None),
            (Start::Confirmed(tried), whole(tried), Some(trial(1))),
            (Start::Fallback(below), whole(below), None),
        ] {
            assert_eq!(second(start, found, next), Start::Recovery, "{start:?}");
        }
    }
}
