//! Assignments as people write them on a command line: `pump/limit=5`.

use serde_json::Value;

use super::{
    PatchError, json,
    leaves::{Leaves, check_path},
};

impl Leaves {
    pub(super) fn from_assignments<S: AsRef<str>>(
        assignments: impl IntoIterator<Item = S>,
    ) -> Result<Self, PatchError> {
        let mut leaves = Self::default();
        for assignment in assignments {
            let text = assignment.as_ref();
            let (path, value) = text
                .split_once('=')
                .filter(|(path, value)| !path.is_empty() && !value.is_empty())
                .ok_or_else(|| PatchError::NotAssignment {
                    text: text.to_owned(),
                })?;
            let keys: Vec<String> = path.split('/').map(str::to_owned).collect();
            check_path(&keys)?;
            let value = read_value(path, value)?;
            leaves.add_json(keys, &value)?;
        }
        Ok(leaves)
    }
}

/// A value on a command line. Whatever could be taken for two things is refused.
fn read_value(path: &str, text: &str) -> Result<Value, PatchError> {
    let as_json = |text: &str| {
        json::read(text).map_err(|error| match error {
            PatchError::NotJson(why) => PatchError::NotJson(format!("{path}: {why}")),
            other => other,
        })
    };
    match text.as_bytes().first() {
        Some(b'"' | b'{' | b'[') => as_json(text),
        Some(b'0'..=b'9' | b'-' | b'+' | b'.') => read_number(path, text),
        _ if matches!(text, "true" | "false" | "null") => as_json(text),
        _ if text.trim() != text => Err(PatchError::Ambiguous {
            path: path.to_owned(),
            text: format!("`{text}`"),
        }),
        _ => Ok(text.into()),
    }
}

/// What begins like a number: one, or text that cannot be taken for one (`10.0.0.1`).
fn read_number(path: &str, text: &str) -> Result<Value, PatchError> {
    match text.parse::<i64>() {
        Ok(number) if number.to_string() == text => Ok(number.into()),
        // 007 and +7: kept as text they would lose their meaning, as numbers their form.
        Ok(_) => Err(PatchError::Ambiguous {
            path: path.to_owned(),
            text: text.to_owned(),
        }),
        Err(_) if text.parse::<f64>().is_ok() => Err(PatchError::NotWhole {
            path: path.to_owned(),
            number: text.to_owned(),
        }),
        Err(_) => Ok(text.into()),
    }
}
