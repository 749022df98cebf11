//! Which kind of failure each error is, and what helps against it.

use latch_issue::{
    CodeError, EnrolmentError, KeyError, PatchError, ReleaseError, RulesError, SignError, TimeError,
};
use latch_mqtt::PageServerError;
use latch_operator::{
    AccountError, CheckError, ComposeError, DirectError, EnrolError, FileError, InitError,
    LinkError, MomentError, ProjectError, RegistryError, RouteError, SuccessorError,
};
use latch_verify::{Reason, Refusal};

use super::{Failure, Kind};

/// A refusal in a sentence, with its number.
fn sentence(refusal: &Refusal) -> String {
    latch_operator::reason_in_words(refusal.reason.number(), refusal.expected, refusal.found)
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::refused(sentence(&refusal), refusal)
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Exists { .. } => Self::conflict(error),
            _ => Self::failed(error),
        }
    }
}

impl From<MomentError> for Failure {
    fn from(error: MomentError) -> Self {
        Self::usage(error)
    }
}

impl From<PatchError> for Failure {
    fn from(error: PatchError) -> Self {
        Self::usage(error)
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Exists { .. } => Self::conflict(error),
            KeyError::Refused(refusal) => Self::refused(&error, refusal),
            _ => Self::failed(error),
        }
    }
}

impl From<SignError> for Failure {
    fn from(error: SignError) -> Self {
        match error {
            SignError::Refused(refusal) => refusal.into(),
            SignError::SignedAlready(_) => Self::conflict(error),
            SignError::ForeignSignature(_) => Self::refused(error, Reason::BadSignature.into()),
            _ => Self::failed(error),
        }
    }
}

impl From<CodeError> for Failure {
    fn from(error: CodeError) -> Self {
        match error {
            CodeError::Refused(error) => error.into(),
            CodeError::NoEntropy(_) | CodeError::NoTime => Self::failed(error),
            CodeError::TooNew { needs, newest } => Self::refused(
                error,
                Refusal::new(Reason::UnknownBodyVersion, newest.into(), needs.into()),
            ),
            CodeError::CommandUnassigned(_) => {
                Self::refused(error, Reason::CommandUnassigned.into())
            }
            _ => Self::usage(error),
        }
    }
}

impl From<RulesError> for Failure {
    fn from(error: RulesError) -> Self {
        Self::failed(error)
    }
}

impl From<SuccessorError> for Failure {
    fn from(error: SuccessorError) -> Self {
        match error {
            SuccessorError::File(error) => error.into(),
            SuccessorError::Rules(error) => error.into(),
            SuccessorError::Root(refusal) => refusal.into(),
            _ => Self::failed(error),
        }
    }
}

impl From<TimeError> for Failure {
    fn from(error: TimeError) -> Self {
        match error {
            TimeError::Refused(error) => error.into(),
            _ => Self::failed(error),
        }
    }
}

impl From<ReleaseError> for Failure {
    fn from(error: ReleaseError) -> Self {
        match error {
            ReleaseError::Refused(error) => error.into(),
            ReleaseError::OtherSize { .. }
            | ReleaseError::OtherImage { .. }
            | ReleaseError::OtherTree { .. } => Self::new(Kind::Refused, error)
                .hint("give the file from which the release was built"),
            ReleaseError::PageSize(_) | ReleaseError::TooManyRequirements { .. } => {
                Self::usage(error)
            }
            _ => Self::failed(error),
        }
    }
}

impl From<EnrolmentError> for Failure {
    fn from(error: EnrolmentError) -> Self {
        match error {
            EnrolmentError::Sign(error) => error.into(),
            EnrolmentError::Request(refusal)
            | EnrolmentError::Root(refusal)
            | EnrolmentError::Enrolment(refusal) => Self::refused(error, refusal),
            _ => Self::failed(error),
        }
    }
}

impl From<ProjectError> for Failure {
    fn from(error: ProjectError) -> Self {
        match error {
            ProjectError::NotFound { .. } => Self::failed(error)
                .hint("make a project with `latch init`, or name its folder by --dir or LATCH_DIR"),
            ProjectError::Root { cause, .. }
            | ProjectError::Statement {
                cause: SignError::Refused(cause),
                ..
            } => Self::refused(&error, cause),
            ProjectError::File(error) => error.into(),
            ProjectError::Key(error) => error.into(),
            _ => Self::failed(error),
        }
    }
}

