//! JSON as leaves.

use core::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::{
    PatchError,
    leaves::{Leaf, Leaves, check_path},
};

/// The key under which bytes are written. No path can hold it.
const BYTES: &str = "$bytes";

impl Leaves {
    pub(super) fn from_json(value: &Value) -> Result<Self, PatchError> {
        let object = value.as_object().ok_or(PatchError::NotAnObject)?;
        let mut leaves = Self::default();
        leaves.add_members(&[], object)?;
        Ok(leaves)
    }

    /// Adds a value, and whatever lies below it.
    pub(super) fn add_json(&mut self, keys: Vec<String>, value: &Value) -> Result<(), PatchError> {
        check_path(&keys)?;
        let leaf = match value {
            Value::Null => Leaf::Null,
            Value::Bool(value) => Leaf::Bool(*value),
            Value::Number(number) => Leaf::Int(number.as_i64().ok_or_else(|| {
                let (path, number) = (keys.join("/"), number.to_string());
                PatchError::NotWhole { path, number }
            })?),
            Value::String(text) => Leaf::Text(text.clone()),
            Value::Array(_) => {
                let path = keys.join("/");
                return Err(PatchError::Array { path });
            }
            Value::Object(members) if members.is_empty() => Leaf::Empty,
            Value::Object(members) if members.contains_key(BYTES) => {
                let bytes = read_bytes(members).ok_or_else(|| {
                    let path = keys.join("/");
                    PatchError::BadBytes { path }
                })?;
                Leaf::Bytes(bytes)
            }
            Value::Object(members) => return self.add_members(&keys, members),
        };
        self.add(keys, leaf)
    }

    fn add_members(
        &mut self,
        above: &[String],
        members: &Map<String, Value>,
    ) -> Result<(), PatchError> {
        for (key, value) in members {
            let mut keys = above.to_vec();
            keys.push(key.clone());
            self.add_json(keys, value)?;
        }
        Ok(())
    }
}

fn read_bytes(members: &Map<String, Value>) -> Option<Vec<u8>> {
    let text = members.get(BYTES)?.as_str()?.as_bytes();
    if members.len() != 1 || !text.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    text.chunks_exact(2)
        .map(|pair| {
            let &[high, low] = pair else { return None };
            u8::try_from(digit(high)? * 16 + digit(low)?).ok()
        })
        .collect()
}

/// Reads JSON text in which no object has a key twice.
pub(super) fn read(text: &str) -> Result<Value, PatchError> {
    serde_json::from_str::<Unique>(text)
        .map(|Unique(value)| value)
        .map_err(|error| PatchError::NotJson(error.to_string()))
}

/// A value in which no object has a key twice. JSON leaves open which of two would count,
/// so people and programs might each see another one signed.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor).map(Self)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Unique(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((key, Unique(value))) = members.next_entry::<String, Unique>()? {
            if object.contains_key(&key) {
                return Err(A::Error::custom(format!("the key \"{key}\" stands twice")));
            }
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}
