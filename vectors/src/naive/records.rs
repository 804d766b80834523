//! Records of accounts and devices: lists, statements, audit log, frames, provisioning.
//!
//! Encoders write what the fields say, sensible or not, so that a caller can make anything: another
//! order, another `previous`, another count. Decoders and checks follow the specification.
//! Spec: spec/records.md

pub mod audit;
pub mod base64;
pub mod device_list;
pub mod ed25519;
pub mod frame;
pub mod provisioning;
pub mod statements;

use super::bugs::Bugs;
use super::fault::{Code, Fault, Outcome};
use super::keys::{Private, Profile, Public, decode_public};
use super::xeddsa::{self, ORDER, Rule, verify};

/// XEdDSA by the paper's rule, as everything here is signed.
pub fn sign(private: &Private, message: &[u8], random: &[u8; 64]) -> [u8; 64] {
    xeddsa::sign(private, message, random, Rule::Paper, Bugs::NONE)
}

/// Whether `signature` is the one encoding of a signature of `message`.
pub fn verifies(public: &Public, message: &[u8], signature: &[u8]) -> bool {
    verify(public, message, signature, Profile::Native, Bugs::NONE).is_ok()
}

/// The same signature with s + q in place of s: a lax verifier takes it. Ed25519 ones too.
pub fn malleable(signature: &[u8; 64]) -> [u8; 64] {
    let mut out = *signature;
    let mut carry = 0;
    for (byte, q) in out[32..].iter_mut().zip(ORDER) {
        carry += u16::from(*byte) + u16::from(q);
        *byte = carry as u8;
        carry >>= 8;
    }
    out
}

/// Reads field after field; whatever runs out is `malformed`.
#[derive(Clone, Debug)]
pub struct Input<'a> {
    pub rest: &'a [u8],
}

impl<'a> Input<'a> {
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub fn bytes(&mut self, length: usize) -> Outcome<&'a [u8]> {
        if length > self.rest.len() {
            return Err(Fault::malformed("cut off"));
        }
        let (bytes, rest) = self.rest.split_at(length);
        self.rest = rest;
        Ok(bytes)
    }

    pub fn array<const N: usize>(&mut self) -> Outcome<[u8; N]> {
        let mut out = [0; N];
        out.copy_from_slice(self.bytes(N)?);
        Ok(out)
    }

    pub fn u8(&mut self) -> Outcome<u8> {
        Ok(self.array::<1>()?[0])
    }

    pub fn u16(&mut self) -> Outcome<u16> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    pub fn u32(&mut self) -> Outcome<u32> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    pub fn u64(&mut self) -> Outcome<u64> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    /// 1 to 127.
    pub fn device_id(&mut self) -> Outcome<u8> {
        match self.u8()? {
            id @ 1..=127 => Ok(id),
            _ => Err(Fault::malformed("device id")),
        }
    }

    pub fn literal(&mut self, expected: &[u8]) -> Outcome<()> {
        if self.bytes(expected.len())? == expected {
            Ok(())
        } else {
            Err(Fault::malformed("another label"))
        }
    }

    pub fn end(&self) -> Outcome<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(Fault::malformed("bytes left over")) }
    }
}

/// A public key of 33 bytes, as the strict profile wants it.
fn strict(bytes: &[u8]) -> Outcome<Public> {
    decode_public(bytes, Profile::Strict, Bugs::NONE)
}

fn refuse<T>(code: Code, why: &str) -> Outcome<T> {
    Err(Fault::new(code, why))
}
