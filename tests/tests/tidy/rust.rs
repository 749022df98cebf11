//! Just enough of Rust's grammar to look at code without its comments and strings, and at product code without its tests.
//!
//! Every function keeps the length of the text and its line ends, so that offsets stay true.

/// The text with comments and the insides of string and character literals blanked.
pub(crate) fn code(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let after_word = at > 0 && is_word(bytes[at - 1]);
        let length = if rest.starts_with(b"//") {
            rest.iter()
                .position(|byte| *byte == b'\n')
                .unwrap_or(rest.len())
        } else if rest.starts_with(b"/*") {
            block_comment(rest)
        } else if let Some(raw) = raw_string(rest).filter(|_| !after_word) {
            raw
        } else if rest[0] == b'"' {
            quoted(rest)
        } else if rest[0] == b'\'' {
            character(rest)
        } else {
            at += 1;
            continue;
        };
        for byte in &mut out[at..at + length] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at += length;
    }
    String::from_utf8(out)
        .expect("whole literals and comments are blanked, so characters stay whole")
}

/// [`code`] split in two of the same length: what the product is made of, and what lies under `#[cfg(test)]`.
pub(crate) fn split_tests(text: &str) -> (String, String) {
    let code = code(text);
    let mut product = code.clone().into_bytes();
    let mut tests: Vec<u8> = product
        .iter()
        .map(|byte| if *byte == b'\n' { b'\n' } else { b' ' })
        .collect();
    let mut from = 0;
    while let Some(start) = find_test_attribute(&code[from..]).map(|found| from + found) {
        let end = start + item_length(&code.as_bytes()[start..]);
        for at in start..end {
            if product[at] != b'\n' {
                tests[at] = product[at];
                product[at] = b' ';
            }
        }
        from = end;
    }
    let whole = |bytes| String::from_utf8(bytes).expect("items begin and end at ASCII characters");
    (whole(product), whole(tests))
}

/// Where a whole word stands in a text; a word may hold `::` and `!`, or begin with `.`.
pub(crate) fn words<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = usize> + 't {
    let edge = |byte: Option<&u8>| byte.is_none_or(|byte| !is_word(*byte));
    let bytes = text.as_bytes();
    text.match_indices(word)
        .map(|(at, _)| at)
        .filter(move |at| {
            let before = at.checked_sub(1).and_then(|before| bytes.get(before));
            let opens = !word.as_bytes().first().is_some_and(|byte| is_word(*byte)) || edge(before);
            let closes = !word.as_bytes().last().is_some_and(|byte| is_word(*byte))
                || edge(bytes.get(at + word.len()));
            opens && closes
        })
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn block_comment(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        if rest[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// The length of `r"…"`, `r#"…"#`, `br"…"` or `cr"…"` at the start.
fn raw_string(rest: &[u8]) -> Option<usize> {
    let prefix = [&b"r"[..], b"br", b"cr"]
        .into_iter()
        .find(|prefix| rest.starts_with(prefix))?
        .len();
    let hashes = rest[prefix..]
        .iter()
        .take_while(|byte| **byte == b'#')
        .count();
    let open = prefix + hashes;
    if rest.get(open) != Some(&b'"') {
        return None;
    }
    let mut close = vec![b'"'];
    close.resize(1 + hashes, b'#');
    let inside = &rest[open + 1..];
    let length = inside
        .windows(close.len())
        .position(|window| window == close);
    Some(length.map_or(rest.len(), |length| open + 1 + length + close.len()))
}

fn quoted(rest: &[u8]) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// The length of a character literal; 1 for the tick of a lifetime.
fn character(rest: &[u8]) -> usize {
    match rest.get(1) {
        Some(b'\\') => rest[3..]
            .iter()
            .position(|byte| *byte == b'\'')
            .map_or(rest.len(), |length| length + 4),
        Some(first) => {
            let width = match first {
                0..0x80 => 1,
                0x80..0xe0 => 2,
                0xe0..0xf0 => 3,
                _ => 4,
            };
            if rest.get(1 + width) == Some(&b'\'') {
                width + 2
            } else {
                1
            }
        }
        None => 1,
    }
}

fn find_test_attribute(code: &str) -> Option<usize> {
    ["#[cfg(test)]", "#[cfg(all(test,"]
        .into_iter()
        .filter_map(|attribute| code.find(attribute))
        .min()
}

/// The length of an item with the attributes before it: to its `;`, or to the brace that closes its body.
fn item_length(code: &[u8]) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in code.iter().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            b';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

#[test]
fn comments_and_literals_are_blanked_and_nothing_else() {
    let text =
        "a /* b /* c */ d */ e // f\n\"g\\\"h\" r#\"i\"j\"# 'k' '\\'' &'l m '\u{e9}' br\"n\" o";
    let blanked = code(text);
    assert_eq!(blanked.len(), text.len());
    let left: Vec<&str> = blanked.split_whitespace().collect();
    assert_eq!(left, ["a", "e", "&", "l", "m", "o"]);
    assert_eq!(blanked.lines().count(), 2);
}

#[test]
fn tests_are_told_from_product() {
    let text = "fn a() { b(\"}\") }\n#[cfg(test)]\nmod tests {\n fn c() { d() }\n}\n#[cfg(test)] mod e;\nfn f() {}\n";
    let (product, tests) = split_tests(text);
    assert_eq!(
        words(&product, "f").count() + words(&product, "b").count(),
        2
    );
    assert_eq!(
        words(&product, "d").count() + words(&product, "e").count(),
        0
    );
    assert_eq!(words(&tests, "d").count() + words(&tests, "e").count(), 2);
    assert_eq!(words(&tests, "f").count(), 0);
}

#[test]
fn words_are_whole() {
    assert_eq!(words("unsafe_code unsafe xunsafe", "unsafe").count(), 1);
    assert_eq!(words("a.unwrap() b.unwrap_or(1)", ".unwrap()").count(), 1);
    assert_eq!(words("dbg!(x) xdbg!(y)", "dbg!").count(), 1);
}
