//! One file a command.

pub(crate) mod check;
pub(crate) mod command;
pub(crate) mod device;
pub(crate) mod init;
pub(crate) mod inspect;
pub(crate) mod install;
pub(crate) mod publish;
pub(crate) mod receipts;
pub(crate) mod release;
pub(crate) mod root;
pub(crate) mod serve;
pub(crate) mod sign;
pub(crate) mod twin;
