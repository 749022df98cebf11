//! The program: what lies where in it, and which of it is tried.

use std::{fs, ops::Range, path::Path};

use addr2line::{
    Context,
    gimli::{Dwarf, EndianSlice, LittleEndian, SectionId},
};
use object::{Object as _, ObjectSection as _, ObjectSymbol as _, SectionFlags, SymbolKind};

use crate::Outcome;

/// Where RAM begins (Arm AN386).
const RAM: u64 = 0x2000_0000;
/// Where the monitor lies (its `monitor.x`), beyond the device's program.
pub(crate) const MONITOR: u32 = 0x30_0000;
/// Functions in which no instruction is skipped: field, group and scalar arithmetic, and the compression of SHA-2. A fault in
/// them gives another number, which the comparison after them has to refuse like any other.
const ARITHMETIC: &[&str] = &["curve25519_dalek::", "sha2::"];
/// The campaign's own functions.
const HARNESS: &[&str] = &[
    "latch_skips_device::probe::",
    "latch_skips_device::halt",
    "latch_skips_device::__cortex_m_rt_main",
    "main",
    "Reset",
];

/// A function of the program.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) range: Range<u32>,
}

pub(crate) struct Program {
    /// What lies in flash from address 0 on.
    pub(crate) code: Vec<u8>,
    functions: Vec<Function>,
    variables: Vec<Function>,
    /// RAM that variables take.
    pub(crate) ram: Range<u32>,
    lines: Lines,
}

type Reader = EndianSlice<'static, LittleEndian>;
struct Lines(Context<Reader>);

impl Program {
    pub(crate) fn load(path: &Path) -> Outcome<Self> {
        let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let file = object::File::parse(&*bytes)?;
        let mut code = Vec::new();
        let mut ram_end = RAM;
        for section in file.sections() {
            let (from, size) = (section.address(), section.size());
            let SectionFlags::Elf { sh_flags } = section.flags() else {
                continue;
            };
            if sh_flags & u64::from(object::elf::SHF_ALLOC) == 0 || size == 0 {
                continue;
            }
            if from >= RAM {
                ram_end = ram_end.max(from + size);
            } else {
                code.resize(code.len().max(usize::try_from(from + size)?), 0);
                let part = usize::try_from(from)?..usize::try_from(from + size)?;
                let data = section.data()?;
                code[part].copy_from_slice(data);
            }
        }
        let (mut functions, mut variables) = (Vec::new(), Vec::new());
        for symbol in file.symbols().filter(|symbol| symbol.size() > 0) {
            // The lowest bit of a function's address says that it is Thumb.
            let thumb = u64::from(symbol.kind() == SymbolKind::Text);
            let from = u32::try_from(symbol.address() & !thumb)?;
            let found = Function {
                name: format!("{:#}", rustc_demangle::demangle(symbol.name()?)),
                range: from..from + u32::try_from(symbol.size())?,
            };
            match symbol.kind() {
                SymbolKind::Text => functions.push(found),
                SymbolKind::Data => variables.push(found),
                _ => {}
            }
        }
        functions.sort_by_key(|function| function.range.start);
        functions.dedup_by_key(|function| function.range.start);
        Ok(Self {
            code,
            functions,
            variables,
            ram: u32::try_from(RAM)?..u32::try_from(ram_end)?,
            lines: Lines(lines(&file)?),
        })
    }

    /// The function of this name.
    pub(crate) fn function(&self, name: &str) -> Outcome<u32> {
        let found = self.functions.iter().find(|function| function.name == name);
        Ok(found
            .ok_or_else(|| format!("no function {name}"))?
            .range
            .start)
    }

    /// The variable of this name.
    pub(crate) fn variable(&self, name: &str) -> Outcome<Range<u32>> {
        let found = self.variables.iter().find(|variable| variable.name == name);
        Ok(found
            .ok_or_else(|| format!("no variable {name}"))?
            .range
            .clone())
    }

    /// What is given to a device, but for what these names stand for, and the key by which it is known.
    pub(crate) fn given(&self, but: &[&str]) -> Outcome<Vec<Range<u32>>> {
        const GIVEN: &str = "latch_skips_device::inputs::given::";
        let mut code = self.code.clone();
        let mut kept: Vec<&str> = but.to_vec();
        let mut erased = Vec::new();
        for variable in &self.variables {
            let Some(name) = variable.name.strip_prefix(GIVEN) else {
                continue;
            };
            code[variable.range.start as usize..variable.range.end as usize].fill(0xff);
            match kept.iter().position(|kept| *kept == name) {
                Some(at) => drop(kept.swap_remove(at)),
                None => erased.push(variable.range.clone()),
            }
        }
        if let Some(name) = kept.first() {
            return Err(format!("nothing is named {GIVEN}{name}").into());
        }
        // What the compiler has put somewhere else too would stay.
        if code.windows(10).any(is_statement) {
            return Err("a statement lies beside what is given".into());
        }
        Ok(erased)
    }

