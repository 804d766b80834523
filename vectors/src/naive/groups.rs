//! Group sender keys (suite sender-key-v3).
//! Spec: spec/groups.md

use super::state::dump_struct;

/// All sender keys a party holds, own and received.
#[derive(Clone, Default)]
pub struct SenderKeys {
    pub own: std::collections::BTreeMap<[u8; 16], Vec<u8>>,
}

dump_struct!(SenderKeys { own });
