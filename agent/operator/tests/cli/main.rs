//! `latch` as people and pipelines run it: one file a command.

mod bench;
mod check;
mod command;
mod deliver;
mod device;
mod fleet;
mod init;
mod inspect;
mod install;
mod key;
mod lockdown;
mod online;
mod open;
mod pier;
mod publish;
mod receipts;
mod release;
mod revoke;
mod root;
mod serve;
mod sign;
mod stop;
mod time;
mod twin;
mod wait;

/// The starter of real brokers that the transport's tests use.
#[path = "../../../mqtt/tests/broker/mod.rs"]
mod broker;
