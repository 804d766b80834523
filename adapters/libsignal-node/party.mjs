// One device: the five stores that libsignal asks its caller for, in memory.
//
// Records are handles that libsignal replaces and never changes, so copies of a party may share them.

import { createHash } from 'node:crypto';
import {
  IdentityChange,
  IdentityKeyStore,
  KyberPreKeyStore,
  PreKeyRecord,
  PreKeyStore,
  PrivateKey,
  ProtocolAddress,
  SenderKeyStore,
  SessionRecord,
  SessionStore,
  SignedPreKeyRecord,
  SignedPreKeyStore,
} from '@signalapp/libsignal-client';
import { Refusal } from './refusal.mjs';

const keyOf = (address) => `${address.name()}.${address.deviceId()}`;
const senderKeyOf = (sender, distribution) => `${keyOf(sender)}/${distribution}`;

export const addressOf = ({ name, device_id }) => ProtocolAddress.new(name, device_id);

class Identities extends IdentityKeyStore {
  trusted = new Map(); // address → 33-byte key as hex

  constructor(privateKey, registrationId) {
    super();
    this.privateKey = privateKey;
    this.registrationId = registrationId;
  }
  async getIdentityKey() {
    return this.privateKey;
  }
  async getLocalRegistrationId() {
    return this.registrationId;
  }
  async saveIdentity(address, key) {
    return this.trust(address, key);
  }
  /** The first key shown for an address is trusted, and another only after `party.trust`. */
  async isTrustedIdentity(address, key) {
    const known = this.trusted.get(keyOf(address));
    return known === undefined || known === key.serialize().toString('hex');
  }
  async getIdentity() {
    return null; // asked for by no operation of this adapter
  }
  trust(address, key) {
    const [before, now] = [this.trusted.get(keyOf(address)), key.serialize().toString('hex')];
    this.trusted.set(keyOf(address), now);
    return before === undefined || before === now ? IdentityChange.NewOrUnchanged : IdentityChange.ReplacedExisting;
  }
}

class Sessions extends SessionStore {
  records = new Map();

  async saveSession(address, record) {
    this.records.set(keyOf(address), record);
  }
  async getSession(address) {
    return this.records.get(keyOf(address)) ?? null;
  }
  async getExistingSessions(addresses) {
    return addresses.map((address) => this.records.get(keyOf(address))).filter(Boolean);
  }
}

class OneTimePrekeys extends PreKeyStore {
  records = new Map();

  async savePreKey(id, record) {
    this.records.set(id, record);
  }
  async getPreKey(id) {
    if (!this.records.has(id)) throw new Error('unknown one-time prekey');
    return this.records.get(id);
  }
  async removePreKey(id) {
    this.records.delete(id);
  }
}

class SignedPrekeys extends SignedPreKeyStore {
  records = new Map();

  constructor(acceptX3dh) {
    super();
    this.acceptX3dh = acceptX3dh;
  }
  async saveSignedPreKey(id, record) {
    this.records.set(id, record);
  }
  /** libsignal asks for a signed prekey only when it is about to make a new session: the place for our policy. */
  async getSignedPreKey(id) {
    if (!this.acceptX3dh) throw new Error('refused by policy: X3DH');
    if (!this.records.has(id)) throw new Error('unknown signed prekey');
    return this.records.get(id);
  }
}

/** Holds nothing: the suites offered here have no Kyber prekeys. */
class NoKyberPrekeys extends KyberPreKeyStore {
  async saveKyberPreKey() {}
  async getKyberPreKey() {
    throw new Error('unknown one-time prekey');
  }
  async markKyberPreKeyUsed() {}
}

class SenderKeys extends SenderKeyStore {
  records = new Map();

  async saveSenderKey(sender, distribution, record) {
    this.records.set(senderKeyOf(sender, distribution), record);
  }
  async getSenderKey(sender, distribution) {
    return this.records.get(senderKeyOf(sender, distribution)) ?? null;
  }
}

export class Party {
  kyberPrekeys = new NoKyberPrekeys();
  oneTimePrekeys = new OneTimePrekeys();
  senderKeys = new SenderKeys();
  sessions = new Sessions();

  constructor({ name, device_id, registration_id, identity_private, accept_x3dh }) {
    this.privateKey = PrivateKey.deserialize(identity_private);
    this.publicKey = this.privateKey.getPublicKey();
    this.device = { name, device_id, registration_id, identity_private, accept_x3dh };
    this.address = addressOf(this.device);
    this.identities = new Identities(this.privateKey, registration_id);
    this.signedPrekeys = new SignedPrekeys(accept_x3dh);
  }

  clone() {
    const copy = new Party(this.device);
    copy.identities.trusted = new Map(this.identities.trusted);
    for (const store of ['oneTimePrekeys', 'senderKeys', 'sessions', 'signedPrekeys']) {
      copy[store].records = new Map(this[store].records);
    }
    return copy;
  }

  addSignedPrekey(id, privateKey, timestamp, signature) {
    const publicKey = privateKey.getPublicKey();
    const signed = signature ?? this.privateKey.sign(publicKey.serialize());
    this.signedPrekeys.records.set(id, SignedPreKeyRecord.new(id, timestamp, publicKey, privateKey, signed));
    return { public: publicKey.serialize(), signature: signed };
  }

  addOneTimePrekey(id, privateKey) {
    const publicKey = privateKey.getPublicKey();
    this.oneTimePrekeys.records.set(id, PreKeyRecord.new(id, publicKey, privateKey));
    return { public: publicKey.serialize(), signature: null };
  }

  /** The record with `peer`, as a copy that may be changed. */
  session(peer) {
    const record = this.sessions.records.get(keyOf(addressOf(peer)));
    if (!record) throw new Refusal('no_session', 'no record for this peer');
    return SessionRecord.deserialize(record.serialize());
  }

  setSession(peer, record) {
    this.sessions.records.set(keyOf(addressOf(peer)), record);
  }

  deleteSession(peer) {
    this.sessions.records.delete(keyOf(addressOf(peer)));
  }

  forgetSenderKey(sender, distribution) {
    this.senderKeys.records.delete(senderKeyOf(addressOf(sender), distribution));
  }

  /** SHA-256 over everything that this party keeps. */
  fingerprint() {
    const hash = createHash('sha256');
    const write = (...parts) => hash.update(JSON.stringify(parts));
    write(this.device.name, this.device.device_id, this.device.registration_id, this.device.accept_x3dh);
    write(this.privateKey.serialize().toString('hex'));
    for (const [address, key] of [...this.identities.trusted].sort()) write('identity', address, key);
    for (const store of ['oneTimePrekeys', 'senderKeys', 'sessions', 'signedPrekeys']) {
      const entries = [...this[store].records].map(([key, record]) => [String(key), record.serialize().toString('hex')]);
      for (const [key, record] of entries.sort()) write(store, key, record);
    }
    return hash.digest();
  }
}
