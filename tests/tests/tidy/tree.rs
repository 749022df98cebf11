//! What the rules look at: every text file of the repository that is tracked, or new and not ignored.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// One text file. Paths are relative to the top of the repository, with `/` between their parts.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) executable: bool,
}

impl File {
    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    pub(crate) fn is_markdown(&self) -> bool {
        self.path.ends_with(".md")
    }

    pub(crate) fn is_manifest(&self) -> bool {
        self.name() == "Cargo.toml"
    }

    /// The last part of the path.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The folder, without a slash at its end; empty at the top.
    pub(crate) fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

/// Where a rule is broken, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) path: String,
    /// Counted from 1; 0 speaks of the file as a whole.
    pub(crate) line: usize,
    pub(crate) advice: String,
}

impl Finding {
    pub(crate) fn new(path: &str, line: usize, advice: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            advice: advice.into(),
        }
    }

    /// A finding at a byte of a file's text.
    pub(crate) fn at(file: &File, offset: usize, advice: impl Into<String>) -> Self {
        let before = file.text.as_bytes().iter().take(offset);
        let line = before.filter(|byte| **byte == b'\n').count() + 1;
        Self::new(&file.path, line, advice)
    }

    pub(crate) fn sentence(&self, rule: &str) -> String {
        format!(
            "{}:{}: rule `{rule}`: {}",
            self.path, self.line, self.advice
        )
    }
}

/// The files of a repository, in the order of their paths.
#[derive(Debug)]
pub(crate) struct Tree {
    files: Vec<File>,
    /// Paths of files that are not text; links may lead to them.
    others: Vec<String>,
}

impl Tree {
    /// The repository that this test was built in, read once.
    pub(crate) fn of_this_repository() -> &'static Self {
        static TREE: OnceLock<Tree> = OnceLock::new();
        TREE.get_or_init(|| {
            let top = Path::new(env!("CARGO_MANIFEST_DIR"))
                .parent()
                .expect("tests/ has a parent folder");
            Self::read(top)
        })
    }

    /// A tree of planted files; those whose text begins with `#!` are executable.
    #[cfg(test)]
    pub(crate) fn planted(files: &[(&str, &str)]) -> Self {
        let plant = |(path, text): &(&str, &str)| File {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
            executable: text.starts_with("#!"),
        };
        Self {
            files: files.iter().map(plant).collect(),
            others: Vec::new(),
        }
    }

    /// Takes the mode to be run from every planted file.
    #[cfg(test)]
    pub(crate) fn take_modes(&mut self) {
        self.files
            .iter_mut()
            .for_each(|file| file.executable = false);
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = &File> {
        self.files.iter()
    }

    pub(crate) fn rust(&self) -> impl Iterator<Item = &File> {
        self.files().filter(|file| file.is_rust())
    }

    pub(crate) fn get(&self, path: &str) -> Option<&File> {
        self.files().find(|file| file.path == path)
    }

    /// Whether a file, or a folder that holds one, has this path; the top is the empty path.
    pub(crate) fn holds(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        let paths = self
            .files()
            .map(|file| file.path.as_str())
            .chain(self.others.iter().map(String::as_str));
        path.is_empty()
            || paths
                .into_iter()
                .any(|known| known == path || known.starts_with(&folder))
    }

    fn read(top: &Path) -> Self {
        let mut paths = tracked(top).unwrap_or_else(|| walked(top));
        paths.sort();
        paths.dedup();
        let mut tree = Self {
            files: Vec::new(),
            others: Vec::new(),
        };
        for path in paths {
            let place = top.join(&path);
            // A file that was removed and not yet committed is still listed by git.
            let Ok(bytes) = std::fs::read(&place) else {
                continue;
            };
            match String::from_utf8(bytes) {
                Ok(text) => tree.files.push(File {
                    path,
                    text,
                    executable: is_executable(&place),
                }),
                Err(_) => tree.others.push(path),
            }
        }
        tree
    }
}

/// What git tracks, and what is new and not ignored; nothing when this is no checkout or git is not to be had.
fn tracked(top: &Path) -> Option<Vec<String>> {
    if !top.join(".git").exists() {
        return None;
    }
    let arguments = ["ls-files", "-z", "-co", "--exclude-standard"];
    let output = Command::new("git")
        .current_dir(top)
        .args(arguments)
        .output()
        .ok()?;
    let listing = output
        .status
        .success()
        .then(|| String::from_utf8(output.stdout).ok())??;
    Some(
        listing
            .split('\0')
            .filter(|path| !path.is_empty())
            .map(str::to_owned)
            .collect(),
    )
}

/// Every file below the top, but for folders that are built or belong to git.
fn walked(top: &Path) -> Vec<String> {
    let mut paths = Vec::new();
    let mut folders: Vec<PathBuf> = vec![top.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let place = entry.path();
            // Cargo marks every folder it builds in.
            let skipped = entry.file_name() == ".git" || place.join("CACHEDIR.TAG").exists();
            if place.is_dir() && !skipped {
                folders.push(place);
            } else if place.is_file()
                && let Ok(path) = place.strip_prefix(top)
            {
                paths.push(path.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    paths
}

#[cfg(unix)]
fn is_executable(place: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(place).is_ok_and(|data| data.permissions().mode() & 0o111 != 0)
}

/// Without file modes, what begins with `#!` counts.
#[cfg(not(unix))]
fn is_executable(place: &Path) -> bool {
    std::fs::read(place).is_ok_and(|bytes| bytes.starts_with(b"#!"))
}

#[test]
fn the_walk_finds_what_git_lists() {
    let top = tempfile::tempdir().expect("a temporary folder");
    for (path, text) in [
        ("a/b.rs", "x"),
        ("c.md", "y"),
        ("target/CACHEDIR.TAG", ""),
        ("target/d.rs", "z"),
    ] {
        let place = top.path().join(path);
        std::fs::create_dir_all(place.parent().expect("a parent")).expect("a folder");
        std::fs::write(place, text).expect("a file");
    }
    let tree = Tree::read(top.path());
    let paths: Vec<&str> = tree.files().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["a/b.rs", "c.md"]);
    assert!(tree.holds("a") && tree.holds("a/b.rs") && !tree.holds("a/b"));
}
