//! Argument objects are closed: what is unknown, missing or of another type is a bad request.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use countersign_protocol::ids::DeviceId;
use countersign_protocol::profile::Profile;
use countersign_protocol::sender_key::DistributionId;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

use crate::refusal::{Refusal, bad_request};

/// A value that was written as an object. Serde would also take a struct's fields from a list.
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData)).map(Self)
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

/// Reads the arguments of an operation.
pub(crate) fn parse<'a, T: Deserialize<'a>>(args: &'a str) -> Result<T, Refusal> {
    let object: Object<T> = serde_json::from_str(args).map_err(|error| explain(&error))?;
    Ok(object.0)
}

/// Only names of fields are repeated: the values may be secret.
fn explain(error: &serde_json::Error) -> Refusal {
    let text = error.to_string();
    if text.starts_with("unknown field") || text.starts_with("missing field") {
        Refusal::BadRequest(Cow::Owned(text))
    } else {
        bad_request("an argument has the wrong type, length or range")
    }
}

/// A field that must be there and may be `null`.
pub(crate) fn nullable<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer)
}

/// A field that may be left out and, when it is there, is not `null`.
pub(crate) fn present<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// A device number, 1 to 127.
pub(crate) fn device_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DeviceId, D::Error> {
    let number = u8::deserialize(deserializer)?;
    DeviceId::new(number).ok_or_else(|| de::Error::custom("device id out of range"))
}

/// A UUID, as its 16 bytes.
pub(crate) fn distribution_id<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<DistributionId, D::Error> {
    let text = Cow::<str>::deserialize(deserializer)?;
    uuid(&text).map(DistributionId).ok_or_else(|| de::Error::custom("not a UUID"))
}

/// The 16 bytes of a UUID in its one form of text: lower case, with hyphens.
pub(crate) fn uuid(text: &str) -> Option<[u8; 16]> {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths_fit = parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]);
    let lower_case = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    let mut bytes = [0; 16];
    hex::decode_to_slice(parts.concat(), &mut bytes).ok().filter(|()| lengths_fit && lower_case)?;
    Some(bytes)
}

/// `compatible` or `strict`.
pub(crate) fn profile<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Profile, D::Error> {
    Ok(match ProfileName::deserialize(deserializer)? {
        ProfileName::Compatible => Profile::Compatible,
        ProfileName::Strict => Profile::Strict,
    })
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum ProfileName {
    Compatible,
    Strict,
}
