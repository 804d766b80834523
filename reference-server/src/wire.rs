//! How values look in JSON: base64, times, suites, device ids. Each is read in exactly one form.
//!
//! Spec: `spec/openapi.yaml`.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::ids::{DeviceId, Moment, Suite};

/// The greatest integer that every JSON reader keeps: 2^53 - 1.
pub const INTEGER_MAX: u64 = (1 << 53) - 1;

/// Bytes of any length as standard base64, padded, canonical.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base64(pub Vec<u8>);

/// `N` bytes as standard base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Base64Array<const N: usize>(pub [u8; N]);

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<const N: usize> Serialize for Base64Array<N> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        text(from, "canonical base64", |text| STANDARD.decode(text).ok().map(Self))
    }
}

impl<'de, const N: usize> Deserialize<'de> for Base64Array<N> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        text(from, "canonical base64 of the right length", |text| {
            STANDARD.decode(text).ok()?.try_into().ok().map(Self)
        })
    }
}

/// A Curve25519 public key as base64: 33 bytes, 0x05 first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Key(pub Base64Array<33>);

impl Key {
    /// From its bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 33]) -> Self {
        Self(Base64Array(bytes))
    }

    /// Its bytes.
    #[must_use]
    pub const fn bytes(self) -> [u8; 33] {
        self.0.0
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let bytes = Base64Array::<33>::deserialize(from)?;
        let typed = bytes.0.first() == Some(&0x05);
        typed.then_some(Self(bytes)).ok_or_else(|| de::Error::custom("no public key"))
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&Rfc3339(*self))
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        text(from, "a time as 2027-03-01T12:00:00.000Z", parse_time)
    }
}

/// Shows a moment as RFC 3339, UTC, with milliseconds.
struct Rfc3339(Moment);

impl fmt::Display for Rfc3339 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = i128::from(self.0.0).saturating_mul(1_000_000);
        let at =
            time::OffsetDateTime::from_unix_timestamp_nanos(nanos).map_err(|_far| fmt::Error)?;
        let (year, month, day) = at.to_calendar_date();
        let (hour, minute, second, milli) = at.to_hms_milli();
        let month = u8::from(month);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
    }
}

fn parse_time(text: &str) -> Option<Moment> {
    let format = time::macros::format_description!(
        "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z"
    );
    let at = time::PrimitiveDateTime::parse(text, format).ok()?.assume_utc();
    let moment = Moment(u64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok()?);
    // One form only: no sign before the year, nothing left out.
    (Rfc3339(moment).to_string() == text).then_some(moment)
}

const SUITES: [(u16, &str); 4] = [
    (0x0101, "box-xsalsa20"),
    (0x0102, "box-xchacha20"),
    (0x0303, "signal-v3"),
    (0x0311, "ratchet-chacha20"),
];

impl Suite {
    /// `signal-v3`.
    pub const SIGNAL_V3: Self = Self(0x0303);
    /// `ratchet-chacha20`.
    pub const RATCHET_CHACHA20: Self = Self(0x0311);

    /// The registered names of the suites that the server carries.
    pub fn names() -> impl Iterator<Item = &'static str> {
        SUITES.into_iter().map(|(_, name)| name)
    }

    /// Whether devices publish prekeys for it.
    #[must_use]
    pub fn has_prekeys(self) -> bool {
        matches!(self, Self::SIGNAL_V3 | Self::RATCHET_CHACHA20)
    }

    fn named(name: &str) -> Option<Self> {
        SUITES.into_iter().find(|row| row.1 == name).map(|row| Self(row.0))
    }
}

impl Serialize for Suite {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let row = SUITES.into_iter().find(|row| row.0 == self.0);
        to.serialize_str(row.map_or("unknown", |row| row.1))
    }
}

impl<'de> Deserialize<'de> for Suite {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        text(from, "the name of a suite", Self::named)
    }
}

/// For `#[serde(with)]`: a suite with prekeys.
pub mod prekey_suite {
    use super::*;

    /// Writes its name.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn serialize<S: Serializer>(suite: &Suite, to: S) -> Result<S::Ok, S::Error> {
        suite.serialize(to)
    }

    /// Reads its name.
    ///
    /// # Errors
    /// For a name of another suite.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Suite, D::Error> {
        let suite = Suite::deserialize(from)?;
        suite.has_prekeys().then_some(suite).ok_or_else(|| de::Error::custom("no prekeys there"))
    }
}

/// A device id in JSON: a number from 1 to 127.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Device(pub DeviceId);

impl Serialize for Device {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u8(self.0.number())
    }
}

impl<'de> Deserialize<'de> for Device {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let number = u8::deserialize(from)?;
        let id = DeviceId::new(number).ok_or_else(|| de::Error::custom("not 1 to 127"))?;
        Ok(Self(id))
    }
}

/// For `#[serde(default, deserialize_with)]`: a member that may be absent, but not null.
///
/// # Errors
/// Those of the member.
pub fn present<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(from).map(Some)
}

/// A JSON object, where `serde` alone would take an array of the members' values too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Members<T>(std::marker::PhantomData<T>);

        impl<'de, T: Deserialize<'de>> de::Visitor<'de> for Members<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(de::value::MapAccessDeserializer::new(map)).map(Object)
            }
        }

        from.deserialize_map(Members(std::marker::PhantomData))
    }
}

/// Reads a text by `parse`; the error names what was expected, not what came.
pub(crate) fn text<'de, D, T>(
    from: D,
    expected: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
{
    struct Text<F>(&'static str, F);

    impl<T, F: Fn(&str) -> Option<T>> de::Visitor<'_> for Text<F> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
            (self.1)(text).ok_or_else(|| E::custom(self.0))
        }
    }

    from.deserialize_str(Text(expected, parse))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_one_form() {
        let read = |text: &str| serde_json::from_value::<Moment>(text.into()).ok();
        assert_eq!(read("1970-01-01T00:00:01.002Z"), Some(Moment(1002)));
        for wrong in [
            "1970-01-01T00:00:01Z",
            "1970-01-01T00:00:01.02Z",
            "1970-01-01T00:00:01.002+00:00",
            "1970-01-01t00:00:01.002Z",
            "1969-12-31T23:59:59.999Z",
            "1970-02-30T00:00:01.002Z",
            "+1970-01-01T00:00:01.002Z",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        let shown = serde_json::to_value(Moment(1_800_000_000_123)).unwrap();
        assert_eq!(shown, "2027-01-15T08:00:00.123Z");
    }

    #[test]
    fn base64_has_one_form() {
        let read = |text: &str| serde_json::from_value::<Base64Array<1>>(text.into()).ok();
        assert_eq!(read("AA=="), Some(Base64Array([0])));
        for wrong in ["AA", "AA=", "AB==", "AA==\n", "AA == ", "A_==", "", "AAA="] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn an_object_is_no_array() {
        #[derive(Debug, Deserialize, PartialEq)]
        #[serde(deny_unknown_fields)]
        struct Pair {
            a: u8,
            b: u8,
        }
        let read = |text: &str| serde_json::from_str::<Object<Pair>>(text).ok();
        assert_eq!(read(r#"{"a":1,"b":2}"#), Some(Object(Pair { a: 1, b: 2 })));
        for wrong in ["[1,2]", r#"{"a":1}"#, r#"{"a":1,"b":2,"c":3}"#, r#"{"a":1,"b":2,"b":2}"#] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
