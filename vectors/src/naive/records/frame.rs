//! The plaintext of every pairwise suite.

use super::Input;
use super::device_list::level;
use crate::naive::fault::{Code, Fault, Outcome};
use crate::naive::native::wire::DeviceName;

/// The longest device list, 127 devices with 255 suites each.
pub const LIST_MAX: usize = 92 + 127 * (54 + 2 * 255) + 64;

/// A frame, which may be any nonsense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub version: u8,
    pub suite: u16,
    pub sender: DeviceName,
    pub recipient: DeviceName,
    pub seq: u64,
    pub since: u64,
    pub sender_record: u64,
    pub seen_record: u64,
    /// Empty: none.
    pub device_list: Vec<u8>,
    pub message_id: [u8; 16],
    pub kind: u8,
    pub content: Vec<u8>,
}

impl Frame {
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![self.version];
        out.extend_from_slice(&self.suite.to_be_bytes());
        out.extend_from_slice(&self.sender.encode());
        out.extend_from_slice(&self.recipient.encode());
        for number in [self.seq, self.since, self.sender_record, self.seen_record] {
            out.extend_from_slice(&number.to_be_bytes());
        }
        out.extend_from_slice(&(self.device_list.len() as u32).to_be_bytes());
        out.extend_from_slice(&self.device_list);
        out.extend_from_slice(&self.message_id);
        out.push(self.kind);
        out.extend_from_slice(&self.content);
        out
    }

    pub fn decode(bytes: &[u8]) -> Outcome<Self> {
        let mut input = Input::new(bytes);
        let version = input.u8()?;
        if version != 1 {
            return Err(Fault::new(Code::UnknownVersion, "frame version"));
        }
        let suite = input.u16()?;
        let (sender, recipient) = (device_name(&mut input)?, device_name(&mut input)?);
        let (seq, since) = (input.u64()?, input.u64()?);
        let (sender_record, seen_record) = (input.u64()?, input.u64()?);
        let length = input.u32()? as usize;
        let device_list = input.bytes(length)?.to_vec();
        let (message_id, kind) = (input.array()?, input.u8()?);
        let content = input.rest.to_vec();
        if seq == 0 || length > LIST_MAX {
            return Err(Fault::malformed("sequence 0, or list too long"));
        }
        let known = match kind {
            1 => std::str::from_utf8(&content).is_ok(),
            2 => content.len() == 17 && (1..=2).contains(&content[16]),
            3 => true,
            4 => content.is_empty(),
            _ => false,
        };
        if !known {
            return Err(Fault::malformed("body"));
        }
        Ok(Self {
            version,
            suite,
            sender,
            recipient,
            seq,
            since,
            sender_record,
            seen_record,
            device_list,
            message_id,
            kind,
            content,
        })
    }

    /// Refuses with `frame_mismatch`.
    pub fn check_path(
        &self,
        sender: &DeviceName,
        recipient: &DeviceName,
        suite: u16,
    ) -> Outcome<()> {
        if self.sender == *sender && self.recipient == *recipient && self.suite == suite {
            Ok(())
        } else {
            Err(Fault::new(Code::FrameMismatch, "names or suite"))
        }
    }

    /// Refuses with `mark_invalid`.
    pub fn check_mark(&self) -> Outcome<()> {
        let possible = match level(self.suite) {
            1 => self.since == 0,
            2 | 3 => 1 <= self.since && self.since <= self.seq,
            _ => false,
        };
        if possible { Ok(()) } else { Err(Fault::new(Code::MarkInvalid, "since")) }
    }
}

fn device_name(input: &mut Input<'_>) -> Outcome<DeviceName> {
    Ok(DeviceName {
        account_id: input.array()?,
        device_id: input.device_id()?,
        incarnation: input.array()?,
    })
}
