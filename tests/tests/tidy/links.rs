//! Links in Markdown lead somewhere: to a file of the tree, and to a heading of it.

use std::collections::BTreeMap;

use super::tree::{Finding, Tree};

pub(crate) fn dead_links(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files().filter(|file| file.is_markdown()) {
        for (line, target) in links(&file.text) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (path, anchor) = target
                .split_once('#')
                .map_or((target.as_str(), None), |(path, anchor)| {
                    (path, Some(anchor))
                });
            let Some(path) = (if path.is_empty() {
                Some(file.path.clone())
            } else {
                resolve(file.folder(), path)
            }) else {
                findings.push(Finding::new(
                    &file.path,
                    line,
                    format!("`{target}` leaves the repository: link inside it"),
                ));
                continue;
            };
            if !tree.holds(&path) {
                findings.push(Finding::new(
                    &file.path,
                    line,
                    format!("`{target}` leads nowhere: no `{path}` in the tree"),
                ));
            } else if let Some(anchor) = anchor
                && let Some(text) = tree
                    .get(&path)
                    .filter(|file| file.is_markdown())
                    .map(|file| &file.text)
                && !anchors(text).iter().any(|known| known == anchor)
            {
                findings.push(Finding::new(
                    &file.path,
                    line,
                    format!("`{target}` leads nowhere: no such heading in `{path}`"),
                ));
            }
        }
    }
    findings
}

/// Lines outside fenced blocks, counted from 1, with code spans blanked where that is asked for.
fn prose(text: &str, blank_code: bool) -> impl Iterator<Item = (usize, String)> {
    let mut fenced = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let fence = line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~");
        fenced ^= fence;
        if fenced || fence {
            return None;
        }
        let mut in_code = false;
        let blank = |letter: char| {
            in_code ^= letter == '`';
            if in_code { ' ' } else { letter }
        };
        Some((
            index + 1,
            if blank_code {
                line.chars().map(blank).collect()
            } else {
                line.to_owned()
            },
        ))
    })
}

/// The targets of `[text](target)` and of `[name]: target`, with their lines.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in prose(text, true) {
        for (at, _) in line.match_indices("](") {
            let target = line[at + 2..].split([')', ' ']).next().unwrap_or_default();
            found.push((number, target.trim_matches(['<', '>']).to_owned()));
        }
        if line.starts_with('[')
            && let Some((_, target)) = line.split_once("]: ")
        {
            found.push((
                number,
                target
                    .split_whitespace()
                    .next()
                    .unwrap_or_default()
                    .to_owned(),
            ));
        }
    }
    found
}

/// A path that is relative to a folder, from the top; nothing when it leads out of the tree.
fn resolve(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
    {
        if part == ".." {
            parts.pop()?;
        } else {
            parts.push(part);
        }
    }
    Some(parts.join("/"))
}

/// The anchors that hosts of Markdown make of headings: small letters, no punctuation, `-` for a blank, and a number for
/// a heading that was there before.
fn anchors(text: &str) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut found = Vec::new();
    for (_, line) in prose(text, false) {
        let title = line.trim_start_matches('#');
        if title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        let kept = title
            .trim()
            .chars()
            .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
        let anchor: String = kept
            .flat_map(char::to_lowercase)
            .map(|letter| if letter == ' ' { '-' } else { letter })
            .collect();
        let earlier = seen.entry(anchor.clone()).or_insert(0);
        found.push(if *earlier == 0 {
            anchor
        } else {
            format!("{anchor}-{earlier}")
        });
        *earlier += 1;
    }
    found
}

#[test]
fn dead_links_are_found() {
    let text = "# A b\n[1](c/d.md#e-f-1) [2](#a-b) [3](https://example.org/x) [4](c/) `[x](y)`\n```\n[z](z)\n```\n\
                [5](gone.md)\n[6](c/d.md#gone) ![7](/c)\n[8]: ../out.md\n[9](c/d.md#in-a-fence)\n";
    let tree = Tree::planted(&[
        ("a.md", text),
        (
            "c/d.md",
            "# E, `f`\n## E f\n```\n# In a fence\n```\n[up](../a.md)\n",
        ),
    ]);
    let lines: Vec<usize> = dead_links(&tree)
        .iter()
        .map(|finding| finding.line)
        .collect();
    assert_eq!(lines, [6, 7, 7, 8, 9]);
}
