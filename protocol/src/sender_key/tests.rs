use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;
use crate::keys::PublicKey;

const ID: DistributionId = DistributionId([0xd1; 16]);

struct Group {
    rng: ChaCha20Rng,
    sender: SenderKeyRecord,
    member: SenderKeyRecord,
}

impl Group {
    fn new() -> Self {
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        let (mut sender, mut member) = (SenderKeyRecord::new(), SenderKeyRecord::new());
        member.accept(&sender.distribute(ID, &mut rng));
        Self { rng, sender, member }
    }

    fn encrypt(&mut self, plaintext: &[u8]) -> Vec<u8> {
        self.sender.encrypt(ID, plaintext, &mut self.rng).unwrap()
    }

    fn decrypt(&mut self, message: &[u8]) -> Result<Vec<u8>, Problem> {
        let message = SenderKeyMessage::decode(message)?;
        self.member.decrypt(&message, Profile::Strict).map(|plaintext| plaintext.to_vec())
    }
}

#[test]
fn a_distribution_reads_as_it_was_written() {
    let mut group = Group::new();
    let distribution = group.sender.distribute(ID, &mut group.rng);
    let read = Distribution::decode(&distribution.encode(), Profile::Strict).unwrap();
    assert_eq!(read.encode(), distribution.encode());
    assert_eq!(read.iteration, 0);
}

#[test]
fn repeating_a_distribution_describes_the_same_key_further_on() {
    let mut group = Group::new();
    let first = group.sender.distribute(ID, &mut group.rng);
    group.encrypt(b"one");
    let second = group.sender.distribute(ID, &mut group.rng);
    assert_eq!(first.chain_id, second.chain_id);
    assert_eq!((first.iteration, second.iteration), (0, 1));
}

#[test]
fn encrypting_without_a_key_of_ones_own_is_refused() {
    let mut group = Group::new();
    let refused = group.member.encrypt(ID, b"", &mut group.rng);
    assert_eq!(refused, Err(Problem::NoSenderKey));
    let refused = SenderKeyRecord::new().encrypt(ID, b"", &mut group.rng);
    assert_eq!(refused, Err(Problem::NoSenderKey));
}

#[test]
fn a_known_chain_under_another_signing_key_is_replaced() {
    let mut group = Group::new();
    let message = group.encrypt(b"one");
    let mut other = group.sender.distribute(ID, &mut group.rng);
    other.signing_key = PublicKey::from_u([9; 32]);
    group.member.accept(&other);
    assert_eq!(group.decrypt(&message), Err(Problem::BadSignature));
    assert_eq!(group.member.states.len(), 1);
}

#[test]
fn the_last_iteration_of_a_chain_is_never_used() {
    let mut group = Group::new();
    group.sender.states[0].chain.next = u32::MAX;
    let refused = group.sender.encrypt(ID, b"", &mut group.rng);
    assert_eq!(refused, Err(Problem::InvalidMessage));
}

#[test]
fn a_state_that_could_not_have_come_about_is_refused() {
    let mut group = Group::new();
    group.encrypt(b"one");
    let second = group.encrypt(b"two");
    group.decrypt(&second).unwrap();
    let bytes = group.member.to_bytes().to_vec();
    for length in 0..bytes.len() {
        assert!(SenderKeyRecord::from_bytes(&bytes[..length]).is_err());
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert_eq!(SenderKeyRecord::from_bytes(&longer).unwrap_err(), Problem::BadState);
    let mut other_format = bytes.clone();
    other_format[0] = 2;
    assert_eq!(SenderKeyRecord::from_bytes(&other_format).unwrap_err(), Problem::BadState);
    // The stored iteration, 0, becomes one that the chain has not reached.
    let mut ahead = bytes;
    let at = ahead.len() - 36;
    ahead[at + 3] = 9;
    assert_eq!(SenderKeyRecord::from_bytes(&ahead).unwrap_err(), Problem::BadState);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_order_and_any_loss_give_the_same_plaintexts(
        order in proptest::sample::subsequence((0u8..30).collect::<Vec<_>>(), 0..30).prop_shuffle(),
    ) {
        let mut group = Group::new();
        let messages: Vec<_> = (0u8..30).map(|number| group.encrypt(&[number])).collect();
        for number in &order {
            let message = &messages[usize::from(*number)];
            prop_assert_eq!(group.decrypt(message), Ok(vec![*number]));
            prop_assert_eq!(group.decrypt(message), Err(Problem::DuplicateMessage));
            let stored = SenderKeyRecord::from_bytes(&group.member.to_bytes()).unwrap();
            prop_assert_eq!(stored.to_bytes(), group.member.to_bytes());
            group.member = stored;
        }
    }

    #[test]
    fn a_refused_message_changes_nothing(skip in 0usize..5, flip in 0usize..1000) {
        let mut group = Group::new();
        let messages: Vec<_> = (0..6).map(|number| group.encrypt(&[number])).collect();
        let before = group.member.to_bytes();
        let mut altered = messages[skip].clone();
        let bit = flip % (altered.len() * 8);
        altered[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(group.decrypt(&altered).is_err());
        prop_assert_eq!(group.member.to_bytes(), before);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>, padding in 0usize..100) {
        let bytes = [&[0x33], bytes.as_slice(), &vec![0; padding]].concat();
        let mut group = Group::new();
        prop_assert!(group.decrypt(&bytes).is_err());
        let _either = Distribution::decode(&bytes, Profile::Compatible);
        prop_assert!(SenderKeyRecord::from_bytes(&bytes).is_err());
    }
}
