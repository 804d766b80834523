// The operations of the line protocol, each with the shape of its arguments. Spec: spec/conformance.md#operations

import { readFileSync } from 'node:fs';
import {
  Fingerprint,
  PreKeyBundle,
  PreKeySignalMessage,
  PrivateKey,
  PublicKey,
  ScannableFingerprint,
  SenderKeyDistributionMessage,
  SessionRecord,
  SignalMessage,
  groupDecrypt,
  groupEncrypt,
  processPreKeyBundle,
  processSenderKeyDistributionMessage,
  signalDecrypt,
  signalDecryptPreKey,
  signalEncrypt,
} from '@signalapp/libsignal-client';
import * as a from './arguments.mjs';
import { Party, addressOf } from './party.mjs';
import { Refusal, Unsupported } from './refusal.mjs';

const CAPABILITIES = [
  'signal-v3/1', 'sender-key-v3/1', 'xeddsa/1', 'keys/1', 'fingerprint/1', 'profile.compatible', 'profile.strict',
  'clock.inject', 'state.fingerprint', 'state.fork', 'state.export',
];
const NATIVE = 'ratchet-chacha20/1';

const version = (file) => JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')).version;
const IMPLEMENTATION = {
  name: 'libsignal-client (Node)',
  version: version('./node_modules/@signalapp/libsignal-client/package.json'),
  language: 'JavaScript over Rust',
  homepage: 'https://github.com/signalapp/libsignal',
};

const parties = new Map(); // handle → Party
let lastHandle = 0;

function keep(party) {
  parties.set(++lastHandle, party);
  return lastHandle;
}

/** Parses a handle into its party. */
function party(value, where) {
  const found = parties.get(a.u32(value, where));
  if (!found) throw new Refusal('bad_request', `${where}: no such handle`);
  return found;
}

function bundleOf(b) {
  const [oneTime, signed] = [b.one_time_prekey, b.signed_prekey];
  return PreKeyBundle.new(
    b.registration_id, b.device_id, oneTime?.id ?? null, oneTime && PublicKey.deserialize(oneTime.public),
    signed.id, PublicKey.deserialize(signed.public), signed.signature, PublicKey.deserialize(b.identity_key),
    null, null, null,
  );
}

/** Runs `encrypt` `count` times and keeps the results whose index is in `kept`. */
async function many(count, kept, encrypt) {
  if (kept.some((index) => index >= count)) throw new Refusal('bad_request', 'keep: index out of range');
  const wanted = new Set(kept);
  const messages = [];
  for (let index = 0; index < count; index++) {
    const message = await encrypt();
    if (wanted.has(index)) messages.push({ index, ...message });
  }
  return { messages };
}

async function encrypt(p, peer, plaintext, now) {
  const message = await signalEncrypt(plaintext, peer, p.sessions, p.identities, now);
  return { type: message.type(), message: message.serialize() };
}

async function encryptForGroup(p, distribution, plaintext) {
  return { message: (await groupEncrypt(p.address, distribution, p.senderKeys, plaintext)).serialize() };
}

function recordOf(state) {
  try {
    return SessionRecord.deserialize(state);
  } catch (error) {
    throw new Refusal('bad_state', error.message);
  }
}

function bundleOfParty(p, { signed_prekey_id, one_time_prekey_id }) {
  const signed = p.signedPrekeys.records.get(signed_prekey_id);
  if (!signed) throw new Refusal('unknown_signed_prekey', 'not held');
  const oneTime = one_time_prekey_id === null ? null : p.oneTimePrekeys.records.get(one_time_prekey_id);
  if (oneTime === undefined) throw new Refusal('unknown_prekey', 'not held');
  return {
    registration_id: p.device.registration_id,
    device_id: p.device.device_id,
    identity_key: p.publicKey.serialize(),
    signed_prekey: { id: signed.id(), public: signed.publicKey().serialize(), signature: signed.signature() },
    one_time_prekey: oneTime && { id: oneTime.id(), public: oneTime.publicKey().serialize(), signature: null },
    name: null,
    incarnation: null,
  };
}

const ids = (store) => [...store.records.keys()].sort((left, right) => left - right);

