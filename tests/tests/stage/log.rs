//! What a program has written, as a file that grows.

use std::{
    fs::{self, File},
    path::PathBuf,
    thread,
};

use super::until;

/// A program's output; shown when the test fails.
pub(crate) struct Log {
    path: PathBuf,
    /// Lines that were read.
    read: usize,
}

impl Log {
    /// In this file, which need not be there yet.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, read: 0 }
    }

    /// The file, for a program to add to.
    pub(crate) fn writer(&self) -> File {
        let file = File::options().create(true).append(true).open(&self.path);
        file.unwrap_or_else(|cause| panic!("{}: cannot be written: {cause}", self.path.display()))
    }

    /// All of it.
    pub(crate) fn text(&self) -> String {
        let bytes = fs::read(&self.path).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Whole lines that hold all these words, from the beginning.
    pub(crate) fn lines_with(&self, words: &[&str]) -> Vec<String> {
        self.whole_lines()
            .into_iter()
            .filter(|line| has(line, words))
            .collect()
    }

    /// Waits for the next line that holds all these words; those before it count as read.
    pub(crate) fn next(&mut self, words: &[&str]) -> String {
        let what = format!("a line with {words:?} in {}", self.path.display());
        let (place, line) = until(&what, || {
            let mut unread = self.whole_lines().into_iter().enumerate().skip(self.read);
            unread.find(|(_, line)| has(line, words))
        });
        self.read = place + 1;
        line
    }

    /// Counts all that is there as read.
    pub(crate) fn skip(&mut self) {
        self.read = self.whole_lines().len();
    }

    fn whole_lines(&self) -> Vec<String> {
        let text = self.text();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(str::to_owned).collect()
    }
}

fn has(line: &str, words: &[&str]) -> bool {
    words.iter().all(|word| line.contains(word))
}

impl Drop for Log {
    fn drop(&mut self) {
        if thread::panicking() {
            println!("--- {} ---\n{}", self.path.display(), self.text());
        }
    }
}
