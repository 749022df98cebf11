//! Why a command failed: its kind, which is the exit code, a sentence, and what to do.

mod causes;

use std::{fmt::Display, process::ExitCode};

use latch_operator::{Fields, advice, describe_refusal};
use latch_verify::Refusal;

/// The kinds of failure, each with an exit code of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Failed,
    Usage,
    Refused,
    TimedOut,
    Conflict,
}

impl Kind {
    /// Exit code and name. Code 5, a rollout aborted, is the fleet service's.
    fn code_and_name(self) -> (u8, &'static str) {
        match self {
            Self::Failed => (1, "failed"),
            Self::Usage => (2, "usage"),
            Self::Refused => (3, "refused"),
            Self::TimedOut => (4, "timed-out"),
            Self::Conflict => (6, "conflict"),
        }
    }
}

/// A command's failure.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    message: String,
    hints: Vec<String>,
    refusal: Option<Refusal>,
    found: Fields,
}

impl Failure {
    pub(crate) fn new(kind: Kind, message: impl Display) -> Self {
        Self {
            kind,
            message: message.to_string(),
            hints: Vec::new(),
            refusal: None,
            found: Fields::new(),
        }
    }

    pub(crate) fn failed(message: impl Display) -> Self {
        Self::new(Kind::Failed, message)
    }

    pub(crate) fn usage(message: impl Display) -> Self {
        Self::new(Kind::Usage, message)
    }

    pub(crate) fn conflict(message: impl Display) -> Self {
        Self::new(Kind::Conflict, message)
    }

    /// Refused by verification, here or on a device; what helps is added.
    pub(crate) fn refused(message: impl Display, refusal: Refusal) -> Self {
        let failure = Self {
            refusal: Some(refusal),
            ..Self::new(Kind::Refused, message)
        };
        match advice(refusal.reason) {
            Some(advice) => failure.hint(advice),
            None => failure,
        }
    }

    /// Foreseen to be refused, and so not sent.
    pub(crate) fn not_sent(by: impl Display, refusal: Refusal) -> Self {
        let sentence = Self::from(refusal).message;
        Self::refused(
            format_args!("{by} would refuse this, so it was not sent: {sentence}"),
            refusal,
        )
    }

    /// Adds what to do.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Display) -> Self {
        self.hints.push(hint.to_string());
        self
    }

    /// Adds what was found before the failure: programs get it beside the error.
    #[must_use]
    pub(crate) fn found(mut self, found: Fields) -> Self {
        self.found = found;
        self
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        self.kind.code_and_name().0.into()
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn hints(&self) -> &[String] {
        &self.hints
    }

    /// The failure for programs.
    pub(crate) fn to_fields(&self) -> Fields {
        let (code, name) = self.kind.code_and_name();
        let error = Fields::new()
            .with("kind", name)
            .with("exit_code", code)
            .with("message", self.message.as_str())
            .maybe("reason", self.refusal.as_ref().map(describe_refusal))
            .with("hints", self.hints.clone());
        self.found.clone().with("error", error)
    }
}
