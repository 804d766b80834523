//! Everything that reads bytes without a session.

use countersign_protocol::fingerprint::ScannableFingerprint;
use countersign_protocol::keys::{PublicKey, Signature};
use countersign_protocol::native;
use countersign_protocol::profile::Profile;
use countersign_protocol::replay_cache::ReplayCache;
use countersign_protocol::sender_key::{Distribution, SenderKeyMessage, SenderKeyRecord};
use countersign_protocol::session::SessionRecord;
use countersign_protocol::xeddsa::{self, Verification};

/// No bytes make a decoder panic, and a stored state that is accepted is written as it was read.
pub fn decoders(data: &[u8]) {
    if let Ok(record) = SessionRecord::from_bytes(data) {
        assert_eq!(*record.to_bytes(), data, "a session record");
    }
    if let Ok(record) = native::SessionRecord::from_bytes(data) {
        assert_eq!(*record.to_bytes(), data, "a native session record");
    }
    if let Ok(record) = SenderKeyRecord::from_bytes(data) {
        assert_eq!(*record.to_bytes(), data, "a sender key record");
    }
    if let Ok(cache) = ReplayCache::from_bytes(data) {
        assert_eq!(*cache.to_bytes(), data, "a replay cache");
    }
    if let Ok(distribution) = Distribution::decode(data, Profile::Strict) {
        let again = Distribution::decode(&distribution.encode(), Profile::Strict);
        assert_eq!(
            again.map(|again| again.encode()),
            Ok(distribution.encode()),
            "a distribution message"
        );
    }
    if let Ok(scannable) = ScannableFingerprint::decode(data) {
        assert_eq!(
            scannable.compare(data),
            scannable.compare(&scannable.encode()),
            "a scannable fingerprint"
        );
    }
    if let Ok(message) = SenderKeyMessage::decode(data) {
        assert!(data.len() > message.distribution_id.0.len(), "a sender key message");
    }
}

/// A signature accepted by a stricter rule is accepted by every laxer one.
pub fn signatures(data: &[u8]) {
    let Some((key, rest)) = data.split_at_checked(33) else { return };
    let Some((signature, message)) = rest.split_at_checked(64) else { return };
    let Ok(key) = PublicKey::decode(key, Profile::Compatible) else { return };
    let Ok(signature) = Signature::decode(signature) else { return };
    let accepts = |rule| xeddsa::verify(&key, &[message], &signature, rule).is_ok();
    let [compatible, strict, native] =
        [Verification::Compatible, Verification::Strict, Verification::Native].map(accepts);
    assert!(compatible || !strict, "strict accepts what compatible refuses");
    assert!(strict || !native, "native accepts what strict refuses");
}
