//! What the program `walk` has told: `group name number` on each line.

use crate::{Outcome, lines::Lines};

/// Instructions of the loop that shows that the timer counts instructions: a million rounds of two, and one more.
const LOOP: u64 = 2_000_002;
/// What two ticks of the timer may hide of them.
const TICKS: u64 = 80;
/// Bytes of an array that shows that the paint shows the stack, and what its frame may have around it.
const ARRAY: u64 = 4096;
const AROUND: u64 = 128;

/// Steps that a device in the field does: the stack has to be deep enough for each.
const STEPS: [&str; 13] = [
    "boot",
    "boot_trial",
    "accept",
    "accept_receipt",
    "accept_full",
    "accept_full_receipt",
    "refuse",
    "rotate_root",
    "state",
    "install",
    "page",
    "arm",
    "confirm",
];

/// Reads a log.
pub(crate) fn read(target: &str, log: &str, measured: &mut Lines) -> Outcome<()> {
    for told in log.lines() {
        let parts: Vec<&str> = told.split_whitespace().collect();
        let [group, name, number] = parts[..] else {
            return Err(format!("{target}: walk says: {told}").into());
        };
        let number = number
            .parse()
            .map_err(|_| format!("{target}: walk says: {told}"))?;
        measured.note(target, group, name, number);
    }
    check_instruments(target, measured)
}

/// Looks at the steps whose cost is known, and takes them away.
fn check_instruments(target: &str, measured: &mut Lines) -> Outcome<()> {
    let counted = measured.take(target, "instructions", "loop")?;
    if counted.abs_diff(LOOP) > TICKS {
        return Err(format!(
            "{target}: {counted} instructions in a loop of {LOOP}: the timer does not count them"
        )
        .into());
    }
    let painted = measured.take(target, "stack", "array")?;
    if !(ARRAY..=ARRAY + AROUND).contains(&painted) {
        return Err(format!(
            "{target}: {painted} bytes of stack for an array of {ARRAY}: the paint does not show them"
        )
        .into());
    }
    measured.take(target, "instructions", "array")?;
    measured.take(target, "stack", "loop")?;
    Ok(())
}

/// Adds the lines that follow from others.
pub(crate) fn derive(target: &str, measured: &mut Lines) -> Outcome<()> {
    for step in STEPS {
        let stack = measured.expect(target, "stack", step)?;
        measured.note(target, "stack", "deepest", stack);
    }
    let variables = measured.take(target, "ram", "variables")?;
    let device = measured.take(target, "ram", "device")?;
    let twin = measured.expect(target, "ram", "twin")?;
    measured.note(target, "ram", "static", device + variables - twin);
    let accept = measured.expect(target, "instructions", "accept")?;
    let bare = measured.expect(target, "instructions", "verify_strict")?;
    measured.note(target, "ratio", "accept", (accept * 1000).div_ceil(bare));
    let slot = measured.expect(target, "instructions", "slot")?;
    let bare = measured.expect(target, "instructions", "sha256")?;
    measured.note(target, "ratio", "slot", (slot * 1000).div_ceil(bare));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a walk begins with.
    fn instruments(instructions: u64, stack: u64) -> String {
        format!(
            "instructions loop {instructions}\nstack loop 8\ninstructions array 900\nstack array {stack}\n"
        )
    }

    #[test]
    fn a_timer_that_counts_something_else_is_found() {
        let read = |counted| read("m4", &instruments(counted, ARRAY), &mut Lines::default());
        assert!(read(LOOP - TICKS).is_ok());
        assert!(read(LOOP / 2).is_err());
    }

    #[test]
    fn paint_that_shows_something_else_is_found() {
        let read = |painted| read("m4", &instruments(LOOP, painted), &mut Lines::default());
        assert!(read(ARRAY + AROUND).is_ok());
        assert!(read(ARRAY - 4).is_err());
        assert!(read(ARRAY + AROUND + 4).is_err());
    }

    #[test]
    fn what_walk_says_besides_numbers_is_an_error() {
        let mut lines = Lines::default();
        assert!(read("m4", "panicked at walk.rs: a good code\n", &mut lines).is_err());
        assert!(read("m4", "", &mut lines).is_err());
    }

    #[test]
    fn of_several_numbers_the_largest_counts() {
        let mut lines = Lines::default();
        let log = instruments(LOOP, ARRAY) + "stack page 5\nstack page 9\nstack page 7\n";
        read("m4", &log, &mut lines).unwrap();
        assert_eq!(lines.get("m4", "stack", "page"), Some(9));
    }
}
