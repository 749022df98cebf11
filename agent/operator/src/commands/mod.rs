//! One file a command.

pub(crate) mod check;
pub(crate) mod close;
pub(crate) mod command;
pub(crate) mod deliver;
pub(crate) mod device;
pub(crate) mod init;
pub(crate) mod inspect;
pub(crate) mod install;
pub(crate) mod key;
pub(crate) mod lockdown;
pub(crate) mod open;
pub(crate) mod probe;
pub(crate) mod publish;
pub(crate) mod receipts;
pub(crate) mod release;
pub(crate) mod renew;
pub(crate) mod revoke;
pub(crate) mod root;
pub(crate) mod serve;
pub(crate) mod sign;
pub(crate) mod stop;
pub(crate) mod time;
pub(crate) mod twin;
pub(crate) mod unlock;
