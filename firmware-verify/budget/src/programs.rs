//! Sizes of linked programs, and of the parts in them.

use std::{collections::BTreeMap, fs, path::Path};

use object::{Object as _, ObjectSection as _, ObjectSymbol as _, SectionKind, SymbolKind};

use crate::{Outcome, lines::Lines};

/// What a program takes, in bytes.
#[derive(Default)]
struct Sizes {
    code: u64,
    /// All that lies in flash: code, constants, and what variables begin with.
    flash: u64,
    ram: u64,
    /// Of the code, what functions of each part have.
    parts: BTreeMap<&'static str, u64>,
}

/// Weighs the programs of a target, each less the empty one.
pub(crate) fn measure(target: &str, folder: &Path, measured: &mut Lines) -> Outcome<()> {
    let weigh = |name: &str| weigh(&folder.join(name));
    let empty = weigh("empty")?;
    let (verifier, signing, strict) = (weigh("verifier")?, weigh("signing")?, weigh("strict")?);
    for (name, sizes) in [
        ("verifier", &verifier),
        ("signing", &signing),
        ("verify_strict", &strict),
    ] {
        measured.note(target, "flash", name, sizes.flash - empty.flash);
    }
    let named: u64 = verifier.parts.values().sum();
    for (part, size) in &verifier.parts {
        measured.note(target, "parts", part, *size);
    }
    let code = verifier.code - empty.code;
    let constants = (verifier.flash - verifier.code) - (empty.flash - empty.code);
    measured.note(target, "parts", "constants", constants);
    measured.note(target, "parts", "rest", code.saturating_sub(named));
    measured.note(target, "ram", "variables", verifier.ram - empty.ram);
    Ok(())
}

fn weigh(file: &Path) -> Outcome<Sizes> {
    let bytes = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let program = object::File::parse(&*bytes)?;
    let mut sizes = Sizes::default();
    for section in program.sections() {
        match section.kind() {
            SectionKind::Text => {
                sizes.code += section.size();
                sizes.flash += section.size();
            }
            SectionKind::ReadOnlyData | SectionKind::ReadOnlyString => {
                sizes.flash += section.size();
            }
            SectionKind::Data => {
                sizes.flash += section.size();
                sizes.ram += section.size();
            }
            SectionKind::UninitializedData => sizes.ram += section.size(),
            _ => {}
        }
    }
    // Functions that were found to be the same share an address, and count once.
    let mut functions = BTreeMap::new();
    for symbol in program.symbols() {
        if symbol.kind() == SymbolKind::Text && symbol.size() > 0 {
            functions.insert(symbol.address(), (symbol.size(), symbol.name()?));
        }
    }
    for (size, name) in functions.into_values() {
        let path = format!("{:#}", rustc_demangle::demangle(name));
        if let Some(part) = part_of(&path) {
            *sizes.parts.entry(part).or_default() += size;
        }
    }
    Ok(sizes)
}

/// Crates and modules, and the parts to which they belong. The first that a function's path names decides; among those at
/// the front, what is derived for decoding and encoding.
const PARTS: &[(&str, &str)] = &[
    ("latch_verify::device", "device"),
    ("latch_verify::ledger", "ledger"),
    ("latch_verify::journal", "journal"),
    ("latch_verify::flash", "journal"),
    ("latch_verify::wire", "wire"),
    ("latch_verify::statement", "statement"),
    ("latch_verify::types", "statement"),
    ("latch_verify::reject", "statement"),
    ("latch_verify::verdict", "verdict"),
    ("latch_verify::twin", "twin"),
    ("latch_verify::image", "image"),
    ("latch_verify::boot", "image"),
    ("ed25519", "curve"),
    ("curve25519_dalek", "curve"),
    ("subtle::", "curve"),
    ("signature::", "curve"),
    ("sha2::", "sha2"),
    ("digest::", "sha2"),
    ("block_buffer::", "sha2"),
    ("hybrid_array::", "sha2"),
    ("heapless::", "core"),
    ("compiler_builtins", "core"),
    ("core::", "core"),
];

/// Named by the compiler and not by a path.
const BUILT_IN: &[&str] = &["__aeabi_", "mem", "__"];

fn part_of(path: &str) -> Option<&'static str> {
    if path.contains("serde") || path.contains("postcard") {
        return Some("codec");
    }
    if !path.contains("::") {
        return BUILT_IN
            .iter()
            .any(|start| path.starts_with(start))
            .then_some("core");
    }
    let first = PARTS
        .iter()
        .filter_map(|(name, part)| Some((path.find(name)?, *part)));
    first.min_by_key(|(at, _)| *at).map(|(_, part)| part)
}

#[cfg(test)]
mod tests {
    use super::part_of;

    #[test]
    fn functions_belong_where_their_path_begins() {
        let cases = [
            (
                "latch_verify::device::code::<impl latch_verify::device::Device<P,_>>::settle",
                Some("device"),
            ),
            (
                "latch_verify::journal::Journal<F,_>::append",
                Some("journal"),
            ),
            (
                "<latch_verify::wire::keys::KeyRing as latch_verify::wire::keys::Keys>::find",
                Some("wire"),
            ),
            (
                "latch_verify::ledger::record::_::<impl serde_core::ser::Serialize for X>::serialize",
                Some("codec"),
            ),
            (
                "<&mut postcard::ser::serializer::Serializer<F> as X>::serialize_field",
                Some("codec"),
            ),
            (
                "<&curve25519_dalek::field::FieldElement2625 as core::ops::arith::Mul>::mul",
                Some("curve"),
            ),
            ("core::slice::index::slice_index_fail", Some("core")),
            ("compiler_builtins::mem::memcpy", Some("core")),
            ("__aeabi_memcpy", Some("core")),
            ("verifier::__cortex_m_rt_main", None),
        ];
        for (path, part) in cases {
            assert_eq!(part_of(path), part, "{path}");
        }
    }
}
