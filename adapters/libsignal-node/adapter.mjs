#!/usr/bin/env node
// Speaks the adapter line protocol on stdin and stdout: one JSON object a line, answered in order.
// Spec: spec/conformance.md

import { createInterface } from 'node:readline';
import { perform } from './operations.mjs';
import { Refusal, Unsupported, codeOf } from './refusal.mjs';

const LINE_MAX = 8 * 1024 * 1024; // characters; the lines are ASCII but for free text
const ENVELOPE = new Set(['id', 'op', 'args', 't']);

function parse(line) {
  if (line.length > LINE_MAX) throw new Refusal('bad_request', 'line too long');
  let request;
  try {
    request = JSON.parse(line);
  } catch {
    throw new Refusal('bad_request', 'not JSON');
  }
  if (request === null || typeof request !== 'object') throw new Refusal('bad_request', 'not an object');
  return request;
}

function checkEnvelope(request) {
  if (!Number.isSafeInteger(request.id) || request.id < 0) throw new Refusal('bad_request', 'id: not an integer');
  if (typeof request.op !== 'string') throw new Refusal('bad_request', 'op: not a text');
  if (request.t !== undefined && typeof request.t !== 'string') throw new Refusal('bad_request', 't: not a text');
  for (const name of Object.keys(request)) {
    if (!ENVELOPE.has(name)) throw new Refusal('bad_request', 'unknown field of the request');
  }
}

async function answer(line) {
  let id = 0;
  try {
    const request = parse(line);
    if (Number.isSafeInteger(request.id)) id = request.id;
    checkEnvelope(request);
    return { id, ok: await perform(request.op, request.args ?? {}), last: request.op === 'bye' };
  } catch (error) {
    if (error instanceof Unsupported) return { id, unsupported: error.message };
    const code = codeOf(error);
    if (code === 'internal') console.error(error);
    return { id, err: { code, detail: error.message } };
  }
}

// A Buffer has a toJSON of its own, which runs before a replacer sees the value: read it from its holder instead.
function hexadecimal(name, value) {
  return Buffer.isBuffer(this[name]) ? this[name].toString('hex') : value;
}

const write = (reply) =>
  new Promise((done) => process.stdout.write(`${JSON.stringify(reply, hexadecimal)}\n`, done));

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const { last, ...reply } = await answer(line);
  await write(reply);
  if (last) process.exit(0);
}
