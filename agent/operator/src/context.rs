//! What most commands stand on: the project, its trust root, and a link to its broker.

use std::{future::Future, io::Read as _, path::Path};

use latch_issue::Statement;
use latch_mqtt::{PageServer, PageServerError, Topics};
use latch_operator::{Link, Project, Record, read_bounded};
use latch_verify::{
    limits::{MAX_ENVELOPE, MAX_IMAGE},
    types::{DeviceId, TenantId},
    verdict::TrustRoot,
};

use crate::{
    cli::Globals,
    failure::{Failure, Kind},
    output::Output,
};

/// Longest text that is read from stdin: a patch takes 1 KiB when encoded, JSON a few times that.
const MAX_TEXT: u64 = 64 * 1024;

/// A project in use.
pub(crate) struct Context {
    pub(crate) output: Output,
    pub(crate) project: Project,
    broker: Option<String>,
}

impl Context {
    /// Opens the project that the options name, or the nearest one.
    pub(crate) fn open(globals: &Globals, output: Output) -> Result<Self, Failure> {
        let project = match &globals.dir {
            Some(folder) => Project::open(folder)?,
            None => Project::find()?,
        };
        Ok(Self {
            output,
            project,
            broker: globals.broker.clone(),
        })
    }

    /// Opens the project if there is one: for commands that can do without.
    pub(crate) fn open_if_there(
        globals: &Globals,
        output: Output,
    ) -> Result<Option<Self>, Failure> {
        match (&globals.dir, Project::find()) {
            (None, Err(latch_operator::ProjectError::NotFound { .. })) => Ok(None),
            _ => Self::open(globals, output).map(Some),
        }
    }

    pub(crate) fn tenant(&self) -> TenantId {
        self.project.tenant()
    }

    pub(crate) fn trust(&self) -> Result<TrustRoot, Failure> {
        Ok(self.project.trust()?)
    }

    pub(crate) fn topics(&self) -> Result<Topics, Failure> {
        Ok(self.project.topics()?)
    }

    pub(crate) fn record(&self, device: &DeviceId) -> Result<Record, Failure> {
        Ok(self.project.registry().get(device)?)
    }

    /// Connects to the broker.
    pub(crate) async fn connect(&self) -> Result<Link, Failure> {
        let endpoint = self.project.endpoint(self.broker.as_deref())?;
        Ok(Link::connect(endpoint).await?)
    }
}

/// Runs what talks to the broker, on this thread.
pub(crate) fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            Failure::failed(format_args!(
                "the program cannot wait for the network: {error}"
            ))
        })?
        .block_on(future)
}

/// Reads a statement from a file.
pub(crate) fn read_statement(path: &Path) -> Result<Statement, Failure> {
    let bytes = read_envelope(path)?;
    Statement::from_bytes(bytes).map_err(|error| match error {
        latch_issue::SignError::Refused(refusal) => Failure::refused(
            format_args!("{}: {}", path.display(), Failure::from(refusal).message()),
            refusal,
        ),
        error => Failure::failed(format_args!("{}: {error}", path.display())),
    })
}

/// Reads what may be a statement.
pub(crate) fn read_envelope(path: &Path) -> Result<Vec<u8>, Failure> {
    Ok(read_bounded(
        path,
        u64::try_from(MAX_ENVELOPE).unwrap_or(u64::MAX),
    )?)
}

/// Reads the image of a release, cut into its pages.
pub(crate) fn read_pages(release: &Statement, image: &Path) -> Result<PageServer, Failure> {
    let bytes = read_bounded(image, MAX_IMAGE.into())?;
    PageServer::new(release.bytes(), bytes).map_err(|error| match error {
        PageServerError::OtherImage => {
            Failure::new(Kind::Refused, format_args!("{}: {error}", image.display()))
        }
        error @ PageServerError::Manifest(_) => error.into(),
    })
}

/// Reads text from a file, or from stdin where the name is `-`.
pub(crate) fn read_text(path: &Path) -> Result<String, Failure> {
    let bytes = if path == Path::new("-") {
        let mut bytes = Vec::new();
        let read = std::io::stdin()
            .lock()
            .take(MAX_TEXT)
            .read_to_end(&mut bytes);
        read.map_err(|error| Failure::failed(format_args!("stdin cannot be read: {error}")))?;
        bytes
    } else {
        read_bounded(path, MAX_TEXT)?
    };
    String::from_utf8(bytes)
        .map_err(|_| Failure::usage(format_args!("{}: is not UTF-8 text", path.display())))
}

/// A path as a result shows it.
pub(crate) fn shown(path: &Path) -> String {
    path.display().to_string()
}
