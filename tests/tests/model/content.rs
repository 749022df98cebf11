//! What codes do: the content of drafts.

use super::{
    said::{Action, Leaf},
    step::{Patch, Place as Branch, What},
};

pub(super) fn action(what: What) -> (u8, Action) {
    match what {
        What::Set(branch, seeds) => set(branch, seeds),
        What::SetLong(place) => {
            let path = format!("pump/long-{place}");
            (0, Action::SetTwin(vec![(path, Leaf::Text(700))]))
        }
        What::Restart => (
            4,
            Action::Command("restart".to_owned(), leaves("delay", &[3])),
        ),
        What::Vent => (3, Action::Command("vent".to_owned(), Vec::new())),
        What::Open(latch, seconds) => (latch, Action::Open(seconds)),
        What::Renew(latch, seconds) => (latch, Action::Renew(seconds)),
        What::Close(latch) => (latch, Action::Close),
        What::Install(asked) => (1, Action::Install { asked }),
        What::Downgrade => (1, Action::Downgrade),
        What::Lockdown => (2, Action::Lockdown),
        What::Unlock => (2, Action::Unlock),
        What::Probe(latch) => (latch, Action::Probe),
    }
}

fn set(branch: Branch, seeds: [u8; 3]) -> (u8, Action) {
    let (latch, prefix) = match branch {
        Branch::Twin => (0, "pump"),
        Branch::Limits => (3, "limits"),
        Branch::Remarks => (5, "remarks"),
    };
    (latch, Action::SetTwin(leaves(prefix, &seeds)))
}

/// Leaves in order, at places that meet again and again.
fn leaves(prefix: &str, seeds: &[u8]) -> Vec<(String, Leaf)> {
    let mut leaves: Vec<(String, Leaf)> = Vec::new();
    for seed in seeds {
        let path = match seed % 8 {
            0 => prefix.to_owned(),
            1 => format!("{prefix}/a"),
            2 => format!("{prefix}/a/b"),
            3 => format!("{prefix}/a/b/c"),
            4 => format!("{prefix}/a-b"),
            5 => format!("{prefix}/b"),
            6 => format!("{prefix}/guard/c"),
            _ => format!("{prefix}/c"),
        };
        let leaf = match seed / 8 % 6 {
            0 | 1 if prefix != "delay" => Leaf::Null,
            2 => Leaf::Bool(true),
            3 => Leaf::Text((seed / 8).into()),
            4 => Leaf::Empty,
            _ => Leaf::Int(i64::from(*seed) - 128),
        };
        let clear = |(other, _): &(String, Leaf)| {
            let (other, path) = (format!("{other}/"), format!("{path}/"));
            !other.starts_with(&path) && !path.starts_with(&other)
        };
        if leaves.iter().all(clear) {
            leaves.push((path, leaf));
        }
    }
    leaves.sort_by(|(one, _), (other, _)| one.split('/').cmp(other.split('/')));
    leaves
}

pub(super) fn spoil_patch(action: &mut Action, patch: Patch) {
    let leaf = |path: &str, leaf| (path.to_owned(), leaf);
    let one = Leaf::Int(1);
    let spoiled = match patch {
        Patch::Nothing => Vec::new(),
        Patch::Mixed => vec![leaf("limits/max", one), leaf("pump", one)],
        Patch::Above => vec![leaf("pump", Leaf::Null)],
        Patch::BadPath(path) => vec![leaf(path, one)],
        Patch::Disorder => vec![leaf("pump/b", one), leaf("pump/a", one)],
        Patch::Below => vec![leaf("pump", one), leaf("pump/a", one)],
        Patch::TooLong => vec![
            leaf("pump/x", Leaf::Text(600)),
            leaf("pump/y", Leaf::Text(500)),
        ],
        Patch::NullArgument => vec![leaf("delay", Leaf::Null)],
    };
    if let Action::SetTwin(leaves) | Action::Command(_, leaves) = action {
        *leaves = spoiled;
    }
}
