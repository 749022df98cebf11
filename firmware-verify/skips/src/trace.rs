//! What QEMU has logged of a run.

/// The addresses in a log of executions: `Trace 0: 0x7f... [00000000/00001234/...] name`. What was stopped before it began
/// is logged twice.
pub(crate) fn executed(log: &str) -> Vec<u32> {
    let mut addresses = Vec::new();
    for line in log.lines() {
        if line.starts_with("Stopped execution") {
            addresses.pop();
            continue;
        }
        let address = line.strip_prefix("Trace ").and_then(|line| {
            let (_, rest) = line.split_once('[')?;
            u32::from_str_radix(rest.split('/').nth(1)?, 16).ok()
        });
        addresses.extend(address);
    }
    addresses
}

#[cfg(test)]
mod tests {
    use super::executed;

    #[test]
    fn a_log_names_what_was_executed() {
        let log = "Trace 0: 0x7f12 [00000000/00001234/00000110/ff000201] \n\
                   Trace 0: 0x7f34 [00000000/00001236/00000110/ff000201] name\n\
                   Stopped execution of TB chain before 0x7f34 [00001236] name\n\
                   Trace 0: 0x7f34 [00000000/00001236/00000110/ff000201] name\n";
        assert_eq!(executed(log), [0x1234, 0x1236]);
    }
}
