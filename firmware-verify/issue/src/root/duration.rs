//! Durations as people write them: `90s`, `15m`, `1h`, `7d`.

use core::str::FromStr;

use serde::{Deserialize, Deserializer, de::Error as _};

/// A whole number of seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Seconds(pub(super) u32);

impl FromStr for Seconds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (unit, number) = (
                text.chars().last()?,
                text.get(..text.len().checked_sub(1)?)?,
            );
            let seconds: u32 = match unit {
                's' => 1,
                'm' => 60,
                'h' => 3600,
                'd' => 86_400,
                _ => return None,
            };
            let plain = number.bytes().all(|byte| byte.is_ascii_digit());
            let number: u32 = number.parse().ok().filter(|_| plain)?;
            number.checked_mul(seconds).map(Self)
        };
        read().ok_or_else(|| {
            format!("`{text}` is no duration: write a whole number and s, m, h or d, such as 15m")
        })
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

#[test]
fn durations_are_read_and_anything_else_is_not() {
    let seconds = |text: &str| text.parse().ok().map(|Seconds(seconds)| seconds);
    assert_eq!(seconds("90s"), Some(90));
    assert_eq!(seconds("15m"), Some(900));
    assert_eq!(seconds("1h"), Some(3600));
    assert_eq!(seconds("7d"), Some(604_800));
    assert_eq!(seconds("0s"), Some(0));
    assert_eq!(seconds("49710d"), Some(4_294_944_000));
    for bad in [
        "", "s", "5", "5x", "-5s", "+5s", "1.5h", "1h30m", "5 s", "49711d", "5ü",
    ] {
        assert_eq!(seconds(bad), None, "{bad}");
    }
}
