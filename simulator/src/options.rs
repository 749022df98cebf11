//! What a run of the demo is told.

use std::{fmt, path::PathBuf, str::FromStr};

use clap::Args;
use latch_verify::limits::MAX_IMAGE;

/// Fewest bytes of an image: three pages, so that one can be passed off as another.
pub(crate) const IMAGE_MIN_BYTES: u32 = 3 << latch_issue::DEFAULT_PAGE_LOG2;
/// Most bytes of flash that a whole fleet may take in memory: two slots a device.
pub(crate) const FLEET_FLASH_BYTES: u64 = 4 << 30;

/// Options of `latch-sim demo`.
#[derive(Clone, Debug, Args)]
pub struct DemoOptions {
    /// Virtual devices, each with a connection of its own.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(2..=1000))]
    pub devices: u16,

    /// Use this broker instead of one inside this process. The run works under a tenant name of
    /// its own, and deletes what the broker has kept of it.
    #[arg(long, value_name = "mqtt://HOST:PORT")]
    pub broker: Option<String>,

    /// Fixes all keys, the devices' randomness, the made-up image, and who is in the cohort. Not
    /// fixed: the tenant's name, the times and sequence numbers in codes, and what the network does.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// Roll this file out instead of a made-up image.
    #[arg(long, value_name = "FILE", conflicts_with = "image_size")]
    pub image: Option<PathBuf>,

    /// Size of the made-up image, such as 64KiB or 2MiB.
    #[arg(long, value_name = "SIZE", default_value = "256KiB")]
    pub image_size: ImageBytes,

    /// Part of the fleet that gets the image first.
    #[arg(long, value_name = "PERCENT", default_value = "10")]
    pub cohort: String,

    /// Show no progress.
    #[arg(long, short)]
    pub quiet: bool,
}

impl Default for DemoOptions {
    fn default() -> Self {
        Self {
            devices: 50,
            broker: None,
            seed: 1,
            image: None,
            image_size: ImageBytes(256 << 10),
            cohort: "10".to_owned(),
            quiet: false,
        }
    }
}

/// The size of an image.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ImageBytes(u32);

impl ImageBytes {
    /// In bytes.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }
}

/// No size of an image.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoImageBytes;

impl fmt::Display for NoImageBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (least, most) = (IMAGE_MIN_BYTES >> 10, MAX_IMAGE >> 20);
        write!(
            f,
            "an image has {least}KiB to {most}MiB: write a whole number of bytes, KiB or MiB"
        )
    }
}

impl std::error::Error for NoImageBytes {}

impl FromStr for ImageBytes {
    type Err = NoImageBytes;

    fn from_str(text: &str) -> Result<Self, NoImageBytes> {
        let (number, shift) = match (text.strip_suffix("KiB"), text.strip_suffix("MiB")) {
            (Some(number), _) => (number, 10),
            (_, Some(number)) => (number, 20),
            _ => (text, 0),
        };
        let number: u32 = number.trim_end().parse().map_err(|_| NoImageBytes)?;
        let bytes = number.checked_mul(1 << shift).ok_or(NoImageBytes)?;
        (IMAGE_MIN_BYTES..=MAX_IMAGE)
            .contains(&bytes)
            .then_some(Self(bytes))
            .ok_or(NoImageBytes)
    }
}

#[cfg(test)]
mod tests {
    use super::{ImageBytes, NoImageBytes};

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let read = |text: &str| text.parse::<ImageBytes>().map(ImageBytes::get);
        assert_eq!(read("12KiB"), Ok(12 << 10));
        assert_eq!(read("2 MiB"), Ok(2 << 20));
        assert_eq!(read("65537"), Ok(65_537));
        for wrong in [
            "", "11KiB", "65MiB", "4096MiB", "1GiB", "-1", "1.5MiB", "KiB",
        ] {
            assert_eq!(read(wrong), Err(NoImageBytes), "{wrong}");
        }
    }
}
