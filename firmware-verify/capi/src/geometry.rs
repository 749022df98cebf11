//! The units of flash that this build serves. They are constants of the verifier's types, so a build has one set of them:
//! chosen by the environment in which it is compiled, and asked for by the parts that C hands over.

/// Units that fit most microcontrollers: see the table in README.md.
const WRITE_SIZE_DEFAULT: usize = 8;
const ERASE_SIZE_DEFAULT: usize = 4096;
/// As [`Platform::LARGEST_PAGE`](latch_verify::device::Platform::LARGEST_PAGE) has it.
const LARGEST_PAGE_DEFAULT: usize = 16 * 1024;

/// Bytes of a write unit: `LATCH_FLASH_WRITE_SIZE` when the library is built. A part whose own units are smaller, and
/// divide it, is served too.
pub(crate) const WRITE_SIZE: usize =
    chosen(option_env!("LATCH_FLASH_WRITE_SIZE"), WRITE_SIZE_DEFAULT);
/// Bytes of an erase block: `LATCH_FLASH_ERASE_SIZE` when the library is built. As with write units.
pub(crate) const ERASE_SIZE: usize =
    chosen(option_env!("LATCH_FLASH_ERASE_SIZE"), ERASE_SIZE_DEFAULT);
/// Bytes of the largest page of an image that the product holds in RAM: `LATCH_LARGEST_PAGE` when the library is built.
pub(crate) const LARGEST_PAGE: usize =
    chosen(option_env!("LATCH_LARGEST_PAGE"), LARGEST_PAGE_DEFAULT);

const _: () = {
    assert!(
        WRITE_SIZE.is_power_of_two() && WRITE_SIZE <= 32,
        "LATCH_FLASH_WRITE_SIZE is 1, 2, 4, 8, 16 or 32"
    );
    assert!(
        ERASE_SIZE.is_power_of_two() && ERASE_SIZE >= WRITE_SIZE && ERASE_SIZE <= 1 << 20,
        "LATCH_FLASH_ERASE_SIZE is a power of two, of the write unit at least and 1 MiB at most"
    );
    assert!(
        LARGEST_PAGE.is_power_of_two() && LARGEST_PAGE >= 1024 && LARGEST_PAGE <= 16 * 1024,
        "LATCH_LARGEST_PAGE is a power of two from 1024 to 16384"
    );
};

/// A number from the environment of the build; 0, which nothing above admits, for what is none.
const fn chosen(text: Option<&str>, otherwise: usize) -> usize {
    let Some(text) = text else { return otherwise };
    match usize::from_str_radix(text, 10) {
        Ok(number) => number,
        Err(_) => 0,
    }
}

/// Bytes of the write units that this library was built for.
#[unsafe(no_mangle)]
pub extern "C" fn latch_flash_write_size() -> usize {
    WRITE_SIZE
}

/// Bytes of the erase blocks that this library was built for.
#[unsafe(no_mangle)]
pub extern "C" fn latch_flash_erase_size() -> usize {
    ERASE_SIZE
}

/// Bytes of the largest page of an image that this library was built for. A release with larger ones is refused.
#[unsafe(no_mangle)]
pub extern "C" fn latch_largest_page() -> usize {
    LARGEST_PAGE
}

#[cfg(test)]
mod tests {
    use super::chosen;

    #[test]
    fn what_is_no_number_is_refused_by_being_none_that_is_served() {
        assert_eq!(chosen(None, 8), 8);
        assert_eq!(chosen(Some("32"), 8), 32);
        for wrong in ["", "eight", "-8", "0x8", " 8"] {
            assert_eq!(chosen(Some(wrong), 8), 0, "{wrong}");
        }
    }
}
