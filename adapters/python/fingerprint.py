"""Fingerprints. Spec: spec/identity.md#fingerprints."""

import hashlib

import wire
from refusal import Refusal


def side(key, identifier, iterations):
    digest = hashlib.sha512(b"\0\0" + key + identifier + key).digest()
    for _ in range(iterations - 1):
        digest = hashlib.sha512(digest + key).digest()
    return digest


def digits(digest):
    return "".join(f"{int.from_bytes(digest[i : i + 5], 'big') % 100_000:05}" for i in range(0, 30, 5))


def compute(version, iterations, local_key, local_id, remote_key, remote_id):
    """The 60 digits and the scannable form."""
    if not 2 <= iterations <= 1_000_000:
        raise Refusal("bad_iterations")
    local, remote = side(local_key, local_id, iterations), side(remote_key, remote_id, iterations)
    halves = [wire.write((1, each[:32])) for each in (local, remote)]
    return "".join(sorted(map(digits, (local, remote)))), wire.write((1, version), (2, halves[0]), (3, halves[1]))


def decode(scannable):
    try:
        fields = wire.read(scannable, {1: wire.VARINT, 2: wire.BYTES, 3: wire.BYTES}, messages=(2, 3))
        halves = (wire.read(fields.get(number, b""), {1: wire.BYTES}) for number in (2, 3))
        return fields.get(1, 0), *(half.get(1) for half in halves)
    except Refusal:
        raise Refusal("fingerprint_malformed") from None


def compare(mine, theirs):
    mine, theirs = decode(mine), decode(theirs)
    if mine[0] != theirs[0]:
        raise Refusal("fingerprint_version")
    if None in mine[1:] + theirs[1:]:
        raise Refusal("fingerprint_malformed")
    return mine[1] == theirs[2] and mine[2] == theirs[1]
