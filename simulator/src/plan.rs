//! What a run is to be, from its options: checked before anything starts.

use std::{fs, io, path::Path};

use latch_issue::Cohort as Percent;
use latch_verify::{limits::MAX_IMAGE, statement::Audience, types::StatementId};

use crate::{
    error::DemoError,
    fleet,
    options::{DemoOptions, FLEET_FLASH_BYTES, IMAGE_MIN_BYTES},
    rollout::Cohort,
    seed::Seed,
};

/// A tenant that no other run on the same broker has.
pub(crate) fn tenant_name() -> Result<String, DemoError> {
    let mut random = [0; 4];
    getrandom::fill(&mut random).map_err(DemoError::NoEntropy)?;
    Ok(format!("demo-{:08x}", u32::from_be_bytes(random)))
}

/// The options, checked and made ready.
pub(crate) struct Plan {
    pub(crate) seed: Seed,
    pub(crate) names: Vec<String>,
    pub(crate) salt: StatementId,
    pub(crate) below: u16,
    pub(crate) image: Vec<u8>,
}

impl Plan {
    /// Checks the options and makes the image.
    ///
    /// # Errors
    /// [`DemoError::Usage`], [`DemoError::File`].
    pub(crate) fn new(options: &DemoOptions) -> Result<Self, DemoError> {
        let seed = Seed(options.seed);
        let names = fleet::names(options.devices.into());
        let below = match Percent::percent(StatementId::default(), "0", &options.cohort) {
            Ok(Audience::Cohort { below, .. }) if below < Audience::PARTS => below,
            Ok(_) => {
                return Err(DemoError::Usage(
                    "--cohort: nobody would be left for the second step: give less than 100"
                        .to_owned(),
                ));
            }
            Err(error) => return Err(DemoError::Usage(format!("--cohort: {error}"))),
        };
        let size = image_size(options)?;
        check_memory(size, names.len())?;
        Ok(Self {
            salt: fleet::salt_for(&names, below, seed)?,
            image: image(options, seed)?,
            seed,
            names,
            below,
        })
    }

    /// Who gets the image first.
    pub(crate) fn inside(&self) -> Cohort {
        Cohort {
            salt: self.salt,
            parts: 0..self.below,
        }
    }

    /// All the others.
    pub(crate) fn outside(&self) -> Cohort {
        Cohort {
            salt: self.salt,
            parts: self.below..Audience::PARTS,
        }
    }
}

/// The size of the image to be, before it is made or read.
fn image_size(options: &DemoOptions) -> Result<u64, DemoError> {
    let Some(path) = &options.image else {
        return Ok(options.image_size.get().into());
    };
    let size = fs::metadata(path)
        .map_err(|cause| unreadable(path, cause))?
        .len();
    let bounds = IMAGE_MIN_BYTES..=MAX_IMAGE;
    if !u32::try_from(size).is_ok_and(|size| bounds.contains(&size)) {
        return Err(DemoError::Usage(format!(
            "--image: {} has {size} bytes, and the demo rolls out {} to {}",
            path.display(),
            bounds.start(),
            bounds.end()
        )));
    }
    Ok(size)
}

fn check_memory(size: u64, devices: usize) -> Result<(), DemoError> {
    if 2 * size * devices as u64 <= FLEET_FLASH_BYTES {
        return Ok(());
    }
    Err(DemoError::Usage(format!(
        "two slots of {size} bytes for each of {devices} devices take more than {} GiB of memory: choose fewer devices or a smaller image",
        FLEET_FLASH_BYTES >> 30
    )))
}

fn image(options: &DemoOptions, seed: Seed) -> Result<Vec<u8>, DemoError> {
    match &options.image {
        None => Ok(made_up(seed, "image", options.image_size.get() as usize)),
        Some(path) => fs::read(path).map_err(|cause| unreadable(path, cause)),
    }
}

fn unreadable(path: &Path, cause: io::Error) -> DemoError {
    DemoError::File {
        path: path.to_owned(),
        cause,
    }
}

/// Bytes of this label.
pub(crate) fn made_up(seed: Seed, label: &str, size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    seed.stream(label).take(&mut bytes);
    bytes
}
