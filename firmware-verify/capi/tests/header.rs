//! `include/latch.h` is what the library's sources say: made anew here, and compared.

use std::{env, fmt::Write as _, fs, path::Path};

use cbindgen::{Builder, Config, DocumentationLength, Language, Style};
use latch_verify::Reason;

const REGENERATE: &str = "LATCH_REGENERATE";
const HEADER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/include/latch.h");

/// The sources whose items stand in the header, in its order.
const SOURCES: &[&str] = &[
    "result",
    "boundary",
    "telling",
    "parts",
    "seed",
    "enrol",
    "life",
    "cell",
    "action",
    "entries",
    "verdict",
    "statements",
    "facts",
    "images",
    "loader",
    "restore",
    "link",
    "asked",
    "ended",
    "told",
    "geometry",
];
/// Those without any.
const BEHIND: &[&str] = &["lib", "board", "kept", "panic"];

const PREAMBLE: &str = "\
/* The C interface of Latch: see README.md beside this folder. Made from the sources of latch-capi by its test `header`;
   do not edit.

   Every function returns LATCH_OK or a number that says why not: see latch_result_t. One thread at a time may be inside a
   device, its callbacks included. */";

const POINTERS: &str = "
#if UINTPTR_MAX > 0xffffffffu
#define LATCH_POINTERS_64
#else
#define LATCH_POINTERS_32
#endif

/* Bytes of the buffer for what a link takes in, where the largest page of an image has `page` bytes. */
#define LATCH_LINK_IN_SIZE(page)                                                                                                \\
    ((page) + LATCH_LINK_AROUND_PAGE > LATCH_LINK_LEAST_IN ? (page) + LATCH_LINK_AROUND_PAGE : LATCH_LINK_LEAST_IN)
";

/// Enumerations that no signature names: C hands their numbers over as plain integers, which are looked at.
const HANDED_OVER: &[&str] = &[
    "latch_started_kind_t",
    "latch_release_kind_t",
    "latch_key_kept_t",
    "latch_program_t",
    "latch_life_t",
    "latch_why_t",
];

fn config() -> Config {
    let mut config = Config {
        language: Language::C,
        header: Some(PREAMBLE.to_owned()),
        include_guard: Some("LATCH_H".to_owned()),
        cpp_compat: true,
        documentation_length: DocumentationLength::Full,
        style: Style::Both,
        usize_is_size_t: true,
        line_length: 120,
        tab_width: 4,
        no_includes: true,
        sys_includes: ["stdbool.h", "stddef.h", "stdint.h"]
            .map(str::to_owned)
            .into(),
        after_includes: Some(POINTERS.to_owned() + &reasons()),
        ..Config::default()
    };
    for width in [32, 64] {
        let (condition, define) = (
            format!("target_pointer_width = {width}"),
            format!("LATCH_POINTERS_{width}"),
        );
        config.defines.insert(condition, define);
    }
    config.export.include = HANDED_OVER.iter().map(|name| (*name).to_owned()).collect();
    config
}

/// The numbers of refusals, as the verifier lists them.
fn reasons() -> String {
    let mut text = String::from(
        "\n/* Reasons for a refusal. The numbers are those of receipts, and never get a second meaning. */\nenum {\n",
    );
    for reason in Reason::ALL {
        let name = screaming(reason.name());
        let sentence = reason.sentence();
        writeln!(
            text,
            "    /* {sentence} */\n    LATCH_REASON_{name} = {},",
            reason.number()
        )
        .unwrap();
    }
    text.push_str("};");
    text
}

fn screaming(name: &str) -> String {
    let mut out = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(letter.to_ascii_uppercase());
    }
    out
}

fn generated() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut builder = Builder::new().with_config(config());
    for source in SOURCES {
        builder = builder.with_src(folder.join(format!("{source}.rs")));
    }
    let mut header = Vec::new();
    builder
        .generate()
        .expect("the sources are Rust that has a place in C")
        .write(&mut header);
    let header = String::from_utf8(header).expect("a header is text");
    // What Rust calls so is what the caller promises.
    header.replace("* # Safety\n", "* Promised by the caller:\n")
}

#[test]
fn the_committed_header_is_what_the_sources_say() {
    let expected = generated();
    if env::var_os(REGENERATE).is_some_and(|value| value == "1") {
        fs::write(HEADER, &expected).unwrap();
    }
    let found = fs::read_to_string(HEADER).unwrap_or_default();
    let same = found
        .lines()
        .zip(expected.lines())
        .take_while(|(found, expected)| found == expected);
    let line = same.count() + 1;
    assert!(
        found == expected,
        "include/latch.h is stale from line {line} on. Set {REGENERATE}=1 and look at what has changed; a change that programs built with the old header would not survive raises LATCH_ABI"
    );
}

#[test]
fn every_source_has_its_place() {
    let mut found: Vec<String> = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))
        .unwrap()
        .filter_map(|entry| Some(entry.unwrap().path().file_stem()?.to_str()?.to_owned()))
        .collect();
    found.sort();
    let mut listed = [SOURCES, BEHIND].concat();
    listed.sort_unstable();
    assert_eq!(found, listed);
}
