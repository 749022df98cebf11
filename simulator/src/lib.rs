//! Whole fleets of virtual devices around the production verifier and agent.
//!
//! [`run_demo`] is `latch-sim demo`: a tenant, a fleet on a real MQTT broker, a twin change and a
//! rollout, and a hostile relay that tries what must not be possible. The devices are the agent's
//! core and the verifier as they ship, on flash that lies in memory.

mod attacks;
mod broker;
mod checks;
mod connection;
mod demo;
mod device;
mod error;
mod evidence;
mod fleet;
mod latency;
mod operator;
mod options;
mod plan;
mod platform;
mod progress;
mod relay;
mod report;
mod rollout;
mod seed;
mod serving;
mod tenant;
mod traffic;
mod world;

pub use broker::BrokerError;
pub use demo::run_demo;
pub use error::DemoError;
pub use latency::Latency;
pub use options::{DemoOptions, ImageBytes, NoImageBytes};
pub use report::{Exception, ImageSize, Report, Row, Totals};
pub use traffic::TrafficTotals;
