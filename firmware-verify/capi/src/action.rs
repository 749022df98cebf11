//! What a burned code lets the caller do, as C sees it.

use latch_verify::{device::Opened, statement::CloseCause, types::StatementId};

use crate::{
    boundary::{latch_bytes_t, latch_text_t},
    telling::latch_statement_id_t,
};

/// What is to be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum latch_action_kind_t {
    /// Nothing.
    LATCH_ACTION_NONE = 0,
    /// Make the desired properties real: those of `twin`, of which `patch` has changed. May be handed out again after a
    /// restart, so carrying it out twice must do no more than once.
    LATCH_ACTION_TWIN = 1,
    /// Run the command `name` with `arguments`. Handed out once.
    LATCH_ACTION_COMMAND = 2,
    /// Open what stands behind `latch`, for `seconds`. Where the system behind it can end the opening by itself, let it.
    LATCH_ACTION_OPEN = 3,
    /// Leave what stands behind `latch` open, for `seconds` from now.
    LATCH_ACTION_RENEW = 4,
    /// Shut what stands behind `latch`.
    LATCH_ACTION_CLOSE = 5,
    /// Shut everything.
    LATCH_ACTION_LOCKDOWN = 6,
}

/// An action whose code is burned. What it points to lies in the statement that was submitted, and in the device: valid
/// until the action is settled, the statement's buffer is changed, or another function is called on the device. Within a
/// callback: until it returns.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct latch_action_t {
    /// What.
    pub kind: latch_action_kind_t,
    /// The latch, 0 to 15.
    pub latch: u8,
    /// Whether `patch` is known: after a restart it is not, and only the whole twin counts.
    pub has_patch: bool,
    /// Seconds until it is shut again.
    pub seconds: u32,
    /// The twin's version.
    pub twin_version: u64,
    /// Entries of the whole twin.
    pub twin: latch_bytes_t,
    /// Entries that have changed; one without a value is one that was deleted.
    pub patch: latch_bytes_t,
    /// The command.
    pub name: latch_text_t,
    /// Entries of its arguments.
    pub arguments: latch_bytes_t,
    /// The code that is being carried out. Zeros within a callback of latch_serve.
    pub statement: latch_statement_id_t,
}

impl latch_action_t {
    pub(crate) const NONE: Self = Self {
        kind: latch_action_kind_t::LATCH_ACTION_NONE,
        latch: 0,
        has_patch: false,
        seconds: 0,
        twin_version: 0,
        twin: latch_bytes_t::NONE,
        patch: latch_bytes_t::NONE,
        name: latch_text_t::NONE,
        arguments: latch_bytes_t::NONE,
        statement: latch_statement_id_t { id: [0; 16] },
    };

    pub(crate) fn of(opened: Opened<'_>, statement: StatementId) -> Self {
        use latch_action_kind_t as kind;
        let none = Self {
            statement: statement.into(),
            ..Self::NONE
        };
        match opened {
            Opened::Twin {
                version,
                patch,
                twin,
            } => Self {
                kind: kind::LATCH_ACTION_TWIN,
                twin_version: version,
                twin: twin.bytes().into(),
                has_patch: patch.is_some(),
                patch: patch.map_or(latch_bytes_t::NONE, |patch| patch.bytes().into()),
                ..none
            },
            Opened::Command { name, arguments } => Self {
                kind: kind::LATCH_ACTION_COMMAND,
                name: name.into(),
                arguments: arguments.bytes().into(),
                ..none
            },
            Opened::Open { latch, seconds } => Self {
                kind: kind::LATCH_ACTION_OPEN,
                latch: latch.number(),
                seconds,
                ..none
            },
            Opened::Renew { latch, seconds } => Self {
                kind: kind::LATCH_ACTION_RENEW,
                latch: latch.number(),
                seconds,
                ..none
            },
            Opened::Close { latch } => Self {
                kind: kind::LATCH_ACTION_CLOSE,
                latch: latch.number(),
                ..none
            },
            Opened::Lockdown => Self {
                kind: kind::LATCH_ACTION_LOCKDOWN,
                ..none
            },
        }
    }
}

/// Why a latch has closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum latch_close_cause_t {
    /// A code has closed it.
    LATCH_CLOSE_CODE = 0,
    /// Its time was over.
    LATCH_CLOSE_TIME = 1,
    /// The device has booted.
    LATCH_CLOSE_REBOOT = 2,
    /// No heartbeat came within the rule's time.
    LATCH_CLOSE_SILENCE = 3,
    /// The posture no longer satisfied the rule, for longer than its grace.
    LATCH_CLOSE_POSTURE = 4,
    /// The context that the code named no longer held, for longer than the rule's grace.
    LATCH_CLOSE_CONTEXT = 5,
    /// The code that had opened it was revoked or stopped.
    LATCH_CLOSE_REVOKED = 6,
    /// A new trust root has voided the code that had opened it.
    LATCH_CLOSE_TRUST = 7,
    /// The device was locked down.
    LATCH_CLOSE_LOCKDOWN = 8,
    /// Its opening could not be recorded, or the device's memory is not whole any more.
    LATCH_CLOSE_FAULT = 9,
}

impl From<CloseCause> for latch_close_cause_t {
    fn from(cause: CloseCause) -> Self {
        match cause {
            CloseCause::Code => Self::LATCH_CLOSE_CODE,
            CloseCause::Time => Self::LATCH_CLOSE_TIME,
            CloseCause::Reboot => Self::LATCH_CLOSE_REBOOT,
            CloseCause::Silence => Self::LATCH_CLOSE_SILENCE,
            CloseCause::Posture => Self::LATCH_CLOSE_POSTURE,
            CloseCause::Context => Self::LATCH_CLOSE_CONTEXT,
            CloseCause::Revoked => Self::LATCH_CLOSE_REVOKED,
            CloseCause::Trust => Self::LATCH_CLOSE_TRUST,
            CloseCause::Lockdown => Self::LATCH_CLOSE_LOCKDOWN,
            CloseCause::Fault => Self::LATCH_CLOSE_FAULT,
        }
    }
}
