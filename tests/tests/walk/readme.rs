//! The README's walk, run as it stands there.

use std::{
    env, fs,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use latch_tests::program;

use crate::stage::{Log, Process, free_port, path_of, signal_group};

/// The section of the README that is run.
const HEADING: &str = "## Five minutes with a real broker";
/// The port that the README writes, and that may be taken here.
const PORT: &str = "1883";
/// Lines that bring the reader to the programs: here they are built already, and for this test.
const SKIPPED: [&str; 2] = ["cargo build", "export PATH="];
/// Ends what goes on beside the walk when it stops early.
const CLEANUP: &str = "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT";

#[test]
fn the_readmes_walk_does_what_it_says() {
    let walk = Walk::of_readme();
    let dir = tempfile::tempdir().expect("a folder");
    let script = dir.path().join("walk.sh");
    let commands = walk.commands.replace(PORT, &free_port().to_string());
    fs::write(&script, format!("{CLEANUP}\n{commands}")).expect("the script is written");
    let mut log = Log::new(dir.path().join("walk.log"));
    let mut command = Command::new("bash");
    command
        .args(["-e", "-u"])
        .arg(&script)
        .current_dir(dir.path())
        .env("PATH", path())
        .env("TMPDIR", dir.path())
        .env_remove("LATCH_DIR")
        .env_remove("LATCH_BROKER")
        .stdin(Stdio::null())
        .stdout(log.writer())
        .stderr(log.writer())
        .process_group(0);
    let mut group = Group(Process::start(&mut command));
    let ended = group.0.end();
    assert!(ended.success(), "the walk stopped early: {ended}");
    // In the order in which the README shows them.
    for line in &walk.shown {
        log.next(&[line]);
    }
}

/// The walk, with all that it has started; ended when dropped.
struct Group(Process);

impl Drop for Group {
    fn drop(&mut self) {
        if self.0.ended().is_none() {
            signal_group("TERM", self.0.id());
        }
    }
}

/// What the README says.
struct Walk {
    /// The commands of its `sh` blocks.
    commands: String,
    /// The lines of its `text` blocks, which the commands print.
    shown: Vec<String>,
}

impl Walk {
    fn of_readme() -> Self {
        let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
        Self::of(&fs::read_to_string(readme).expect("README.md is there"))
    }

    fn of(readme: &str) -> Self {
        let section = readme
            .split_once(HEADING)
            .expect("README.md has the walk")
            .1;
        let section = section.split("\n## ").next().unwrap_or_default();
        let mut walk = Self {
            commands: String::new(),
            shown: Vec::new(),
        };
        let mut block = None;
        for line in section.lines() {
            match (line.strip_prefix("```"), block) {
                (Some(""), _) => block = None,
                (Some(kind), None) => block = Some(kind),
                (_, Some("sh")) if !SKIPPED.iter().any(|start| line.starts_with(start)) => {
                    walk.commands += line;
                    walk.commands.push('\n');
                }
                (_, Some("text")) => walk.shown.push(line.to_owned()),
                _ => {}
            }
        }
        assert!(
            !walk.commands.is_empty() && !walk.shown.is_empty(),
            "the walk in README.md has no commands, or shows nothing of what they print"
        );
        walk
    }
}

/// The programs of this build before all others.
fn path() -> std::ffi::OsString {
    let folder = |program: PathBuf| {
        program
            .parent()
            .expect("a program lies in a folder")
            .to_owned()
    };
    let ours = ["latch", "latch-agent"].map(|name| folder(program(name)));
    let broker = folder(path_of("mosquitto"));
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = ours
        .into_iter()
        .chain(env::split_paths(&path))
        .chain([broker]);
    env::join_paths(folders).expect("folders without colons")
}

#[test]
fn the_walk_is_read_from_its_section_alone() {
    let readme = "```sh\nrm -r x\n```\n## Five minutes with a real broker\n```sh\ncargo build --release\na 1883\n```\n\
                  ```text\nb\n```\n```toml\nc\n```\n## After\n```sh\nd\n```\n";
    let walk = Walk::of(readme);
    assert_eq!(
        (walk.commands.as_str(), walk.shown.as_slice()),
        ("a 1883\n", ["b".to_owned()].as_slice())
    );
}
