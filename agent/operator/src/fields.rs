//! What a command has to say, as data: shown to people as text and to programs as JSON.

use std::fmt::{self, Write as _};

use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::Value;

/// Names and what stands under them, in the order in which people should read them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fields(Vec<(&'static str, Field)>);

/// What stands under a name.
#[derive(Debug, Clone, PartialEq)]
pub enum Field {
    /// Nothing: shown as a dash, or `null`.
    None,
    /// A value as JSON has it.
    Plain(Value),
    /// Fields of its own.
    Inner(Fields),
    /// Several of one sort.
    List(Vec<Field>),
}

impl Fields {
    /// No fields.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field at the end.
    #[must_use]
    pub fn with(mut self, name: &'static str, field: impl Into<Field>) -> Self {
        self.set(name, field);
        self
    }

    /// Adds what is shown by its [`Display`](fmt::Display): identifiers, versions.
    #[must_use]
    pub fn text(self, name: &'static str, value: impl fmt::Display) -> Self {
        self.with(name, value.to_string())
    }

    /// Adds a field at the end, if there is one.
    #[must_use]
    pub fn maybe(self, name: &'static str, field: Option<impl Into<Field>>) -> Self {
        match field {
            Some(field) => self.with(name, field),
            None => self,
        }
    }

    /// Adds or replaces a field.
    pub fn set(&mut self, name: &'static str, field: impl Into<Field>) {
        let field = field.into();
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, place)) => *place = field,
            None => self.0.push((name, field)),
        }
    }

    /// Adds all fields of another list.
    pub fn append(&mut self, other: Self) {
        for (name, field) in other.0 {
            self.set(name, field);
        }
    }

    /// Whether there is no field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The fields as indented lines for people.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        write_fields(&mut text, 0, self);
        text
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, field) in &self.0 {
            map.serialize_entry(name, field)?;
        }
        map.end()
    }
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => serializer.serialize_unit(),
            Self::Plain(value) => value.serialize(serializer),
            Self::Inner(fields) => fields.serialize(serializer),
            Self::List(items) => items.serialize(serializer),
        }
    }
}

macro_rules! from_plain {
    ($($type:ty),+) => { $(
        impl From<$type> for Field {
            fn from(value: $type) -> Self {
                Self::Plain(value.into())
            }
        }
    )+ };
}

from_plain!(
    bool, u8, u16, u32, u64, i32, i64, usize, &str, String, Value
);

impl From<Fields> for Field {
    fn from(fields: Fields) -> Self {
        Self::Inner(fields)
    }
}

impl<T: Into<Field>> From<Vec<T>> for Field {
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Field>> From<Option<T>> for Field {
    fn from(field: Option<T>) -> Self {
        field.map_or(Self::None, Into::into)
    }
}

/// Two spaces a level.
fn indent(text: &mut String, depth: usize) {
    text.extend(std::iter::repeat_n("  ", depth));
}

fn write_fields(text: &mut String, depth: usize, fields: &Fields) {
    let width = fields
        .0
        .iter()
        .map(|(name, field)| if is_line(field) { name.len() } else { 0 });
    let width = width.max().unwrap_or_default();
    for (name, field) in &fields.0 {
        let name = name.replace('_', " ");
        indent(text, depth);
        if let Some(line) = line(field) {
            let _ = writeln!(text, "{name:width$}  {line}");
        } else {
            let _ = writeln!(text, "{name}");
            write_below(text, depth + 1, field);
        }
    }
}

fn write_below(text: &mut String, depth: usize, field: &Field) {
    match field {
        Field::Inner(fields) => write_fields(text, depth, fields),
        Field::Plain(Value::Object(members)) => {
            for (name, value) in members {
                let field = Field::Plain(value.clone());
                indent(text, depth);
                if let Some(line) = line(&field) {
                    let _ = writeln!(text, "{name}  {line}");
                } else {
                    let _ = writeln!(text, "{name}");
                    write_below(text, depth + 1, &field);
                }
            }
        }
        Field::List(items) => {
            for item in items {
                if let Some(line) = line(item) {
                    indent(text, depth);
                    let _ = writeln!(text, "- {line}");
                } else {
                    indent(text, depth);
                    let mut below = String::new();
                    write_below(&mut below, depth + 1, item);
                    // The first line of the item stands beside its mark.
                    let _ = writeln!(text, "- {}", below.trim());
                }
            }
        }
        Field::None | Field::Plain(_) => {}
    }
}

/// What others have written must neither steer a terminal nor look like another line.
fn plain(text: &str) -> String {
    let escaped = text.chars().map(|character| {
        if character.is_control() {
            character.escape_default().to_string()
        } else {
            character.to_string()
        }
    });
    escaped.collect()
}

fn is_line(field: &Field) -> bool {
    line(field).is_some()
}

/// The field as the rest of a line, where it fits one.
fn line(field: &Field) -> Option<String> {
    match field {
        Field::None | Field::Plain(Value::Null) => Some("-".to_owned()),
        Field::Plain(Value::Object(members)) if members.is_empty() => Some("{}".to_owned()),
        Field::Plain(Value::Object(_)) => None,
        Field::Plain(Value::String(value)) => Some(plain(value)),
        Field::Plain(value) => Some(value.to_string()),
        Field::Inner(fields) => fields.is_empty().then(|| "-".to_owned()),
        Field::List(items) if items.is_empty() => Some("-".to_owned()),
        Field::List(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Fields {
        let inner = Fields::new().with("number", 5_u8).with("what", Field::None);
        let items = vec![Fields::new().with("a", 1_u8).with("b", 2_u8)];
        Fields::new()
            .text("device", "pump-7")
            .with("twin_version", 3_u64)
            .with("inner", inner)
            .with("tree", serde_json::json!({"pump": {"limit": 5}}))
            .with("list", vec!["x", "y"])
            .with("items", items)
    }

    #[test]
    fn people_read_lines() {
        let expected = "device        pump-7\ntwin version  3\ninner\n  number  5\n  what    -\ntree\n  pump\n    limit  5\nlist\n  - x\n  - y\nitems\n  - a  1\n    b  2\n";
        assert_eq!(example().to_text(), expected);
    }

    #[test]
    fn text_of_others_stays_in_its_line() {
        let fields = Fields::new().with("name", "a\u{1b}[2Jb\nkey  good\u{9b}");
        assert_eq!(fields.to_text(), "name  a\\u{1b}[2Jb\\nkey  good\\u{9b}\n");
    }

    #[test]
    fn programs_read_json_in_the_same_order() {
        let expected = r#"{"device":"pump-7","twin_version":3,"inner":{"number":5,"what":null},"tree":{"pump":{"limit":5}},"list":["x","y"],"items":[{"a":1,"b":2}]}"#;
        assert_eq!(serde_json::to_string(&example()).unwrap(), expected);
    }
}
