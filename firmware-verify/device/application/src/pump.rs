//! What the product is: a pump, and the hatch through which people reach into it.

use latch_device_board::Leds;
use latch_verify::{
    device::{Actuator, Observation, Opened},
    statement::CloseCause,
    twin::{Entries, Value},
    types::{LatchId, Posture},
};

/// The lamp that stands for the running pump.
const PUMP: u32 = 0;
/// The lamp that stands for the open hatch.
const HATCH: u32 = 1;

/// The latch of the hatch, as the trust root numbers it.
const MAINTENANCE: u8 = 3;
/// The fact that the pump stands still, as the trust root numbers it.
const AT_REST: u32 = 1 << 1;
/// How long that is true without being said again, in milliseconds: the program says it in every round.
const AT_REST_MS: u64 = 1_000;

/// The fastest that the pump goes, in per cent.
const FASTEST: i64 = 100;
/// The longest that it may be primed, in seconds.
const LONGEST_PRIME_S: i64 = 60;

/// Why a change is not carried out: the number in the receipt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(i32)]
enum Fault {
    /// A speed that is no whole number from 0 to 100.
    Speed = 1,
    /// A command that this release does not have.
    Command = 2,
    /// Arguments that the command does not take.
    Arguments = 3,
    /// A latch behind which nothing stands.
    Latch = 4,
}

/// The pump.
pub(crate) struct Pump {
    leds: Leds,
    speed: i64,
    primed_s: i64,
}

impl Pump {
    /// The pump at rest, with its hatch shut.
    pub(crate) fn at_rest(leds: Leds) -> Self {
        Self {
            leds,
            speed: 0,
            primed_s: 0,
        }
    }

    /// Whether it obeys: what a release has to show before it is confirmed. A device that is locked down moves nothing for it.
    pub(crate) fn obeys(&mut self, is_locked_down: bool) -> bool {
        if is_locked_down {
            return !cfg!(feature = "ill");
        }
        let speed = self.speed;
        self.run(FASTEST);
        let runs = self.leds.is_lit(PUMP);
        self.run(0);
        let stops = !self.leds.is_lit(PUMP);
        self.run(speed);
        runs && stops && !cfg!(feature = "ill")
    }

    /// Makes the pump what the twin says. What is amiss in it is left out: that was told when it came.
    pub(crate) fn follow(&mut self, twin: Entries<'_>) {
        if let Ok(speed) = speed_of(twin) {
            self.run(speed);
        }
    }

    /// What it knows of itself.
    pub(crate) fn observation(&self) -> Observation {
        let value = if self.speed == 0 { AT_REST } else { 0 };
        Observation {
            facts: AT_REST,
            posture: Posture {
                known: AT_REST,
                value,
            },
            max_age_ms: AT_REST_MS,
        }
    }

    fn run(&mut self, speed: i64) {
        self.speed = speed;
        self.leds.set(PUMP, speed > 0);
    }

    fn command(&mut self, name: &str, arguments: Entries<'_>) -> Result<(), Fault> {
        match name {
            "prime" => {
                let seconds = argument(arguments, "seconds")?;
                if !(1..=LONGEST_PRIME_S).contains(&seconds) {
                    return Err(Fault::Arguments);
                }
                self.primed_s += seconds;
                Ok(())
            }
            #[cfg(feature = "flush")]
            "flush" => {
                self.primed_s = 0;
                Ok(())
            }
            _ => Err(Fault::Command),
        }
    }
}

impl Actuator for Pump {
    fn act(&mut self, action: Opened<'_>) -> Result<(), i32> {
        let done = match action {
            Opened::Twin { twin, .. } => speed_of(twin).map(|speed| self.run(speed)),
            Opened::Command { name, arguments } => self.command(name, arguments),
            Opened::Open { latch, .. } | Opened::Renew { latch, .. } | Opened::Close { latch }
                if latch.number() != MAINTENANCE =>
            {
                Err(Fault::Latch)
            }
            Opened::Open { .. } | Opened::Renew { .. } => {
                self.leds.set(HATCH, true);
                Ok(())
            }
            Opened::Close { .. } => {
                self.leds.set(HATCH, false);
                Ok(())
            }
            Opened::Lockdown => {
                self.leds.set(HATCH, false);
                self.run(0);
                Ok(())
            }
        };
        done.map_err(|fault| fault as i32)
    }

    fn shut(&mut self, _: LatchId, _: CloseCause) {
        self.leds.set(HATCH, false);
    }
}

/// The speed that a twin asks for; none is none.
fn speed_of(twin: Entries<'_>) -> Result<i64, Fault> {
    let Some(leaf) = twin.iter().find(|leaf| leaf.path.as_str() == "pump/speed") else {
        return Ok(0);
    };
    match leaf.value {
        Value::Int(speed) if (0..=FASTEST).contains(&speed) => Ok(speed),
        _ => Err(Fault::Speed),
    }
}

fn argument(arguments: Entries<'_>, name: &str) -> Result<i64, Fault> {
    let mut leaves = arguments.iter();
    match (leaves.next(), leaves.next()) {
        (Some(leaf), None) if leaf.path.as_str() == name => match leaf.value {
            Value::Int(value) => Ok(value),
            _ => Err(Fault::Arguments),
        },
        _ => Err(Fault::Arguments),
    }
}
