//! Sizes of what C declares and the library fills. A program that was built with the header of one library and is linked with
//! another is told apart by LATCH_ABI alone: so both are written down here, and cannot change apart from each other unnoticed.

use std::fmt::Write as _;

use latch_capi as c;

/// LATCH_ABI, and below it the sizes that it stands for. The test says when and how to bring them up to date.
const ABI: u32 = 2;

/// Numbers of `include/latch.h`, and bytes of its structures with pointers of 64 bits; both in its order.
const SIZES: &str = "\
LATCH_RECEIPT_SIZE 469
LATCH_STATE_SIZE 2517
LATCH_SEED_WORDS 9
LATCH_REQUEST_SIZE 277
LATCH_DEVICE_WORDS 1072 with pointers of 32 bits
LATCH_DEVICE_WORDS 1088 with pointers of 64 bits
LATCH_DEVICE_ALIGNMENT 8
LATCH_DEVICE_NAME_SIZE 33
LATCH_RECORD_SIZE 2304
LATCH_BOOTLOADER_WORDS 160 with pointers of 32 bits
LATCH_BOOTLOADER_WORDS 176 with pointers of 64 bits
LATCH_RESTORATION_WORDS 32
LATCH_LINK_WORDS 72
LATCH_LINE_SIZE 276
LATCH_LINK_LEAST_IN 3104
LATCH_LINK_AROUND_PAGE 536
LATCH_LINK_OUT_SIZE 3034
latch_device_t 8704
latch_refusal_t 24
latch_text_t 16
latch_statement_id_t 16
latch_seed_t 72
latch_key_t 24
latch_name_t 32
latch_identity_t 72
latch_flash_t 48
latch_clock_t 24
latch_entropy_t 16
latch_counter_t 24
latch_parts_t 240
latch_version_t 8
latch_factory_t 36
latch_bytes_t 16
latch_value_t 48
latch_entry_t 64
latch_release_t 24
latch_action_t 104
latch_verdict_t 160
latch_actuator_t 32
latch_polled_t 56
latch_image_t 72
latch_facts_t 224
latch_wanted_t 28
latch_paged_t 56
latch_armed_t 16
latch_bootloader_t 1408
latch_choice_t 104
latch_images_t 220
latch_restoration_t 256
latch_link_t 576
latch_link_status_t 24
latch_ask_t 160
latch_standing_t 128
latch_pulse_t 40
";

/// Whether a number of the header is a size. Others may change, and programs of before go on.
fn is_size(name: &str) -> bool {
    let ends = ["_WORDS", "_SIZE", "_LEAST_IN", "_AROUND_PAGE", "_ALIGNMENT"];
    ends.iter().any(|end| name.ends_with(end))
}

macro_rules! bytes_of {
    ($($structure:ident)+) => {
        [$((stringify!($structure), size_of::<c::$structure>())),+]
    };
}

fn sizes() -> String {
    let header = include_str!("../include/latch.h");
    let (mut sizes, mut condition) = (String::new(), "");
    for line in header.lines() {
        match line.split_once(' ') {
            Some(("#if", found)) => condition = found,
            Some(("#define", define)) => {
                let (name, value) = define.split_once(' ').unwrap_or((define, ""));
                if is_size(name) && value.parse::<u64>().is_ok() {
                    let width = condition.strip_prefix("defined(LATCH_POINTERS_");
                    let width = width.and_then(|width| width.strip_suffix(')'));
                    let only = width.map(|width| format!(" with pointers of {width} bits"));
                    writeln!(sizes, "{name} {value}{}", only.unwrap_or_default()).unwrap();
                }
            }
            _ if line.starts_with("#endif") => condition = "",
            _ => {}
        }
    }
    let structures = bytes_of! {
        latch_device_t latch_refusal_t latch_text_t latch_statement_id_t latch_seed_t latch_key_t latch_name_t latch_identity_t
        latch_flash_t latch_clock_t latch_entropy_t latch_counter_t latch_parts_t latch_version_t latch_factory_t latch_bytes_t
        latch_value_t latch_entry_t latch_release_t latch_action_t latch_verdict_t latch_actuator_t latch_polled_t latch_image_t
        latch_facts_t latch_wanted_t latch_paged_t latch_armed_t latch_bootloader_t latch_choice_t latch_images_t
        latch_restoration_t latch_link_t latch_link_status_t latch_ask_t latch_standing_t latch_pulse_t
    };
    let declared = header
        .lines()
        .filter_map(|line| line.strip_prefix("typedef struct ")?.strip_suffix(" {"));
    assert!(
        declared.eq(structures.map(|(name, _)| name)),
        "`bytes_of!` in tests/sizes.rs has to name every structure of include/latch.h, in its order"
    );
    for (name, size) in structures {
        writeln!(sizes, "{name} {size}").unwrap();
    }
    sizes
}

#[test]
fn the_abi_stands_for_these_sizes() {
    let found = sizes();
    let gone = SIZES.lines().filter(|line| !has(&found, line));
    let new = found.lines().filter(|line| !has(SIZES, line));
    let differs: String = gone
        .map(|line| format!("\n- {line}"))
        .chain(new.map(|line| format!("\n+ {line}")))
        .collect();
    assert_eq!(
        c::LATCH_ABI,
        ABI,
        "LATCH_ABI has changed: write it into ABI in tests/sizes.rs, and what it stands for into SIZES:{differs}"
    );
    assert!(
        SIZES == found,
        "sizes of the C interface have changed, and LATCH_ABI has not. If anybody may have built a program with a header of \
         LATCH_ABI {ABI}, raise it in src/parts.rs: that program would hand over storage of the old sizes, and be believed. What \
         is only new does not need it. Then write into SIZES in tests/sizes.rs:{differs}"
    );
}

fn has(lines: &str, line: &str) -> bool {
    lines.lines().any(|other| other == line)
}