impl From<InitError> for Failure {
    fn from(error: InitError) -> Self {
        match error {
            InitError::Exists(_) => {
                Self::conflict(error).hint("choose another folder, or move away what is there")
            }
            InitError::File(error) => error.into(),
            InitError::Key(error) => error.into(),
            InitError::Endpoint(_) | InitError::Topics(_) => Self::usage(error),
            _ => Self::failed(error),
        }
    }
}

impl From<RegistryError> for Failure {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::Unknown(_) => Self::failed(error)
                .hint("see `latch device list`; a new device is taken in by `latch device enroll`"),
            RegistryError::File(error) => error.into(),
            _ => Self::failed(error),
        }
    }
}

impl From<EnrolError> for Failure {
    fn from(error: EnrolError) -> Self {
        let refusal = error.refusal();
        match error {
            EnrolError::Project(error) => error.into(),
            EnrolError::Registry(error) => error.into(),
            EnrolError::File(error) => error.into(),
            EnrolError::IncarnationNotNewer { recorded, .. } => Self::conflict(&error).hint(format_args!(
                "let the device ask again with a higher one: `latch-agent new --incarnation {}`",
                recorded.saturating_add(1)
            )),
            EnrolError::OtherProduct { .. } => Self::conflict(error),
            EnrolError::Enrolment(EnrolmentError::Enrolment(refusal)) => {
                Self::refused(&error, refusal).hint(
                    "an operator that the trust root in force lists countersigns: name the key by --key",
                )
            }
            error => match refusal {
                Some(refusal) => Self::refused(error, refusal),
                None => Self::failed(error),
            },
        }
    }
}

impl From<LinkError> for Failure {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Connect { .. } => Self::failed(error).hint(
                "is the broker running there? Name another one by --broker, or in latch.toml",
            ),
            LinkError::Silent { .. } => Self::new(Kind::TimedOut, error),
            _ => Self::failed(error),
        }
    }
}

impl From<DirectError> for Failure {
    fn from(error: DirectError) -> Self {
        match error {
            DirectError::NotOpen { .. } => Self::failed(error)
                .hint("is it connected, and may you use it? One program at a time can: stop the agent that serves it"),
            DirectError::Silent { .. } => Self::new(Kind::TimedOut, error)
                .hint("is it powered, is the baud rate the device's, and does nobody else use the line, such as an agent?"),
            DirectError::Refused(refused) => match refused.refusal() {
                Some(refusal) => Self::refused(error, refusal),
                None => Self::new(Kind::Refused, error),
            },
            _ => Self::failed(error),
        }
    }
}

impl From<AccountError> for Failure {
    fn from(error: AccountError) -> Self {
        let refusal = error.refusal();
        match error {
            AccountError::Link(error) => error.into(),
            AccountError::NoState(_) => Self::failed(error).hint(
                "a device leaves its state when it connects: has it been provisioned and started?",
            ),
            error => match refusal {
                Some(refusal) => Self::refused(error, refusal),
                None => Self::failed(error),
            },
        }
    }
}

impl From<ComposeError> for Failure {
    fn from(error: ComposeError) -> Self {
        match error {
            ComposeError::Root(refusal) => refusal.into(),
            ComposeError::Code(error) => error.into(),
            ComposeError::Sign(error) => error.into(),
            ComposeError::LivesTooLong { asked, longest, .. } => {
                let ms = |seconds: u32| u64::from(seconds) * 1000;
                Self::refused(
                    error,
                    Refusal::new(Reason::LivesTooLong, ms(longest), ms(asked)),
                )
            }
            ComposeError::NoSuchLatch { .. } => Self::usage(error),
            ComposeError::NeedsState(_) => {
                Self::failed(error).hint("give the device's state by --state FILE")
            }
            ComposeError::ChallengeForMany(_) => {
                Self::refused(error, Reason::ChallengeMissing.into())
            }
            _ => Self::failed(error),
        }
    }
}

impl From<RouteError> for Failure {
    fn from(error: RouteError) -> Self {
        match error {
            RouteError::OtherTenant { .. } => Self::refused(error, Reason::OtherTenant.into()),
            RouteError::Unreadable(error) => error.into(),
            RouteError::UnnamedDevice => {
                Self::usage(error).hint("say for which device it is: --to DEVICE")
            }
            _ => Self::usage(error),
        }
    }
}

impl From<CheckError> for Failure {
    fn from(error: CheckError) -> Self {
        Self::usage(error)
    }
}

impl From<PageServerError> for Failure {
    fn from(error: PageServerError) -> Self {
        match error {
            PageServerError::Manifest(refusal) => Self::refused(error, refusal),
            PageServerError::OtherImage => Self::new(Kind::Refused, error),
        }
    }
}
