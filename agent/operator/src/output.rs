//! What is printed, and where: results on stdout, everything else on stderr.

use std::{fmt::Display, io};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use latch_operator::Fields;

use crate::failure::Failure;

/// Where a command's words go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Something that people should know on the way.
    pub(crate) fn note(self, text: impl Display) {
        print_line(io::stderr(), &text);
    }

    /// The result: an object for programs, or these words for people.
    pub(crate) fn result(self, fields: &Fields, words: impl Display) {
        if self.json {
            self.object(fields);
        } else {
            print_line(io::stdout(), &words.to_string().trim_end());
        }
    }

    /// The result, for people in the same order as for programs.
    pub(crate) fn show(self, fields: &Fields) {
        self.result(fields, fields.to_text());
    }

    /// Says why the command failed; programs also get what was found before it did.
    pub(crate) fn fail(self, failure: &Failure) {
        print_line(io::stderr(), &format_args!("error: {}", failure.message()));
        for hint in failure.hints() {
            print_line(io::stderr(), &format_args!("hint: {hint}"));
        }
        if self.json {
            self.object(&failure.to_fields());
        }
    }

    /// A bar that people see where stderr is a terminal, and nobody elsewhere.
    pub(crate) fn bar(self, length: u64, what: &str) -> ProgressBar {
        let target = if self.json {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let bar = ProgressBar::with_draw_target(Some(length), target);
        if let Ok(style) = ProgressStyle::with_template("{msg:12} [{bar:40}] {pos}/{len}") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(what.to_owned());
        bar
    }

    fn object(self, fields: &Fields) {
        match serde_json::to_string(fields) {
            Ok(line) => print_line(io::stdout(), &line),
            Err(error) => print_line(
                io::stderr(),
                &format_args!("error: the result cannot be put into JSON: {error}"),
            ),
        }
    }
}

/// Brokers and devices have written part of the text: it must not steer the terminal. A
/// reader that has gone away does not want the rest.
fn print_line(mut to: impl io::Write, text: &impl Display) {
    let steers = |character: char| character.is_control() && character != '\n';
    let text = text.to_string().replace(steers, "\u{fffd}");
    let _ = writeln!(to, "{text}").and_then(|()| to.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_steers_the_terminal() {
        let mut screen = Vec::new();
        print_line(&mut screen, &"a\u{1b}[2Jb\nc");
        assert_eq!(screen, "a\u{fffd}[2Jb\nc\n".as_bytes());
    }

    #[test]
    fn a_reader_that_has_gone_is_no_panic() {
        struct Gone;
        impl io::Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        print_line(Gone, &"text");
    }
}
