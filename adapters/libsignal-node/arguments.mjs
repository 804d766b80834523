// Argument objects are closed: what is not named here, is missing or has another type is a bad request.
// Spec: spec/conformance.md#operations

import { Refusal } from './refusal.mjs';

const U32_MAX = 0xffffffff;
const bad = (where, what) => new Refusal('bad_request', `${where}: ${what}`);

const integer = (least, most) => (value, where) => {
  if (!Number.isSafeInteger(value) || value < least || value > most) throw bad(where, 'not an integer in range');
  return value;
};

/** Lower-case hexadecimal, of `length` bytes where one is given. */
export const hex = (length) => (value, where) => {
  if (typeof value !== 'string' || !/^(?:[0-9a-f]{2})*$/.test(value)) throw bad(where, 'not lower-case hex');
  if (length !== undefined && value.length !== 2 * length) throw bad(where, `not ${length} bytes`);
  return Buffer.from(value, 'hex');
};

export const u32 = integer(0, U32_MAX);
export const deviceId = integer(1, 127);
export const milliseconds = integer(0, Number.MAX_SAFE_INTEGER);

export const bool = (value, where) => {
  if (typeof value !== 'boolean') throw bad(where, 'not a boolean');
  return value;
};

export const text = (value, where) => {
  if (typeof value !== 'string' || value === '' || value.length > 256) throw bad(where, 'not a short text');
  return value;
};

export const uuid = (value, where) => {
  if (typeof value !== 'string' || !/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value)) {
    throw bad(where, 'not a lower-case UUID');
  }
  return value;
};

export const oneOf = (...values) => (value, where) => {
  if (!values.includes(value)) throw bad(where, 'not one of the known values');
  return value;
};

export const list = (item) => (value, where) => {
  if (!Array.isArray(value)) throw bad(where, 'not a list');
  return value.map((each, index) => item(each, `${where}[${index}]`));
};

export const nullable = (type) => (value, where) => (value === null ? null : type(value, where));

/** Marks a field that may be left out; it then reads as `null`. */
export const optional = (type) => Object.assign((value, where) => type(value, where), { optional: true });

/** An object with exactly the fields of `shape`. */
export const object = (shape) => (value, where) => {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw bad(where, 'not an object');
  for (const name of Object.keys(value)) {
    if (!Object.hasOwn(shape, name)) throw bad(where, 'unknown field');
  }
  const result = {};
  for (const [name, type] of Object.entries(shape)) {
    if (Object.hasOwn(value, name)) result[name] = type(value[name], `${where}.${name}`);
    else if (type.optional) result[name] = null;
    else throw bad(`${where}.${name}`, 'missing');
  }
  return result;
};

export const profile = oneOf('compatible', 'strict');

/** A device's address. Only suite ratchet-chacha20 uses the incarnation, and it is not offered here. */
export const peer = object({ name: text, device_id: deviceId, incarnation: optional(hex(16)) });
export const sender = object({ name: text, device_id: deviceId });

/** Keys and signatures are of any length here: what is wrong with them is for the library to say. */
export const bundle = object({
  registration_id: u32,
  device_id: deviceId,
  identity_key: hex(),
  signed_prekey: object({ id: u32, public: hex(), signature: hex() }),
  one_time_prekey: nullable(object({ id: u32, public: hex(), signature: nullable(hex()) })),
  name: optional(nullable(text)),
  incarnation: optional(nullable(hex(16))),
});
