//! A device at the other end of a line: where the options say it is.

use std::time::Duration;

use clap::Args;
use latch_line::Address;
use latch_operator::{Direct, duration};
use tokio::time::Instant;

use crate::failure::Failure;

/// What to do about a device that has lost its images.
pub(crate) const IN_RECOVERY: &str = "its recovery program runs, which judges no codes and signs nothing: bring its confirmed image back by `latch deliver --link LINK --release FILE --image FILE`";

/// How long a device may take for what it is asked, unless told otherwise, in seconds.
const USUAL_S: u32 = 30;

/// Where a device is that needs no broker.
#[derive(Args)]
pub(crate) struct LineArgs {
    /// Reach the device here: unix:PATH, tcp:HOST:PORT, or a serial port such as /dev/ttyUSB0
    #[arg(long, value_name = "LINK")]
    pub(crate) link: Address,
    #[command(flatten)]
    pub(crate) tuning: Tuning,
}

/// What else is to be known of a line.
#[derive(Args)]
pub(crate) struct Tuning {
    /// Bits a second of the serial port [default: 115200]
    #[arg(long, requires = "link")]
    baud: Option<u32>,
    /// How long it may take [default: 30s, with an image 10m]
    #[arg(long, value_name = "DURATION", value_parser = duration, requires = "link")]
    timeout: Option<u32>,
}

impl LineArgs {
    /// Opens the line, and asks who is there.
    pub(crate) async fn connect(&self) -> Result<Direct, Failure> {
        self.tuning.connect(&self.link, USUAL_S).await
    }
}

impl Tuning {
    /// The same, with another usual time.
    pub(crate) async fn connect(&self, link: &Address, usual_s: u32) -> Result<Direct, Failure> {
        let seconds = self.timeout.unwrap_or(usual_s);
        let until = Instant::now() + Duration::from_secs(seconds.into());
        let link = link.clone();
        let link = match self.baud {
            Some(baud) => link.with_baud(baud).map_err(Failure::usage)?,
            None => link,
        };
        Ok(Direct::connect(link, until).await?)
    }
}
