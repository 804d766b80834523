//! Safety numbers: what two people compare to know that nobody sits between them.
//! Spec: spec/identity.md

use prost::Message as _;

use super::bugs::{Bug, Bugs};
use super::fault::{Code, Fault, Outcome};
use super::primitives::sha512;
use super::scan::with_first_of_each;

/// The fewest and the most iterations of SHA-512 that may be asked for.
pub const ITERATIONS: std::ops::RangeInclusive<u32> = 2..=1_000_000;

/// One person: an identifier of any length, and an identity key (33 bytes, `0x05` ‖ u).
#[derive(Debug, Clone)]
pub struct Side {
    /// A telephone number's text, a UUID's 16 bytes, or anything else.
    pub id: Vec<u8>,
    /// The identity key, 33 bytes.
    pub key: Vec<u8>,
}

/// A computed safety number, in its two forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// 60 decimal digits.
    pub display: String,
    /// The protobuf inside the QR code.
    pub scannable: Vec<u8>,
}

/// Computes the safety number that `local` shows for `remote`.
pub fn compute(
    local: &Side,
    remote: &Side,
    version: u32,
    iterations: u32,
    bugs: Bugs,
) -> Outcome<Fingerprint> {
    if !ITERATIONS.contains(&iterations) && !bugs.has(Bug::Fingerprint7AnyIterations) {
        return Err(Fault::new(Code::BadIterations, format!("{iterations}")));
    }
    let own = hash(local, version, iterations, bugs);
    let other = hash(remote, version, iterations, bugs);
    Ok(Fingerprint {
        display: display(&own, &other, bugs),
        scannable: scannable(&own, &other, version, bugs),
    })
}

/// h0 = SHA-512(0x0000 ‖ key ‖ id ‖ key), then h = SHA-512(h ‖ key), `iterations` hashes in all.
pub fn hash(side: &Side, version: u32, iterations: u32, bugs: Bugs) -> [u8; 64] {
    let mut tag = [0; 2];
    if bugs.has(Bug::Fingerprint1VersionInHash) {
        tag.copy_from_slice(&version.to_be_bytes()[2..]);
    }
    let mut h = sha512(&[&tag, &side.key, &side.id, &side.key]);
    for _ in 1..iterations {
        h = sha512(&[&h, &side.key]);
    }
    h
}

/// Sixty digits: the two sides' thirty each, the smaller string first.
pub fn display(own: &[u8; 64], other: &[u8; 64], bugs: Bugs) -> String {
    let (own, other) = (digits(own), digits(other));
    if own <= other || bugs.has(Bug::Fingerprint2OwnSideFirst) {
        own + &other
    } else {
        other + &own
    }
}

/// Thirty digits: six groups of five bytes, each as a number modulo 100 000.
pub fn digits(hash: &[u8; 64]) -> String {
    hash.chunks(5)
        .take(6)
        .map(|group| {
            let number = group.iter().fold(0_u64, |n, byte| n << 8 | u64::from(*byte));
            format!("{:05}", number % 100_000)
        })
        .collect()
}

/// The protobuf of one half of a QR code.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Half {
    #[prost(bytes = "vec", optional, tag = "1")]
    pub hash: Option<Vec<u8>>,
}

/// The protobuf inside a QR code. "Own" is whose phone shows it.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Scannable {
    #[prost(uint32, optional, tag = "1")]
    pub version: Option<u32>,
    #[prost(message, optional, tag = "2")]
    pub own: Option<Half>,
    #[prost(message, optional, tag = "3")]
    pub other: Option<Half>,
}

/// The QR code, with the first 32 bytes of each hash.
pub fn scannable(own: &[u8; 64], other: &[u8; 64], version: u32, bugs: Bugs) -> Vec<u8> {
    let length = if bugs.has(Bug::Fingerprint3ThirtyBytes) { 30 } else { 32 };
    let half = |hash: &[u8; 64]| Some(Half { hash: Some(hash[..length].to_vec()) });
    Scannable { version: Some(version), own: half(own), other: half(other) }.encode_to_vec()
}

/// A decoded QR code: version (0 when absent), own hash, other hash.
type Scanned = (u32, Vec<u8>, Vec<u8>);

/// Says whether the code `theirs`, scanned from the other phone, fits `mine`.
///
/// Refuses with `fingerprint_version` and `fingerprint_malformed`.
pub fn compare(mine: &[u8], theirs: &[u8], bugs: Bugs) -> Outcome<bool> {
    let (version, own, other) = decode(mine, None, bugs)?;
    let (_, their_own, their_other) = decode(theirs, Some(version), bugs)?;
    if bugs.has(Bug::Fingerprint4OneHalfSuffices) {
        return Ok(their_own == other || their_other == own);
    }
    Ok(their_own == other && their_other == own)
}

/// Decodes a QR code. Its version is compared before a missing half is complained of.
fn decode(bytes: &[u8], expected: Option<u32>, bugs: Bugs) -> Outcome<Scanned> {
    let malformed = |why: &str| Fault::new(Code::FingerprintMalformed, why);
    let code = if bugs.has(Bug::Fingerprint9FirstFieldWins) {
        Scannable::decode(&with_first_of_each(bytes)[..])
    } else {
        Scannable::decode(bytes)
    };
    let code = code.map_err(|_| malformed("no protobuf"))?;
    if bugs.has(Bug::Fingerprint8UnknownFieldRefused) && code.encoded_len() != bytes.len() {
        return Err(malformed("unknown field"));
    }
    let version = code.version.unwrap_or(0);
    if expected.is_some_and(|expected| expected != version)
        && !bugs.has(Bug::Fingerprint5VersionIgnored)
    {
        return Err(Fault::new(Code::FingerprintVersion, format!("version {version}")));
    }
    let half = |half: Option<Half>| match half.and_then(|half| half.hash) {
        None if bugs.has(Bug::Fingerprint6MissingFieldEmpty) => Ok(Vec::new()),
        hash => hash.ok_or_else(|| malformed("half missing")),
    };
    Ok((version, half(code.own)?, half(code.other)?))
}