// name → [shape of the arguments, what it does with them]
const OPERATIONS = {
  hello: [{ protocol: a.list(a.u32), suite: a.text, seed: a.hex(32) }, ({ protocol }) => {
    if (!protocol.includes(1)) throw new Refusal('bad_request', 'only protocol 1 is spoken');
    return { protocol: 1, implementation: IMPLEMENTATION, roles: ['library'], capabilities: CAPABILITIES };
  }],
  bye: [{}, () => ({})],
  'handle.free': [{ party: a.u32 }, ({ party: handle }) => {
    if (!parties.delete(handle)) throw new Refusal('bad_request', 'no such handle');
    return {};
  }],

  'key.public': [{ private: a.hex(32) }, (x) => ({ public: PrivateKey.deserialize(x.private).getPublicKey().serialize() })],
  'key.decode': [{ public: a.hex(), profile: a.profile }, (x) => ({ public: PublicKey.deserialize(x.public).serialize() })],
  'key.agree': [{ private: a.hex(32), public: a.hex(33), profile: a.profile }, (x) => ({
    shared: PrivateKey.deserialize(x.private).agree(PublicKey.deserialize(x.public)),
  })],
  'xeddsa.sign': [{ private: a.hex(32), message: a.hex(), random: a.hex(64), rule: a.oneOf('libsignal', 'paper') }, (x) => {
    if (x.rule === 'paper') throw new Unsupported(NATIVE);
    return { signature: PrivateKey.deserialize(x.private).sign(x.message) }; // draws its own randomness
  }],
  'xeddsa.verify': [
    { public: a.hex(33), message: a.hex(), signature: a.hex(), profile: a.oneOf('compatible', 'strict', 'native') },
    (x) => {
      if (x.profile === 'native') throw new Unsupported(NATIVE);
      if (!PublicKey.deserialize(x.public).verify(x.message, x.signature)) throw new Refusal('bad_signature', '');
      return {};
    },
  ],
  'fingerprint.compute': [
    { version: a.u32, iterations: a.u32, local_id: a.hex(), local_key: a.hex(33), remote_id: a.hex(), remote_key: a.hex(33) },
    (x) => {
      const [local, remote] = [PublicKey.deserialize(x.local_key), PublicKey.deserialize(x.remote_key)];
      const both = Fingerprint.new(x.iterations, x.version, x.local_id, local, x.remote_id, remote);
      return { display: both.displayableFingerprint().toString(), scannable: both.scannableFingerprint().toBuffer() };
    },
  ],
  'fingerprint.compare': [{ mine: a.hex(), theirs: a.hex() }, ({ mine, theirs }) => ({
    match: ScannableFingerprint._fromBuffer(mine).compare(ScannableFingerprint._fromBuffer(theirs)),
  })],

  'party.create': [
    {
      suite: a.oneOf('signal-v3', 'ratchet-chacha20'), profile: a.profile, name: a.uuid, device_id: a.deviceId,
      registration_id: a.u32, identity_private: a.hex(32), incarnation: a.hex(16), accept_x3dh: a.bool,
    },
    (device) => {
      if (device.suite !== 'signal-v3') throw new Unsupported(NATIVE);
      const made = new Party(device);
      return { party: keep(made), identity_public: made.publicKey.serialize() };
    },
  ],
  'party.clone': [{ party }, ({ party: p }) => ({ party: keep(p.clone()) })],
  'party.add_signed_prekey': [
    { party, id: a.u32, private: a.hex(32), timestamp_ms: a.milliseconds, signature: a.optional(a.hex(64)) },
    (x) => x.party.addSignedPrekey(x.id, PrivateKey.deserialize(x.private), x.timestamp_ms, x.signature),
  ],
  'party.add_one_time_prekey': [
    { party, id: a.u32, private: a.hex(32), signature: a.optional(a.hex(64)) }, // has no signature in this suite
    (x) => x.party.addOneTimePrekey(x.id, PrivateKey.deserialize(x.private)),
  ],
  'party.remove_prekey': [{ party, kind: a.oneOf('signed', 'one_time'), id: a.u32 }, (x) => {
    (x.kind === 'signed' ? x.party.signedPrekeys : x.party.oneTimePrekeys).records.delete(x.id);
    return {};
  }],
  'party.prekeys': [{ party }, ({ party: p }) => ({ signed: ids(p.signedPrekeys), one_time: ids(p.oneTimePrekeys) })],
  'party.bundle': [
    { party, signed_prekey_id: a.u32, one_time_prekey_id: a.nullable(a.u32) },
    (x) => ({ bundle: bundleOfParty(x.party, x) }),
  ],
  'party.trust': [{ party, peer: a.peer, identity_key: a.hex(33) }, (x) => {
    x.party.identities.trust(addressOf(x.peer), PublicKey.deserialize(x.identity_key));
    return {};
  }],
  'party.fingerprint': [{ party }, ({ party: p }) => ({ hash: p.fingerprint() })],

  'session.initiate': [{ party, peer: a.peer, bundle: a.bundle, now_ms: a.milliseconds }, async (x) => {
    const [p, now] = [x.party, new Date(x.now_ms)];
    await processPreKeyBundle(bundleOf(x.bundle), addressOf(x.peer), p.sessions, p.identities, now);
    return {};
  }],
  'session.encrypt': [
    { party, peer: a.peer, plaintext: a.hex(), now_ms: a.milliseconds },
    (x) => encrypt(x.party, addressOf(x.peer), x.plaintext, new Date(x.now_ms)),
  ],
  'session.encrypt_many': [
    { party, peer: a.peer, plaintext: a.hex(), count: a.u32, keep: a.list(a.u32), now_ms: a.milliseconds },
    (x) => {
      const [peer, now] = [addressOf(x.peer), new Date(x.now_ms)];
      return many(x.count, x.keep, () => encrypt(x.party, peer, x.plaintext, now));
    },
  ],
  'session.decrypt': [
    { party, peer: a.peer, type: a.oneOf(2, 3), message: a.hex(), now_ms: a.milliseconds },
    async ({ party: p, peer, type, message }) => {
      const [from, stores] = [addressOf(peer), [p.sessions, p.identities]];
      if (type === 2) return { plaintext: await signalDecrypt(SignalMessage.deserialize(message), from, ...stores) };
      stores.push(p.oneTimePrekeys, p.signedPrekeys, p.kyberPrekeys);
      return { plaintext: await signalDecryptPreKey(PreKeySignalMessage.deserialize(message), from, ...stores) };
    },
  ],
  'session.archive': [{ party, peer: a.peer }, (x) => {
    const record = x.party.session(x.peer);
    record.archiveCurrentState();
    x.party.setSession(x.peer, record);
    return {};
  }],
  'session.delete': [{ party, peer: a.peer }, (x) => {
    x.party.deleteSession(x.peer);
    return {};
  }],
  'session.export': [{ party, peer: a.peer }, (x) => ({ state: x.party.session(x.peer).serialize() })],
  'session.import': [{ party, peer: a.peer, state: a.hex() }, (x) => {
    x.party.setSession(x.peer, recordOf(x.state));
    return {};
  }],

  'group.create_distribution': [{ party, distribution_id: a.uuid }, async ({ party: p, distribution_id }) => ({
    message: (await SenderKeyDistributionMessage.create(p.address, distribution_id, p.senderKeys)).serialize(),
  })],
  'group.process_distribution': [{ party, sender: a.sender, message: a.hex() }, async (x) => {
    const message = SenderKeyDistributionMessage.deserialize(x.message);
    await processSenderKeyDistributionMessage(addressOf(x.sender), message, x.party.senderKeys);
    return {};
  }],
  'group.encrypt': [
    { party, distribution_id: a.uuid, plaintext: a.hex() },
    (x) => encryptForGroup(x.party, x.distribution_id, x.plaintext),
  ],
  'group.encrypt_many': [
    { party, distribution_id: a.uuid, plaintext: a.hex(), count: a.u32, keep: a.list(a.u32) },
    (x) => many(x.count, x.keep, () => encryptForGroup(x.party, x.distribution_id, x.plaintext)),
  ],
  'group.decrypt': [{ party, sender: a.sender, message: a.hex() }, async (x) => ({
    plaintext: await groupDecrypt(addressOf(x.sender), x.party.senderKeys, x.message),
  })],
  'group.forget': [{ party, sender: a.sender, distribution_id: a.uuid }, (x) => {
    x.party.forgetSenderKey(x.sender, x.distribution_id);
    return {};
  }],
};

/** Carries out `op`; answers with plain values and buffers. */
export async function perform(op, args) {
  if (!Object.hasOwn(OPERATIONS, op)) throw new Unsupported(op);
  const [shape, run] = OPERATIONS[op];
  return run(a.object(shape)(args, 'args'));
}
