"""X3DH, the Double Ratchet and session records of signal-v3.

A session is a dict that is replaced, never changed. Spec: spec/handshake.md, spec/ratchet.md, spec/session.md.
"""

import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

import curve
import wire
from refusal import Refusal

FORWARD_MAX, SEEDS_MAX, CHAINS_MAX, ARCHIVED_MAX, UNANSWERED_SECONDS_MAX = 25_000, 2_000, 5, 40, 2_592_000


class Fails(Exception):
    """The message does not decrypt in this session."""


class Duplicate(Exception):
    """The message decrypted before in this session, or its seed was dropped."""


def mac(key, data):
    return hmac.digest(key, data, "sha256")


def hkdf(salt, ikm, info, length):
    prk, out, block = mac(salt, ikm), b"", b""
    for counter in range(1, -(-length // 32) + 1):
        block = mac(prk, block + info + bytes([counter]))
        out += block
    return out[:length]


def root_step(root_key, shared):
    out = hkdf(root_key, shared, b"WhisperRatchet", 64)
    return out[:32], out[32:]


def message_keys(seed):
    out = hkdf(bytes(32), seed, b"WhisperMessageKeys", 80)
    return out[:32], out[32:64], out[64:]


def x3dh(agreements):
    out = hkdf(bytes(32), b"\xff" * 32 + b"".join(agreements), b"WhisperText", 64)
    return out[:32], out[32:]


def cbc(key, iv):
    return Cipher(algorithms.AES(key), modes.CBC(iv))


def pad(plaintext):
    count = 16 - len(plaintext) % 16
    return plaintext + bytes([count]) * count


def decrypt_body(key, iv, ciphertext):
    if not ciphertext or len(ciphertext) % 16:
        raise Fails
    decryptor = cbc(key, iv).decryptor()
    padded = decryptor.update(ciphertext) + decryptor.finalize()
    count = padded[-1]
    if not 1 <= count <= 16 or padded[-count:] != bytes([count]) * count:
        raise Fails
    return padded[:-count]


def start(local_identity, remote_identity, base_key, root_key, private, chain_key, **more):
    chain = {"private": private, "public": curve.public_of(private), "chain_key": chain_key, "index": 0}
    session = {
        "local_identity": local_identity, "remote_identity": remote_identity, "base_key": base_key,
        "root_key": root_key, "sending": chain, "previous_counter": 0, "receiving": (), "pending": None, "begun": None,
    }
    return session | more


def initiate(party, bundle, now, draw):
    """INITIATE, after the identity key was found trusted."""
    strict, identity = party["strict"], bundle["identity_key"]
    signed, one_time = bundle["signed_prekey"], bundle["one_time_prekey"]
    curve.verify(identity, signed["public"], signed["signature"], "strict" if strict else "compatible")
    base, ratchet = curve.clamp(draw(32)), curve.clamp(draw(32))
    pairs = [(party["private"], signed["public"]), (base, identity), (base, signed["public"])]
    if one_time:
        pairs.append((base, one_time["public"]))
    root_key, first_chain = x3dh([curve.agree(private, public, strict) for private, public in pairs])
    root_key, chain_key = root_step(root_key, curve.agree(ratchet, signed["public"], strict))
    base_key = curve.public_of(base)
    receiving = ({"ratchet_key": signed["public"], "chain_key": first_chain, "index": 0, "seeds": {}},)
    pending = {"one_time_prekey_id": one_time and one_time["id"], "signed_prekey_id": signed["id"]}
    return start(
        party["public"], identity, base_key, root_key, ratchet, chain_key, receiving=receiving, pending=pending, begun=now
    )


def respond(party, message):
    """RESPOND, up to the inner message."""
    strict, base_key, identity = party["strict"], message["base_key"], message["identity_key"]
    signed = party["signed_prekeys"].get(message["signed_prekey_id"])
    if signed is None:
        raise Refusal("unknown_signed_prekey")
    pairs = [(signed["private"], identity), (party["private"], base_key), (signed["private"], base_key)]
    if message["one_time_prekey_id"] is not None:
        if message["one_time_prekey_id"] not in party["one_time_prekeys"]:
            raise Refusal("unknown_prekey")
        pairs.append((party["one_time_prekeys"][message["one_time_prekey_id"]]["private"], base_key))
    root_key, chain_key = x3dh([curve.agree(private, public, strict) for private, public in pairs])
    return start(party["public"], identity, base_key, root_key, signed["private"], chain_key)


def encrypt(session, plaintext):
    """ENCRYPT: the session afterwards, and the ratchet message."""
    chain = session["sending"]
    key, mac_key, iv = message_keys(mac(chain["chain_key"], b"\x01"))
    encryptor = cbc(key, iv).encryptor()
    ciphertext = encryptor.update(pad(plaintext)) + encryptor.finalize()
    fields = (1, chain["public"]), (2, chain["index"]), (3, session["previous_counter"]), (4, ciphertext)
    message = b"\x34" + wire.write(*fields)
    tag = mac(mac_key, session["local_identity"] + session["remote_identity"] + message)[:8]
    chain = chain | {"chain_key": mac(chain["chain_key"], b"\x02"), "index": chain["index"] + 1}
    return session | {"sending": chain}, message + tag


def receive(session, message, strict, draw):
    """RECEIVE: the session afterwards, and the plaintext."""
    if message["version"] != 3:
        raise Fails
    remote_key, receiving, root_key = message["ratchet_key"], session["receiving"], session["root_key"]
    place = next((i for i, chain in enumerate(receiving) if chain["ratchet_key"] == remote_key), None)
    if place is None:
        try:
            shared = curve.agree(session["sending"]["private"], remote_key, strict)
        except Refusal:
            raise Fails from None
        root_key, chain_key = root_step(root_key, shared)
        chain = {"ratchet_key": remote_key, "chain_key": chain_key, "index": 0, "seeds": {}}
    else:
        chain = receiving[place]
    alone = not strict and session["local_identity"] == session["remote_identity"]
    chain, seed = seed_of(chain, message["counter"], alone)
    key, mac_key, iv = message_keys(seed)
    tag = mac(mac_key, session["remote_identity"] + session["local_identity"] + message["authenticated"])[:8]
    if not hmac.compare_digest(tag, message["mac"]):
        raise Fails
    plaintext = decrypt_body(key, iv, message["ciphertext"])
    if place is not None:
        receiving = receiving[:place] + (chain,) + receiving[place + 1 :]
        return session | {"receiving": receiving, "pending": None}, plaintext
    private = curve.clamp(draw(32))
    root_key, chain_key = root_step(root_key, curve.agree(private, remote_key, strict))
    sending = {"private": private, "public": curve.public_of(private), "chain_key": chain_key, "index": 0}
    return session | {
        "root_key": root_key, "sending": sending, "previous_counter": max(session["sending"]["index"] - 1, 0),
        "receiving": (receiving + (chain,))[-CHAINS_MAX:], "pending": None,
    }, plaintext


def seed_of(chain, counter, unlimited):
    """Steps 4 to 6 of RECEIVE: the chain afterwards, and the seed of message `counter`."""
    seeds, index, chain_key = dict(chain["seeds"]), chain["index"], chain["chain_key"]
    if counter < index:
        if counter not in seeds:
            raise Duplicate
        seed = seeds.pop(counter)
        return chain | {"seeds": seeds}, seed
    if counter - index > FORWARD_MAX and not unlimited:
        raise Fails
    for number in range(index, counter):
        seeds[number] = mac(chain_key, b"\x01")
        chain_key = mac(chain_key, b"\x02")
        if len(seeds) > SEEDS_MAX:
            del seeds[next(iter(seeds))]
    seed = mac(chain_key, b"\x01")
    return chain | {"seeds": seeds, "chain_key": mac(chain_key, b"\x02"), "index": counter + 1}, seed


def archive(record):
    """The record with no current session."""
    current, archived = record
    if current is None:
        return record
    return None, ((current | {"pending": None},) + archived)[:ARCHIVED_MAX]


def make_current(record, session, place=None):
    """The record with `session` as the current one; it stood in the archive at `place`, if anywhere."""
    current, archived = record
    if place is not None:
        archived = archived[:place] + archived[place + 1 :]
    return session, archive((current, archived))[1]


def encrypt_to(party, peer, plaintext, now):
    """ENCRYPT_TO: commits, then gives type and message."""
    current, archived = party["records"].get(peer, (None, ()))
    pending = current and current["pending"]
    if current is None or (pending and now > 1000 * (current["begun"] // 1000 + UNANSWERED_SECONDS_MAX)):
        raise Refusal("no_session")
    session, message = encrypt(current, plaintext)
    check_trust(party, peer, session["remote_identity"])
    kind = 2
    if pending:
        kind = 3
        message = b"\x34" + wire.write(
            (1, pending["one_time_prekey_id"]), (2, session["base_key"]), (3, party["public"]), (4, message),
            (5, party["registration_id"]), (6, pending["signed_prekey_id"]),
        )
    commit(party, peer, (session, archived), session)
    return kind, message


def decrypt_from(party, peer, data, draw):
    """A ratchet message: trial over the record."""
    message = wire.decode_message(data, party["strict"])
    current, archived = record = party["records"].get(peer, (None, ()))
    if current is None and not archived:
        raise Refusal("no_session")
    places = ([(None, current)] if current else []) + list(enumerate(archived))
    for place, session in places:
        try:
            session, plaintext = receive(session, message, party["strict"], draw)
        except Duplicate:
            raise Refusal("duplicate_message") from None
        except Fails:
            continue
        check_trust(party, peer, session["remote_identity"])
        commit(party, peer, (session, archived) if place is None else make_current(record, session, place), session)
        return plaintext
    raise Refusal("invalid_message")


def decrypt_prekey_from(party, peer, data, draw):
    """A prekey message: its own session, new or existing."""
    message = wire.decode_prekey_message(data, party["strict"])
    check_trust(party, peer, message["identity_key"])
    current, archived = record = party["records"].get(peer, (None, ()))
    is_its = lambda session: session is not None and session["base_key"] == message["base_key"]
    place = next((i for i, session in enumerate(archived) if is_its(session)), None)
    new = place is None and not is_its(current)
    replay = message["one_time_prekey_id"] is None and (message["signed_prekey_id"], message["base_key"])
    if is_its(current):
        session, place = current, None
    elif place is not None:
        session = archived[place]
    else:
        if not party["accept_x3dh"]:
            raise Refusal("suite_refused")
        if party["strict"] and replay in party["replays"]:
            raise Refusal("handshake_replayed")
        session = respond(party, message)
    try:
        session, plaintext = receive(session, message["message"], party["strict"], draw)
    except Duplicate:
        raise Refusal("duplicate_message") from None
    except Fails:
        raise Refusal("invalid_message") from None
    if new and replay:
        party["replays"] |= {replay}
    elif new:
        del party["one_time_prekeys"][message["one_time_prekey_id"]]
    record = (session, archived) if is_its(current) else make_current(record, session, place)
    commit(party, peer, record, session)
    return plaintext


def check_trust(party, peer, identity_key):
    if party["trusted"].get(peer, identity_key) != identity_key:
        raise Refusal("untrusted_identity")


def commit(party, peer, record, session):
    party["records"][peer] = record
    party["trusted"][peer] = session["remote_identity"]
