//! Protocol Buffers, read exactly as strictly and as laxly as `prost` reads them.
//!
//! Unknown fields and groups are skipped, the last of repeated fields counts, varints need not be
//! minimal. A wrong wire type, field number 0, wire types 6 and 7, a stray or missing end of group
//! and truncation are refused. Spec: `spec/wire.md#protobuf`.

use crate::problem::Problem;

/// Groups within groups beyond this are refused, as `prost` does.
const DEPTH_MAX: u32 = 100;

/// One field of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field<'a> {
    pub(crate) number: u32,
    pub(crate) value: Value<'a>,
}

/// The value of a field, by wire type. Groups are skipped by the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    /// A fixed-width number or a group, which no message of ours holds.
    Other,
}

impl<'a> Field<'a> {
    /// The value of a `bytes` field.
    pub(crate) fn bytes(self) -> Result<&'a [u8], Problem> {
        match self.value {
            Value::Bytes(bytes) => Ok(bytes),
            Value::Varint(_) | Value::Other => Err(Problem::Malformed),
        }
    }

    /// The value of a `uint32` field: the low 32 bits of the varint.
    pub(crate) fn uint32(self) -> Result<u32, Problem> {
        match self.value {
            #[expect(clippy::cast_possible_truncation, reason = "the rule of the format")]
            Value::Varint(value) => Ok(value as u32),
            Value::Bytes(_) | Value::Other => Err(Problem::Malformed),
        }
    }
}

/// The fields of `message` in the order they stand there.
///
/// After the first error nothing follows.
pub(crate) const fn fields(message: &[u8]) -> Fields<'_> {
    Fields { rest: message }
}

/// The iterator of [`fields`].
#[derive(Clone, Debug)]
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, Problem>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.read_field();
        if field.is_none() {
            self.rest = &[];
        }
        Some(field.ok_or(Problem::Malformed))
    }
}

impl<'a> Fields<'a> {
    #[inline]
    fn read_field(&mut self) -> Option<Field<'a>> {
        let (number, wire_type) = self.read_key()?;
        let value = match wire_type {
            0 => Value::Varint(self.read_varint()?),
            2 => Value::Bytes(self.read_bytes()?),
            _ => {
                self.skip(number, wire_type, 0)?;
                Value::Other
            }
        };
        Some(Field { number, value })
    }

    #[inline]
    fn read_key(&mut self) -> Option<(u32, u8)> {
        let key = u32::try_from(self.read_varint()?).ok()?;
        let number = key >> 3;
        (number != 0).then_some((number, (key & 7) as u8))
    }

    #[inline]
    fn read_varint(&mut self) -> Option<u64> {
        let (first, rest) = self.rest.split_first()?;
        if *first < 0x80 {
            self.rest = rest;
            return Some(u64::from(*first));
        }
        let mut value = 0;
        for (at, byte) in self.rest.iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * at);
            if *byte < 0x80 {
                self.rest = self.rest.get(at + 1..)?;
                return (at < 9 || *byte < 2).then_some(value);
            }
        }
        None
    }

    #[inline]
    fn read_bytes(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.read_varint()?).ok()?;
        let (bytes, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(bytes)
    }

    fn skip(&mut self, number: u32, wire_type: u8, depth: u32) -> Option<()> {
        if depth == DEPTH_MAX {
            return None;
        }
        match wire_type {
            0 => self.read_varint().map(drop),
            1 => self.skip_fixed(8),
            2 => self.read_bytes().map(drop),
            3 => loop {
                match self.read_key()? {
                    (inner, 4) => break (inner == number).then_some(()),
                    (inner, wire_type) => self.skip(inner, wire_type, depth + 1)?,
                }
            },
            5 => self.skip_fixed(4),
            _ => None,
        }
    }

    fn skip_fixed(&mut self, len: usize) -> Option<()> {
        self.rest = self.rest.get(len..)?;
        Some(())
    }
}

