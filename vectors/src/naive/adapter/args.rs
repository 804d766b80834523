//! The arguments of a request: closed, and of one type each.

use serde_json::{Map, Value};

use crate::naive::fault::{Code, Fault, Outcome};
use crate::naive::keys::{Profile, Public};
use crate::naive::party::{Address, Bundle, BundleKey};

/// What is left of an argument object; each getter takes its argument out.
#[derive(Clone, Debug, Default)]
pub struct Args {
    pub values: Map<String, Value>,
}

impl Args {
    /// An argument of any type that must be there.
    pub fn any(&mut self, name: &str) -> Outcome<Value> {
        self.values.remove(name).ok_or_else(|| bad(format!("{name} is missing")))
    }

    /// Refuses arguments that nobody asked for. Call it before the operation has an effect.
    pub fn done(&self) -> Outcome<()> {
        match self.values.keys().next() {
            Some(name) => Err(bad(format!("unknown argument {name}"))),
            None => Ok(()),
        }
    }

    pub fn text(&mut self, name: &str) -> Outcome<String> {
        match self.any(name)? {
            Value::String(text) => Ok(text),
            _ => Err(bad(format!("{name} is not text"))),
        }
    }

    /// Bytes in lower-case hex.
    pub fn hex(&mut self, name: &str) -> Outcome<Vec<u8>> {
        let text = self.text(name)?;
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(bad(format!("{name} is not lower-case hex")));
        }
        hex::decode(&text).map_err(|_| bad(format!("{name} is not hex")))
    }

    /// Exactly `N` bytes in hex.
    pub fn hex_n<const N: usize>(&mut self, name: &str) -> Outcome<[u8; N]> {
        let bytes = self.hex(name)?;
        bytes.try_into().map_err(|_| bad(format!("{name} is not {N} bytes")))
    }

    /// Exactly `N` bytes in hex, or the argument is absent.
    pub fn optional_hex_n<const N: usize>(&mut self, name: &str) -> Outcome<Option<[u8; N]>> {
        if self.values.contains_key(name) { self.hex_n(name).map(Some) } else { Ok(None) }
    }

    pub fn u64(&mut self, name: &str) -> Outcome<u64> {
        self.any(name)?.as_u64().ok_or_else(|| bad(format!("{name} is not a whole number")))
    }

    pub fn u32(&mut self, name: &str) -> Outcome<u32> {
        u32::try_from(self.u64(name)?).map_err(|_| bad(format!("{name} is beyond 32 bits")))
    }

    /// Milliseconds since 1970: 0 to 2^53 - 1.
    pub fn ms(&mut self, name: &str) -> Outcome<u64> {
        let value = self.u64(name)?;
        if value < 1 << 53 { Ok(value) } else { Err(bad(format!("{name} is beyond 2^53 - 1"))) }
    }

    /// A device id: 1 to 127.
    pub fn device_id(&mut self) -> Outcome<u32> {
        let id = self.u32("device_id")?;
        if (1..=127).contains(&id) { Ok(id) } else { Err(bad("device_id is not 1 to 127")) }
    }

    /// A UUID as text: 8-4-4-4-12 lower-case hex digits.
    pub fn uuid(&mut self, name: &str) -> Outcome<String> {
        let text = self.text(name)?;
        if is_uuid(&text) { Ok(text) } else { Err(bad(format!("{name} is not a UUID"))) }
    }

    pub fn bool(&mut self, name: &str) -> Outcome<bool> {
        self.any(name)?.as_bool().ok_or_else(|| bad(format!("{name} is not true or false")))
    }

    pub fn list(&mut self, name: &str) -> Outcome<Vec<Value>> {
        match self.any(name)? {
            Value::Array(list) => Ok(list),
            _ => Err(bad(format!("{name} is not a list"))),
        }
    }

    /// A list of 32-bit numbers.
    pub fn u32_list(&mut self, name: &str) -> Outcome<Vec<u32>> {
        let number = |value: Value| value.as_u64().and_then(|number| u32::try_from(number).ok());
        self.list(name)?
            .into_iter()
            .map(|value| number(value).ok_or_else(|| bad(format!("{name} is not all numbers"))))
            .collect()
    }

    /// An object as arguments of its own.
    pub fn object(&mut self, name: &str) -> Outcome<Self> {
        match self.any(name)? {
            Value::Object(values) => Ok(Self { values }),
            _ => Err(bad(format!("{name} is not an object"))),
        }
    }

    /// An argument that is there but may be null; None if it is.
    pub fn nullable<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Self) -> Outcome<T>,
    ) -> Outcome<Option<T>> {
        if self.values.get(name) == Some(&Value::Null) {
            self.values.remove(name);
            return Ok(None);
        }
        read(self).map(Some)
    }

    /// An argument that may be absent or null.
    pub fn optional<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Self) -> Outcome<T>,
    ) -> Outcome<Option<T>> {
        if self.values.contains_key(name) { self.nullable(name, read) } else { Ok(None) }
    }

    pub fn public(&mut self, name: &str) -> Outcome<Public> {
        self.hex_n::<33>(name)
    }

    pub fn profile(&mut self) -> Outcome<Profile> {
        match self.text("profile")?.as_str() {
            "compatible" => Ok(Profile::Compatible),
            "strict" => Ok(Profile::Strict),
            "native" => Ok(Profile::Native),
            other => Err(bad(format!("no profile {other}"))),
        }
    }

    /// A device address: `{name, device_id}` and, native, `incarnation`.
    pub fn address(&mut self, name: &str) -> Outcome<Address> {
        let mut fields = self.object(name)?;
        let address = Address {
            name: fields.text("name")?,
            device_id: fields.device_id()?,
            incarnation: fields.optional("incarnation", |fields| fields.hex_n("incarnation"))?,
        };
        fields.done()?;
        Ok(address)
    }

    pub fn bundle(&mut self) -> Outcome<Bundle> {
        let mut fields = self.object("bundle")?;
        let bundle = Bundle {
            registration_id: fields.u32("registration_id")?,
            device_id: fields.device_id()?,
            identity_key: fields.hex("identity_key")?,
            signed_prekey: bundle_key(fields.object("signed_prekey")?)?,
            one_time_prekey: fields.nullable("one_time_prekey", |fields| {
                bundle_key(fields.object("one_time_prekey")?)
            })?,
            name: fields.optional("name", |fields| fields.text("name"))?,
            incarnation: fields.optional("incarnation", |fields| fields.hex_n("incarnation"))?,
        };
        fields.done()?;
        Ok(bundle)
    }
}

fn bundle_key(mut fields: Args) -> Outcome<BundleKey> {
    let key = BundleKey {
        id: fields.u32("id")?,
        public: fields.hex("public")?,
        signature: fields.optional("signature", |fields| fields.hex("signature"))?,
    };
    fields.done()?;
    Ok(key)
}

/// True if the text is 8-4-4-4-12 lower-case hex digits.
pub fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    lengths == [8, 4, 4, 4, 12] && groups.iter().all(|group| group.bytes().all(digit))
}

/// A request that is wrong in itself.
pub fn bad(detail: impl Into<String>) -> Fault {
    Fault::new(Code::BadRequest, detail)
}
