#!/usr/bin/env python3
"""Speaks the adapter line protocol: one JSON object a line, answered in order. Spec: spec/conformance.md."""

import copy
import hashlib
import json
import os
import re
import sys

import curve
import fingerprint
import session
from refusal import Refusal, Unsupported

CAPABILITIES = [
    "signal-v3/1", "xeddsa/1", "keys/1", "fingerprint/1", "profile.compatible", "profile.strict", "rng.inject",
    "clock.inject", "state.fingerprint", "state.fork",
]

parties = {}  # handle → party
loaded = None  # the bytes of rng.load, for one operation


def draw(count):
    global loaded
    if loaded is None:
        return os.urandom(count)
    if len(loaded) < count:
        raise Refusal("rng_exhausted")
    drawn, loaded = loaded[:count], loaded[count:]
    return drawn


# The types of arguments: functions from what JSON gave to what an operation works with.


def bad(what):
    return Refusal("bad_request", what)


def number(least, most):
    def check(value):
        if type(value) is not int or not least <= value <= most:
            raise bad("a number is out of range")
        return value
    return check


def hexadecimal(length=None):
    def check(value):
        if not isinstance(value, str) or not re.fullmatch("(?:[0-9a-f]{2})*", value):
            raise bad("not lower-case hexadecimal")
        if length is not None and len(value) != 2 * length:
            raise bad(f"not {length} bytes")
        return bytes.fromhex(value)
    return check


def one_of(*values):
    def check(value):
        if type(value) is bool or value not in values:
            raise bad("not one of the known values")
        return value
    return check


def kind(of):
    def check(value):
        if type(value) is not of:
            raise bad(f"not of type {of.__name__}")
        return value
    return check


def many(item):
    return lambda value: [item(each) for each in kind(list)(value)]


def nullable(item):
    return lambda value: None if value is None else item(value)


def uuid(value):
    if not re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", kind(str)(value)):
        raise bad("not a lower-case UUID")
    return value


def closed(optional=(), /, **shape):
    """An object with exactly these fields; those in `optional` read as None when they are left out."""
    def check(value):
        kind(dict)(value)
        if value.keys() - shape.keys() or shape.keys() - value.keys() - set(optional):
            raise bad("unknown or missing fields")
        return {name: item(value[name]) if name in value else None for name, item in shape.items()}
    return check


def party(value):
    if (handle := number(0, 2**53)(value)) not in parties:
        raise bad("no such party")
    return parties[handle]


u32, milliseconds, device_id, text = number(0, 2**32 - 1), number(0, 2**53 - 1), number(1, 127), kind(str)
profile, peer = one_of("compatible", "strict"), closed(("incarnation",), name=text, device_id=device_id, incarnation=hexadecimal(16))
key32, key33, signature64, data = hexadecimal(32), hexadecimal(33), hexadecimal(64), hexadecimal()
bundle_type = closed(
    ("name", "incarnation"), registration_id=u32, device_id=device_id, identity_key=data,
    signed_prekey=closed(id=u32, public=data, signature=data),
    one_time_prekey=nullable(closed(id=u32, public=data, signature=nullable(data))),
    name=nullable(text), incarnation=nullable(hexadecimal(16)),
)

OPERATIONS = {}  # name → (type of the arguments, function)


def operation(name, optional=(), /, **shape):
    def register(function):
        OPERATIONS[name] = closed(optional, **shape), function
        return function
    return register


@operation("hello", protocol=many(u32), suite=text, seed=key32)
def hello(protocol, suite, seed):
    if 1 not in protocol:
        raise bad("only protocol 1 is spoken")
    implementation = {"name": "countersign-python", "version": "1.0.0", "language": "Python"}
    return {"protocol": 1, "implementation": implementation, "roles": ["library"], "capabilities": CAPABILITIES}


@operation("bye")
def bye():
    return {}


@operation("rng.load", bytes=data)
def load(bytes):
    global loaded
    loaded = bytes
    return {}


@operation("handle.free", party=number(0, 2**53))
def free(party):
    if parties.pop(party, None) is None:
        raise bad("no such party")
    return {}


@operation("key.public", private=key32)
def key_public(private):
    return {"public": curve.public_of(curve.clamp(private))}


@operation("key.decode", public=data, profile=profile)
def key_decode(public, profile):
    return {"public": curve.decode_key(public, profile == "strict")}


@operation("key.agree", private=key32, public=key33, profile=profile)
def key_agree(private, public, profile):
    strict = profile == "strict"
    return {"shared": curve.agree(curve.clamp(private), curve.decode_key(public, strict), strict)}


