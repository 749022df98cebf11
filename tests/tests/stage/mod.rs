//! A stage for whole-system tests: a real Mosquitto, the built programs, and hooks that write down how they were called.
//!
//! Everything lives in temporary folders and ends with the test, by its own process id. When a test fails, the logs of all
//! that took part are shown.

mod broker;
mod device;
mod listener;
mod log;
mod operator;
mod patience;
mod process;
mod release;

pub(crate) use broker::{Broker, free_port};
pub(crate) use device::{DeviceHost, Hooks, Settings};
pub(crate) use listener::Listener;
pub(crate) use log::Log;
pub(crate) use operator::{Code, Errand, Operator};
pub(crate) use patience::until;
pub(crate) use process::{Process, path_of, signal_group};
pub(crate) use release::Release;

/// The tenant of every stage.
pub(crate) const TENANT: &str = "acme";
/// The product of every device.
pub(crate) const PRODUCT: &str = "pump";

/// The topic of a device.
pub(crate) fn topic(device: &str, level: &str) -> String {
    format!("latch/v1/{TENANT}/d/{device}/{level}")
}
