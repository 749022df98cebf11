//! What a run shows while it works, on standard error: bars on a terminal, lines elsewhere.

use std::io::IsTerminal as _;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// How progress is shown.
pub(crate) enum Progress {
    Bars(MultiProgress),
    Lines,
    Quiet,
}

/// One step's progress.
pub(crate) enum Bar {
    Drawn(ProgressBar),
    Told(String),
    Quiet,
}

impl Progress {
    /// Bars on a terminal, lines elsewhere, nothing when it is to be quiet.
    pub(crate) fn new(quiet: bool) -> Self {
        if quiet {
            Self::Quiet
        } else if std::io::stderr().is_terminal() {
            Self::Bars(MultiProgress::new())
        } else {
            Self::Lines
        }
    }

    /// Begins a step over so many devices.
    pub(crate) fn step(&self, name: &str, devices: usize) -> Bar {
        match self {
            Self::Bars(bars) => {
                let bar = bars.add(ProgressBar::new(devices as u64));
                if let Ok(style) =
                    ProgressStyle::with_template("{msg:<58} [{bar:24}] {pos:>4}/{len}")
                {
                    bar.set_style(style.progress_chars("=> "));
                }
                bar.set_message(name.to_owned());
                Bar::Drawn(bar)
            }
            Self::Lines => Bar::Told(name.to_owned()),
            Self::Quiet => Bar::Quiet,
        }
    }
}

impl Bar {
    /// So many devices are done.
    pub(crate) fn at(&self, done: usize) {
        if let Self::Drawn(bar) = self {
            bar.set_position(done as u64);
        }
    }

    /// The step is over, with this result.
    pub(crate) fn end(&self, result: &str) {
        match self {
            Self::Drawn(bar) => bar.abandon(),
            Self::Told(name) => eprintln!("{name}: {result}"),
            Self::Quiet => {}
        }
    }
}