@operation("xeddsa.sign", private=key32, message=data, random=signature64, rule=one_of("libsignal", "paper"))
def xeddsa_sign(private, message, random, rule):
    if rule == "paper":
        raise Unsupported("ratchet-chacha20/1")
    return {"signature": curve.sign(private, message, random, rule)}


@operation("xeddsa.verify", public=key33, message=data, signature=data, profile=one_of("compatible", "strict", "native"))
def xeddsa_verify(public, message, signature, profile):
    if profile == "native":
        raise Unsupported("ratchet-chacha20/1")
    curve.verify(curve.decode_key(public, profile != "compatible"), message, signature, profile)
    return {}


@operation(
    "fingerprint.compute", version=u32, iterations=u32, local_id=data, local_key=key33, remote_id=data, remote_key=key33
)
def fingerprint_compute(version, iterations, local_id, local_key, remote_id, remote_key):
    local_key, remote_key = (curve.decode_key(each, False) for each in (local_key, remote_key))
    display, scannable = fingerprint.compute(version, iterations, local_key, local_id, remote_key, remote_id)
    return {"display": display, "scannable": scannable}


@operation("fingerprint.compare", mine=data, theirs=data)
def fingerprint_compare(mine, theirs):
    return {"match": fingerprint.compare(mine, theirs)}


def keep(party):
    handle = keep.last = getattr(keep, "last", 0) + 1
    parties[handle] = party
    return handle


@operation(
    "party.create", suite=one_of("signal-v3", "ratchet-chacha20"), profile=profile, name=uuid, device_id=device_id,
    registration_id=u32, identity_private=key32, incarnation=hexadecimal(16), accept_x3dh=kind(bool),
)
def party_create(suite, profile, name, device_id, registration_id, identity_private, incarnation, accept_x3dh):
    if suite != "signal-v3":
        raise Unsupported("ratchet-chacha20/1")
    private = curve.clamp(identity_private)
    made = {
        "strict": profile == "strict", "name": name, "device_id": device_id, "registration_id": registration_id,
        "private": private, "public": curve.public_of(private), "accept_x3dh": accept_x3dh, "signed_prekeys": {},
        "one_time_prekeys": {}, "records": {}, "trusted": {}, "replays": set(),
    }
    return {"party": keep(made), "identity_public": made["public"]}


@operation("party.clone", party=party)
def party_clone(party):
    return {"party": keep(copy.deepcopy(party))}


@operation("party.add_signed_prekey", ("signature",), party=party, id=u32, private=key32, timestamp_ms=milliseconds, signature=signature64)
def add_signed_prekey(party, id, private, timestamp_ms, signature):
    private = curve.clamp(private)
    public = curve.public_of(private)
    signature = signature or curve.sign(party["private"], public, draw(64), "libsignal")
    party["signed_prekeys"][id] = {"private": private, "public": public, "signature": signature, "made": timestamp_ms}
    return {"public": public, "signature": signature}


@operation("party.add_one_time_prekey", ("signature",), party=party, id=u32, private=key32, signature=signature64)
def add_one_time_prekey(party, id, private, signature):  # in this suite it has none
    private = curve.clamp(private)
    party["one_time_prekeys"][id] = {"private": private, "public": curve.public_of(private)}
    return {"public": party["one_time_prekeys"][id]["public"], "signature": None}


@operation("party.remove_prekey", party=party, kind=one_of("signed", "one_time"), id=u32)
def remove_prekey(party, kind, id):
    party[f"{kind}_prekeys"].pop(id, None)
    if kind == "signed":
        party["replays"] = {replay for replay in party["replays"] if replay[0] != id}
    return {}


@operation("party.prekeys", party=party)
def prekeys(party):
    return {"signed": sorted(party["signed_prekeys"]), "one_time": sorted(party["one_time_prekeys"])}


@operation("party.bundle", party=party, signed_prekey_id=u32, one_time_prekey_id=nullable(u32))
def party_bundle(party, signed_prekey_id, one_time_prekey_id):
    if signed_prekey_id not in party["signed_prekeys"]:
        raise Refusal("unknown_signed_prekey")
    if one_time_prekey_id is not None and one_time_prekey_id not in party["one_time_prekeys"]:
        raise Refusal("unknown_prekey")
    signed, one_time = party["signed_prekeys"][signed_prekey_id], party["one_time_prekeys"].get(one_time_prekey_id)
    return {"bundle": {
        "registration_id": party["registration_id"], "device_id": party["device_id"], "identity_key": party["public"],
        "signed_prekey": {"id": signed_prekey_id, "public": signed["public"], "signature": signed["signature"]},
        "one_time_prekey": one_time and {"id": one_time_prekey_id, "public": one_time["public"], "signature": None},
        "name": None, "incarnation": None,
    }}


