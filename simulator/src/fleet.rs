//! The virtual devices of a run, by their numbers.

use crate::{
    device::{Snapshot, Surroundings, VirtualDevice},
    error::DemoError,
    seed::Seed,
    tenant::Tenant,
};
use latch_verify::{
    statement::Audience,
    types::{DeviceId, StatementId, Version},
};

/// The names of a fleet's devices.
pub(crate) fn names(devices: usize) -> Vec<String> {
    (1..=devices)
        .map(|number| format!("gateway-{number:04}"))
        .collect()
}

/// The devices of a run.
pub(crate) struct Fleet {
    devices: Vec<VirtualDevice>,
}

impl Fleet {
    /// Makes, enrols and connects a device for each name.
    ///
    /// # Errors
    /// As [`VirtualDevice::start`].
    pub(crate) fn start(
        names: &[String],
        factory: Version,
        tenant: &Tenant,
        seed: Seed,
        around: &Surroundings,
    ) -> Result<Self, DemoError> {
        let start = |(number, name): (usize, &String)| {
            VirtualDevice::start(number, name.parse()?, factory, tenant, seed, around)
        };
        let devices: Result<Vec<_>, DemoError> = names.iter().enumerate().map(start).collect();
        Ok(Self { devices: devices? })
    }

    /// Every device's number.
    pub(crate) fn all(&self) -> Vec<usize> {
        (0..self.devices.len()).collect()
    }

    /// The numbers of the devices that a code is for.
    pub(crate) fn inside(&self, salt: StatementId, parts: std::ops::Range<u16>) -> Vec<usize> {
        let inside =
            |&number: &usize| parts.contains(&Audience::part(salt, &self.devices[number].id));
        self.all().into_iter().filter(inside).collect()
    }

    /// A device.
    pub(crate) fn device(&self, number: usize) -> &VirtualDevice {
        &self.devices[number]
    }

    /// Looks into all devices at once.
    ///
    /// # Errors
    /// [`DemoError::DeviceGone`].
    pub(crate) async fn look(&self) -> Result<Vec<Snapshot>, DemoError> {
        let mut answers = Vec::with_capacity(self.devices.len());
        for device in &self.devices {
            answers.push((device, device.ask().await?));
        }
        let mut snapshots = Vec::with_capacity(answers.len());
        for (device, answer) in answers {
            snapshots.push(answer.await.map_err(|_| device.gone())?);
        }
        Ok(snapshots)
    }

    /// Ends all devices, and returns when they have said goodbye.
    pub(crate) async fn end(self) {
        let tasks: Vec<_> = self.devices.into_iter().map(VirtualDevice::end).collect();
        for task in tasks {
            // A device that panicked is gone as well; the run has noticed it before.
            let _ended = task.await;
        }
    }
}

/// A salt under which this part of a fleet holds at least one device, and not all.
///
/// # Errors
/// [`DemoError::Usage`] when none was found: the part is too small or too large for the fleet.
pub(crate) fn salt_for(names: &[String], below: u16, seed: Seed) -> Result<StatementId, DemoError> {
    /// Salts that are tried. With one device in a thousand expected inside, one try in a
    /// thousand succeeds.
    const TRIES: u32 = 20_000;
    let devices: Vec<DeviceId> = names
        .iter()
        .map(|name| name.parse())
        .collect::<Result<_, _>>()?;
    // As many devices as the part asks for, but never all: a second step needs somebody.
    let wanted = (devices.len() * usize::from(below)).div_ceil(usize::from(Audience::PARTS));
    let wanted = wanted.min(devices.len().saturating_sub(1));
    let salts = (0..TRIES).map(|number| {
        let [salt @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] =
            seed.bytes(&format!("salt {number}"));
        StatementId(salt)
    });
    let count = |salt| {
        devices
            .iter()
            .filter(|device| Audience::part(salt, device) < below)
            .count()
    };
    let mut fit = salts.filter(|&salt| count(salt) == wanted);
    fit.next().ok_or_else(|| {
        DemoError::Usage(format!(
            "a cohort of {}.{:02} % of {} devices holds none or all of them: choose another --cohort or more --devices",
            below / 100,
            below % 100,
            devices.len()
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::{names, salt_for};
    use crate::seed::Seed;
    use latch_verify::statement::Audience;

    #[test]
    fn a_cohort_is_never_empty_and_never_everybody() {
        for devices in [2, 3, 5, 50, 200] {
            let names = names(devices);
            for below in [100, 1000, 5000, 9900] {
                let salt = salt_for(&names, below, Seed(7)).expect("a salt");
                let part = |name: &String| Audience::part(salt, &name.parse().expect("a name"));
                let inside = names.iter().filter(|name| part(name) < below).count();
                assert!(
                    (1..devices).contains(&inside),
                    "{inside} of {devices} inside"
                );
            }
        }
    }
}
