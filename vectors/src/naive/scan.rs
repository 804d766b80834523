//! How implementations with a bug in their protobuf reader see a message.
//!
//! The correct reader is prost's. A bug here rewrites the bytes before prost sees them.

use super::bugs::{Bug, Bugs};
use super::fault::{Fault, Outcome};
use super::wire::{put_tag, put_varint, put_varint_field};

/// One field as it stands in the bytes.
#[derive(Clone, Debug)]
pub struct Field {
    pub number: u64,
    pub wire_type: u8,
    /// The number of a varint field.
    pub value: u64,
    /// The field without its tag.
    pub content: Vec<u8>,
}

/// What could be read of a message.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    pub fields: Vec<Field>,
    /// False if the rest could not be read.
    pub complete: bool,
    /// True if a varint took more bytes than it needs.
    pub long_varint: bool,
}

/// The bytes as the bug reads them; as they are when there is none.
pub fn as_a_bug_reads(bytes: &[u8], types: &[(u64, u8)], bugs: Bugs) -> Outcome<Vec<u8>> {
    let scan = scan(bytes);
    let refused = match bugs.0 {
        Some(Bug::Wire3OrderDemanded) => {
            scan.fields.windows(2).any(|pair| pair[0].number > pair[1].number)
        }
        Some(Bug::Wire4UnknownFieldRefused) => {
            scan.fields.iter().any(|field| types.iter().all(|(number, _)| *number != field.number))
        }
        Some(Bug::Wire6LongVarintRefused) => scan.long_varint,
        _ => false,
    };
    if refused {
        return Err(Fault::malformed("not as this reader wants it"));
    }
    let rewritten = match bugs.0 {
        Some(Bug::Wire5FirstFieldWins) if scan.complete => first_of_each(&scan.fields),
        Some(Bug::Wire7LongNumberSaturates) if scan.complete => saturated(&scan.fields),
        Some(Bug::Wire8UnreadableSkipped) => readable(&scan.fields, types),
        _ => return Ok(bytes.to_vec()),
    };
    Ok(encode(&rewritten))
}

/// The bytes without every field that was there before; as they are when they cannot be read.
pub fn with_first_of_each(bytes: &[u8]) -> Vec<u8> {
    let scan = scan(bytes);
    if scan.complete { encode(&first_of_each(&scan.fields)) } else { bytes.to_vec() }
}

fn first_of_each(fields: &[Field]) -> Vec<Field> {
    let mut kept: Vec<Field> = Vec::new();
    for field in fields {
        if kept.iter().all(|earlier| earlier.number != field.number) {
            kept.push(field.clone());
        }
    }
    kept
}

fn saturated(fields: &[Field]) -> Vec<Field> {
    let mut fields = fields.to_vec();
    for field in fields.iter_mut().filter(|field| field.wire_type == 0) {
        field.value = field.value.min(u64::from(u32::MAX));
        let mut whole = Vec::new();
        put_varint(&mut whole, field.value, 1);
        field.content = whole;
    }
    fields
}

fn readable(fields: &[Field], types: &[(u64, u8)]) -> Vec<Field> {
    let fits = |field: &&Field| {
        types.iter().any(|&(number, kind)| number == field.number && kind == field.wire_type)
    };
    fields.iter().filter(fits).cloned().collect()
}

fn encode(fields: &[Field]) -> Vec<u8> {
    let mut out = Vec::new();
    for field in fields {
        if field.wire_type == 0 {
            put_varint_field(&mut out, field.number, field.value);
        } else {
            put_tag(&mut out, field.number, field.wire_type);
            out.extend_from_slice(&field.content);
        }
    }
    out
}

/// Reads fields until the bytes end or make no sense.
pub fn scan(bytes: &[u8]) -> Scan {
    let mut result = Scan::default();
    let mut input = bytes;
    while !input.is_empty() {
        let Some(field) = take_field(&mut input, &mut result.long_varint) else {
            return result;
        };
        result.fields.push(field);
    }
    result.complete = true;
    result
}

fn take_field(input: &mut &[u8], long: &mut bool) -> Option<Field> {
    let tag = take_varint(input, long)?;
    let (number, wire_type) = (tag >> 3, (tag & 7) as u8);
    let before = *input;
    let value = skip_value(input, number, wire_type, long, 0)?;
    let content = before[..before.len() - input.len()].to_vec();
    Some(Field { number, wire_type, value, content })
}

fn skip_value(
    input: &mut &[u8],
    number: u64,
    wire_type: u8,
    long: &mut bool,
    depth: u32,
) -> Option<u64> {
    let skip = match wire_type {
        0 => return take_varint(input, long),
        1 => 8,
        2 => usize::try_from(take_varint(input, long)?).ok()?,
        3 if depth < 100 => loop {
            let tag = take_varint(input, long)?;
            if tag & 7 == 4 {
                return (tag >> 3 == number).then_some(0);
            }
            skip_value(input, tag >> 3, (tag & 7) as u8, long, depth + 1)?;
        },
        5 => 4,
        _ => return None,
    };
    *input = input.get(skip..)?;
    Some(0)
}

fn take_varint(input: &mut &[u8], long: &mut bool) -> Option<u64> {
    let mut value = 0;
    for index in 0..10 {
        let (&byte, rest) = input.split_first()?;
        *input = rest;
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            *long |= index > 0 && byte == 0;
            return Some(value);
        }
    }
    None
}
