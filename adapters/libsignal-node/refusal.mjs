// libsignal's errors as the codes of the closed registry. Spec: spec/conformance.md#error-codes

import { ErrorCode } from '@signalapp/libsignal-client';

/** An answer of kind `err`: `code` is of the registry, `detail` is free text without secrets. */
export class Refusal extends Error {
  constructor(code, detail) {
    super(detail);
    this.code = code;
  }
}

/** An answer of kind `unsupported`: names the capability or operation that is missing. */
export class Unsupported extends Error {}

const BY_CODE = new Map([
  [ErrorCode.DuplicatedMessage, 'duplicate_message'],
  [ErrorCode.UntrustedIdentity, 'untrusted_identity'],
  [ErrorCode.InvalidSenderKeySession, 'no_sender_key'],
]);

// Most classes have the generic code and differ in their text only. The first rows are refusals of our own stores,
// which libsignal hands back wrapped; their texts are written in party.mjs.
const BY_TEXT = [
  [/refused by policy: X3DH/, 'suite_refused'],
  [/unknown signed prekey/, 'unknown_signed_prekey'],
  [/unknown one-time prekey/, 'unknown_prekey'],
  [/^protobuf encoding was invalid/, 'malformed'],
  [/^ciphertext serialized bytes were too short/, 'too_short'],
  [/^ciphertext version was too old/, 'legacy_version'],
  [/^ciphertext version was unrecognized/, 'unknown_version'],
  [/^no key type identifier/, 'no_key_type'],
  [/^bad key type/, 'bad_key_type'],
  [/^bad key length/, 'bad_key_length'],
  [/^invalid signature detected/, 'bad_signature'],
  [/^session with .* not found/, 'no_session'],
  [/^missing sender key state/, 'no_sender_key'],
  [/^invalid \w+ message/, 'invalid_message'],
  [/Invalid fingerprint iterations/, 'bad_iterations'],
  [/^fingerprint version number mismatch/, 'fingerprint_version'],
  [/^fingerprint parsing error/, 'fingerprint_malformed'],
];

/** The registry's code for whatever was thrown; `internal` for what libsignal has no class for. */
export function codeOf(error) {
  if (error instanceof Refusal) return error.code;
  return BY_CODE.get(error.code) ?? BY_TEXT.find(([pattern]) => pattern.test(error.message))?.[1] ?? 'internal';
}