/// Length of `value` as a varint: 1 to 5 bytes.
pub(crate) const fn varint_len(value: u32) -> usize {
    match value {
        0..0x80 => 1,
        0x80..0x4000 => 2,
        0x4000..0x20_0000 => 3,
        0x20_0000..0x1000_0000 => 4,
        _ => 5,
    }
}

/// Length of a `uint32` field with a number of at most 15.
pub(crate) const fn uint32_len(value: u32) -> usize {
    1 + varint_len(value)
}

/// Length of a `bytes` field with a number of at most 15.
pub(crate) const fn bytes_len(len: usize) -> usize {
    1 + varint_len(len_u32(len)) + len
}

/// Appends a varint of at most 32 bits.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
}

/// Appends a `uint32` field; a value of 0 is written too. Field numbers are at most 15.
pub(crate) fn put_uint32(out: &mut Vec<u8>, number: u8, value: u32) {
    out.push(number << 3);
    put_varint(out, value);
}

/// Appends the head of a `bytes` field, to be followed by `len` bytes.
pub(crate) fn put_bytes_head(out: &mut Vec<u8>, number: u8, len: usize) {
    out.push(number << 3 | 2);
    put_varint(out, len_u32(len));
}

/// Appends a `bytes` field.
pub(crate) fn put_bytes(out: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    put_bytes_head(out, number, bytes.len());
    out.extend_from_slice(bytes);
}

/// Lengths of 4 GiB or more cannot be written; the messages of this crate never reach them.
#[expect(clippy::cast_possible_truncation, reason = "capped")]
const fn len_u32(len: usize) -> u32 {
    if len > u32::MAX as usize { u32::MAX } else { len as u32 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What `prost` makes of the same bytes.
    #[derive(Clone, PartialEq, prost::Message)]
    struct Peer {
        #[prost(bytes = "vec", optional, tag = "1")]
        first: Option<Vec<u8>>,
        #[prost(uint32, optional, tag = "2")]
        second: Option<u32>,
    }

    fn read(bytes: &[u8]) -> Result<Peer, Problem> {
        let mut peer = Peer::default();
        for field in fields(bytes) {
            let field = field?;
            match field.number {
                1 => peer.first = Some(field.bytes()?.to_vec()),
                2 => peer.second = Some(field.uint32()?),
                _ => {}
            }
        }
        Ok(peer)
    }

    fn agrees(bytes: &[u8]) {
        let theirs = <Peer as prost::Message>::decode(bytes);
        assert_eq!(read(bytes).ok(), theirs.ok(), "{}", hex::encode(bytes));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn arbitrary_bytes_read_as_prost_reads_them(
            bytes in proptest::collection::vec(any::<u8>(), 0..40),
        ) {
            agrees(&bytes);
        }

        #[test]
        fn likely_bytes_read_as_prost_reads_them(
            bytes in proptest::collection::vec(
                prop_oneof![0u8..16, 0x18u8..0x30, Just(0x80), Just(0x81), Just(0xff)], 0..24),
        ) {
            agrees(&bytes);
        }
    }

    #[test]
    fn groups_nest_as_deep_as_in_prost() {
        for depth in 95..105 {
            let mut bytes = vec![0x1b; depth];
            bytes.extend(vec![0x1c; depth]);
            agrees(&bytes);
            let mut bytes = vec![0x1b; depth];
            bytes.extend([0x28, 0]);
            bytes.extend(vec![0x1c; depth]);
            agrees(&bytes);
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let mut bytes = Vec::new();
        put_bytes(&mut bytes, 1, &[7; 300]);
        put_uint32(&mut bytes, 2, 0);
        assert_eq!(bytes.len(), bytes_len(300) + uint32_len(0));
        assert_eq!(read(&bytes), Ok(Peer { first: Some(vec![7; 300]), second: Some(0) }));
    }
}
