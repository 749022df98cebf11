//! The choice itself.

use crate::{
    ledger::{Image, Images, Next},
    reject::Reason,
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

/// Chooses the image to start.
///
/// `is_whole` reads an image's slot back and says whether it holds what was signed; it is asked
/// only about images of which something is known. The image from the factory counts as whole.
pub fn choose(images: &Images, mut is_whole: impl FnMut(&Image) -> bool) -> Choice {
    let given_up = match on_trial(images) {
        None => None,
        Some((_, 0)) => Some(Reason::TrialExpired),
        Some((image, _)) if is_whole(&image) => {
            return Choice {
                start: Start::Trial(image),
                given_up: None,
            };
        }
        Some(_) => Some(Reason::SlotMismatch),
    };
    Choice {
        start: standing(images, is_whole),
        given_up,
    }
}

/// The image of the main component that the next boot tries, and the boots that it may still take.
fn on_trial(images: &Images) -> Option<(Image, u8)> {
    let Next { image, phase } = images.main_on_trial()?;
    Some((image, phase.boots_left()?))
}

/// What runs when nothing is on trial.
pub(super) fn standing(images: &Images, mut is_whole: impl FnMut(&Image) -> bool) -> Start {
    let firmware = &images.firmware;
    let mut may_run = |image: &Image| image.from_factory() || is_whole(image);
    if may_run(&firmware.confirmed) {
        return Start::Confirmed(firmware.confirmed);
    }
    let fallback = firmware
        .fallback
        .filter(|image| image.security_version >= firmware.security_floor)
        .filter(|image| image.slot != firmware.confirmed.slot)
        .filter(may_run);
    fallback.map_or(Start::Recovery, Start::Fallback)
}

#[cfg(test)]
mod tests {
    use super::{Choice, Start, choose};
    use crate::{
        ledger::{Firmware, Image, Images, InstallPhase, Next},
        reject::Reason,
        types::Digest,
    };

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
}