def address(peer):
    return peer["name"], peer["device_id"]


@operation("party.trust", party=party, peer=peer, identity_key=key33)
def trust(party, peer, identity_key):
    party["trusted"][address(peer)] = curve.decode_key(identity_key, party["strict"])
    return {}


@operation("party.fingerprint", party=party)
def party_fingerprint(party):
    return {"hash": hashlib.sha256(repr(in_order(party)).encode()).digest()}


def in_order(value):
    """The same for equal values, in whatever order they came about."""
    if isinstance(value, dict):
        return sorted((each, in_order(value[each])) for each in value)
    if isinstance(value, (list, tuple)):
        return [in_order(each) for each in value]
    return sorted(value) if isinstance(value, set) else value


@operation("session.initiate", party=party, peer=peer, bundle=bundle_type, now_ms=milliseconds)
def initiate(party, peer, bundle, now_ms):
    at, strict = address(peer), party["strict"]
    bundle["identity_key"] = curve.decode_key(bundle["identity_key"], strict)
    for prekey in filter(None, (bundle["signed_prekey"], bundle["one_time_prekey"])):
        prekey["public"] = curve.decode_key(prekey["public"], strict)
    session.check_trust(party, at, bundle["identity_key"])
    made = session.initiate(party, bundle, now_ms, draw)
    session.commit(party, at, session.make_current(party["records"].get(at, (None, ())), made), made)
    return {}


@operation("session.encrypt", party=party, peer=peer, plaintext=data, now_ms=milliseconds)
def encrypt(party, peer, plaintext, now_ms):
    kind, message = session.encrypt_to(party, address(peer), plaintext, now_ms)
    return {"type": kind, "message": message}


@operation("session.encrypt_many", party=party, peer=peer, plaintext=data, count=u32, keep=many(u32), now_ms=milliseconds)
def encrypt_many(party, peer, plaintext, count, keep, now_ms):
    if any(index >= count for index in keep):
        raise bad("an index to keep is out of range")
    wanted, messages = set(keep), []
    for index in range(count):
        kind, message = session.encrypt_to(party, address(peer), plaintext, now_ms)
        if index in wanted:
            messages.append({"index": index, "type": kind, "message": message})
    return {"messages": messages}


@operation("session.decrypt", party=party, peer=peer, type=one_of(2, 3), message=data, now_ms=milliseconds)
def decrypt(party, peer, type, message, now_ms):
    read = session.decrypt_from if type == 2 else session.decrypt_prekey_from
    return {"plaintext": read(party, address(peer), message, draw)}


@operation("session.archive", party=party, peer=peer)
def archive(party, peer):
    if address(peer) not in party["records"]:
        raise Refusal("no_session")
    party["records"][address(peer)] = session.archive(party["records"][address(peer)])
    return {}


@operation("session.delete", party=party, peer=peer)
def delete(party, peer):
    party["records"].pop(address(peer), None)
    return {}


def perform(request):
    global loaded
    if request.keys() - {"id", "op", "args", "t"} or not isinstance(request.get("op"), str):
        raise bad("not a request")
    if request["op"] not in OPERATIONS:
        raise Unsupported(request["op"])
    shape, function = OPERATIONS[request["op"]]
    try:
        return function(**shape(request.get("args", {})))
    finally:
        if request["op"] != "rng.load":
            loaded = None


def answer(line):
    reply = {"id": 0}
    try:
        request = json.loads(line)
        if not isinstance(request, dict) or type(request.get("id")) is not int:
            raise bad("not a request")
        reply["id"] = request["id"]
        return reply | {"ok": perform(request)}, request["op"] == "bye"
    except Unsupported as missing:
        return reply | {"unsupported": str(missing)}, False
    except Refusal as refusal:
        return reply | {"err": {"code": refusal.code, "detail": str(refusal)}}, False
    except json.JSONDecodeError:
        return reply | {"err": {"code": "bad_request", "detail": "not JSON"}}, False


if __name__ == "__main__":
    for each in sys.stdin.buffer:
        reply, last = answer(each)
        print(json.dumps(reply, default=bytes.hex), flush=True)
        if last:
            break