    /// The function that holds an address.
    fn holder(&self, address: u32) -> Option<&Function> {
        let after = self
            .functions
            .partition_point(|function| function.range.start <= address);
        let before = self.functions.get(after.checked_sub(1)?)?;
        before.range.contains(&address).then_some(before)
    }

    /// Whether an instruction at this address is skipped.
    pub(crate) fn is_tried(&self, address: u32) -> bool {
        self.holder(address)
            .is_some_and(|function| is_tried(&function.name))
    }

    /// Whether the function at this address has a name with this in it.
    pub(crate) fn is_within(&self, address: u32, name: &str) -> bool {
        self.holder(address)
            .is_some_and(|function| function.name.contains(name))
    }

    /// The function at this address.
    pub(crate) fn name(&self, address: u32) -> Option<&str> {
        Some(self.holder(address)?.name.as_str())
    }

    /// Everything but the functions of arithmetic, whatever lies there.
    pub(crate) fn but_arithmetic(&self) -> Vec<Range<u32>> {
        let mut ranges = Vec::new();
        let mut from = 0;
        for function in self.functions.iter().filter(|it| is_arithmetic(&it.name)) {
            if from < function.range.start {
                ranges.push(from..function.range.start);
            }
            from = function.range.end;
        }
        ranges.push(from..self.code.len() as u32);
        ranges
    }

    /// The functions that are not tried, by why.
    pub(crate) fn excluded(&self) -> Vec<&str> {
        let names = self.functions.iter().map(|function| function.name.as_str());
        names.filter(|name| is_arithmetic(name)).collect()
    }

    /// The instruction at an address: two bytes or four (Armv7-M, A5.1).
    pub(crate) fn instruction(&self, address: u32) -> Outcome<&[u8]> {
        let at = usize::try_from(address)?;
        let top = self.code.get(at + 1).ok_or("an address outside flash")? >> 3;
        let len = if top >= 0b11101 { 4 } else { 2 };
        Ok(self.code.get(at..at + len).ok_or("half an instruction")?)
    }

    /// What is loaded from an address on.
    pub(crate) fn from(&self, address: u32) -> &[u8] {
        self.code.get(address as usize..).unwrap_or_default()
    }

    /// Where an address is: its function, and the lines of the source, the innermost first.
    pub(crate) fn place(&self, address: u32) -> String {
        let mut place = match self.holder(address) {
            Some(function) => format!("{} + {:#x}", function.name, address - function.range.start),
            None => format!("{address:#x}"),
        };
        let mut frames = match self
            .lines
            .0
            .find_frames(u64::from(address))
            .skip_all_loads()
        {
            Ok(frames) => frames,
            Err(_) => return place,
        };
        while let Ok(Some(frame)) = frames.next() {
            if let Some((file, line)) = frame
                .location
                .and_then(|location| Some((location.file?, location.line?)))
            {
                let from = file
                    .find("/src/")
                    .map_or(0, |at| file[..at].rfind('/').map_or(0, |at| at + 1));
                place += &format!(" <- {}:{line}", &file[from..]);
            }
        }
        place
    }
}

/// Whether a statement begins so: its magic, one of nine kinds, and one of two versions (`envelope.rs` of the verifier).
fn is_statement(bytes: &[u8]) -> bool {
    bytes.starts_with(b"latch-v1") && matches!(bytes[8..], [1..=9, 0..=1])
}

fn is_arithmetic(name: &str) -> bool {
    let name = name.trim_start_matches(['<', '&', '[']);
    ARITHMETIC.iter().any(|start| name.starts_with(start))
}

fn is_tried(name: &str) -> bool {
    !is_arithmetic(name) && !HARNESS.iter().any(|start| name.starts_with(start))
}

fn lines(file: &object::File<'_>) -> Outcome<Context<Reader>> {
    let load = |id: SectionId| -> Outcome<Reader> {
        let section = file.section_by_name(id.name());
        let data = section
            .map(|section| section.uncompressed_data())
            .transpose()?;
        // It lives as long as the process: a program is loaded once a thread.
        let data = Box::leak(data.unwrap_or_default().into_owned().into_boxed_slice());
        Ok(EndianSlice::new(data, LittleEndian))
    };
    Ok(Context::from_dwarf(Dwarf::load(load)?)?)
}

#[cfg(test)]
mod tests {
    use super::is_tried;

    #[test]
    fn arithmetic_is_not_tried_and_what_compares_is() {
        assert!(!is_tried(
            "curve25519_dalek::backend::vartime_double_base_mul"
        ));
        assert!(!is_tried(
            "<curve25519_dalek::edwards::EdwardsPoint>::compress"
        ));
        assert!(!is_tried("sha2::sha512::compress512"));
        assert!(is_tried(
            "<ed25519_dalek::verifying::VerifyingKey>::verify_strict"
        ));
        assert!(is_tried("latch_verify::verdict::judge::judge"));
    }
}
