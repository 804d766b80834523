//! A canonical dump of all state: the state format of `session.export` and the input of the state
//! fingerprint. Spec: spec/state.md
//!
//! Integers big-endian, byte strings and lists with a 32-bit count before them, options with a
//! byte 0 or 1 before them. A private format: nobody but this implementation reads it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::bugs::{Bug, Bugs};
use super::fault::{Code, Fault, Outcome};
use super::keys::KeyPair;
use super::party::{Address, Party, Record};
use super::primitives::sha256;

/// The first byte of an exported state.
pub const VERSION: u8 = 1;

/// SHA-256 over all state of a party.
pub fn fingerprint(party: &Party) -> [u8; 32] {
    let mut bytes = Vec::new();
    party.put(&mut bytes);
    sha256(&[&bytes])
}

/// Everything the party knows of its sessions with `peer`: version byte ‖ dump of the record.
pub fn export(party: &Party, peer: &Address) -> Outcome<Vec<u8>> {
    let record =
        party.records.get(peer).ok_or_else(|| Fault::new(Code::NoSession, "nothing to export"))?;
    let mut bytes = vec![VERSION];
    record.put(&mut bytes);
    Ok(bytes)
}

/// Takes the place of the record with `peer`.
///
/// Refuses with `bad_state` and changes nothing.
pub fn import(party: &mut Party, peer: &Address, bytes: &[u8]) -> Outcome<()> {
    let record = read_record(bytes, party.bugs)
        .ok_or_else(|| Fault::new(Code::BadState, "not a state of this format"))?;
    party.records.insert(peer.clone(), record);
    Ok(())
}

fn read_record(bytes: &[u8], bugs: Bugs) -> Option<Record> {
    let (&version, rest) = bytes.split_first()?;
    if version != VERSION && !bugs.has(Bug::State3FormatVersionIgnored) {
        return None;
    }
    let mut input = rest;
    let mut record = match Record::take(&mut input) {
        None if bugs.has(Bug::State2TruncationAccepted) => {
            input = &[];
            Record::default()
        }
        taken => taken?,
    };
    if !input.is_empty() && !bugs.has(Bug::State4TailIgnored) {
        return None;
    }
    if bugs.has(Bug::State1SeedsForgotten) {
        record.for_each_session(|session| {
            session.receiver_chains.iter_mut().for_each(|chain| chain.seeds.clear());
            session.native.seeds.clear();
        });
    }
    Some(record)
}

/// Something that can be written to a dump and read back.
pub trait Dump: Sized {
    fn put(&self, out: &mut Vec<u8>);
    /// None if the bytes are no dump of this type.
    fn take(input: &mut &[u8]) -> Option<Self>;
}

/// Cuts `length` bytes off the front.
pub fn cut<'a>(input: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (head, tail) = input.split_at_checked(length)?;
    *input = tail;
    Some(head)
}

macro_rules! dump_integer {
    ($($integer:ty)*) => {$(
        impl Dump for $integer {
            fn put(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_be_bytes());
            }

            fn take(input: &mut &[u8]) -> Option<Self> {
                let bytes = cut(input, size_of::<Self>())?;
                Some(Self::from_be_bytes(bytes.try_into().ok()?))
            }
        }
    )*};
}
dump_integer!(u8 u32 u64);

/// Implements [`Dump`] for a struct, field after field.
macro_rules! dump_struct {
    ($name:ident { $($field:ident),* $(,)? }) => {
        impl $crate::naive::state::Dump for $name {
            fn put(&self, out: &mut Vec<u8>) {
                $($crate::naive::state::Dump::put(&self.$field, out);)*
            }

            fn take(input: &mut &[u8]) -> Option<Self> {
                Some(Self { $($field: $crate::naive::state::Dump::take(input)?),* })
            }
        }
    };
}
pub(crate) use dump_struct;

dump_struct!(KeyPair { private, public });

impl<const N: usize> Dump for [u8; N] {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }

    fn take(input: &mut &[u8]) -> Option<Self> {
        cut(input, N)?.try_into().ok()
    }
}

impl Dump for bool {
    fn put(&self, out: &mut Vec<u8>) {
        u8::from(*self).put(out);
    }

    fn take(input: &mut &[u8]) -> Option<Self> {
        match u8::take(input)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl Dump for String {
    fn put(&self, out: &mut Vec<u8>) {
        self.as_bytes().to_vec().put(out);
    }

    fn take(input: &mut &[u8]) -> Option<Self> {
        Self::from_utf8(Vec::take(input)?).ok()
    }
}

impl<T: Dump> Dump for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn take(input: &mut &[u8]) -> Option<Self> {
        if bool::take(input)? { Some(Some(T::take(input)?)) } else { Some(None) }
    }
}

impl<A: Dump, B: Dump> Dump for (A, B) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }

    fn take(input: &mut &[u8]) -> Option<Self> {
        Some((A::take(input)?, B::take(input)?))
    }
}

fn put_all<'a, T: Dump + 'a>(items: impl ExactSizeIterator<Item = &'a T>, out: &mut Vec<u8>) {
    (items.len() as u32).put(out);
    items.for_each(|item| item.put(out));
}

fn take_all<T: Dump>(input: &mut &[u8]) -> Option<Vec<T>> {
    let count = u32::take(input)?;
    // No allocation by the count: it may be a lie.
    let mut items = Vec::new();
    for _ in 0..count {
        items.push(T::take(input)?);
    }
    Some(items)
}

impl<T: Dump> Dump for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        put_all(self.iter(), out);
    }

    fn take(input: &mut &[u8]) -> Option<Self> {
        take_all(input)
    }
}

impl<T: Dump> Dump for VecDeque<T> {
    fn put(&self, out: &mut Vec<u8>) {
        put_all(self.iter(), out);
    }

    fn take(input: &mut &[u8]) -> Option<Self> {
        Some(take_all(input)?.into())
    }
}

impl<T: Dump + Ord> Dump for BTreeSet<T> {
    fn put(&self, out: &mut Vec<u8>) {
        put_all(self.iter(), out);
    }

    fn take(input: &mut &[u8]) -> Option<Self> {
        Some(take_all(input)?.into_iter().collect())
    }
}

impl<K: Dump + Ord, V: Dump> Dump for BTreeMap<K, V> {
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u32).put(out);
        for (key, value) in self {
            key.put(out);
            value.put(out);
        }
    }

    fn take(input: &mut &[u8]) -> Option<Self> {
        Some(take_all::<(K, V)>(input)?.into_iter().collect())
    }
}
