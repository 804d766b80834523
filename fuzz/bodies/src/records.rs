//! Records of accounts and devices: each has one encoding, and both implementations agree which.

use countersign_protocol::audit::KeyEvent;
use countersign_protocol::device_list::{DeviceList, SignedDeviceList};
use countersign_protocol::frame::Frame;
use countersign_protocol::keys::{IdentityKeyPair, PrivateKey};
use countersign_protocol::problem::Problem;
use countersign_protocol::provisioning::LinkCode;
use countersign_protocol::xeddsa::{Rule, SigningKey};
use countersign_vectors::naive::fault::Outcome;
use countersign_vectors::naive::records;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// What begins every list here: the label and an account id.
const LIST_BEGINS: &[u8] = b"countersign-device-list-v1an account, no 1";

/// Lists, frames, events and codes: what is accepted is written as it was read, and refused as the
/// naive implementation refuses it.
pub fn records(data: &[u8]) {
    device_list(data);
    let frame = Frame::decode(data);
    agree(&frame, &records::frame::Frame::decode(data), "a frame");
    if let Ok(frame) = frame {
        assert_eq!(frame.to_bytes().as_deref().map(Vec::as_slice), Ok(data), "a frame");
    }
    let event = KeyEvent::decode(data);
    agree(&event, &records::audit::Event::decode(data), "an event");
    if let Ok(event) = event {
        assert_eq!(event.to_bytes(), data, "an event");
    }
    if let Ok(text) = str::from_utf8(data) {
        for text in [text.to_owned(), format!("countersign-link:1:{text}")] {
            let code = LinkCode::from_text(&text);
            agree(&code, &records::provisioning::LinkCode::parse(&text), "a link code");
            if let Ok(code) = code {
                assert_eq!(*code.to_text(), text, "a link code");
            }
        }
    }
}

/// A list that is signed, whatever it says after its identity key.
fn device_list(data: &[u8]) {
    let identity = IdentityKeyPair::from_private(PrivateKey::from_bytes([1; 32]));
    let mut bytes = [LIST_BEGINS, &identity.public().to_bytes(), data].concat();
    let signature = SigningKey::new(identity.private(), Rule::Paper).sign_with(&[&bytes], &[0; 64]);
    bytes.extend_from_slice(signature.as_bytes());
    let read = SignedDeviceList::decode_and_verify(&bytes);
    agree(&read, &records::device_list::DeviceList::verify(&bytes), "a device list");
    let Ok(read) = read else { return };
    assert_eq!(read.as_bytes(), bytes, "a device list");
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let again = DeviceList::clone(&read).sign(&identity, &mut rng);
    let signed = |list: &[u8]| list.get(..bytes.len() - 64).map(<[u8]>::to_vec);
    assert_eq!(again.ok().and_then(|list| signed(list.as_bytes())), signed(&bytes), "a list");
    assert_eq!(read.check_newer(&read), Ok(()), "a list replaces itself");
}

/// Both accept, or both refuse with the same code.
fn agree<T, N>(ours: &Result<T, Problem>, naive: &Outcome<N>, what: &str) {
    let ours = ours.as_ref().err().map(|problem| problem.code());
    let naive = naive.as_ref().err().map(|fault| fault.code.as_str());
    assert_eq!(ours, naive, "the implementations differ on {what}");
}
