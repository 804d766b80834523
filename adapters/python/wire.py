"""Protobuf and the messages of signal-v3. Spec: spec/wire.md."""

from curve import decode_key
from refusal import Refusal

VARINT, FIXED64, BYTES, GROUP, END, FIXED32 = range(6)


def varint(data, at):
    value = 0
    for count in range(10):
        if at >= len(data):
            raise Refusal("malformed")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            if count == 9 and byte > 1:
                break
            return value, at
    raise Refusal("malformed")


def key(data, at):
    value, at = varint(data, at)
    if value >= 2**32 or value >> 3 == 0 or value & 7 > FIXED32:
        raise Refusal("malformed")
    return value >> 3, value & 7, at


def value_of(data, at, number, kind, depth=0):
    """The value at `at`, and where the next key is."""
    if kind == VARINT:
        return varint(data, at)
    if kind == GROUP:
        while depth < 100:
            inner, inner_kind, at = key(data, at)
            if inner_kind == END:
                if inner != number:
                    break
                return None, at
            _, at = value_of(data, at, inner, inner_kind, depth + 1)
        raise Refusal("malformed")
    if kind == END:
        raise Refusal("malformed")
    length = {FIXED64: 8, FIXED32: 4}.get(kind)
    if length is None:
        length, at = varint(data, at)
    if length > len(data) - at:
        raise Refusal("malformed")
    return data[at : at + length], at + length


def read(data, known, required=(), messages=()):
    """The fields in `known` (number → kind), the last of each; refuses when one of `required` is absent.

    Those in `messages` are joined instead: read as one, they are merged.
    """
    fields, at = {}, 0
    while at < len(data):
        number, kind, at = key(data, at)
        if number in known and kind != known[number]:
            raise Refusal("malformed")
        value, at = value_of(data, at, number, kind)
        if number in known:
            earlier = fields.get(number, b"") if number in messages else b""
            fields[number] = value & 0xFFFFFFFF if kind == VARINT else earlier + value
    if any(number not in fields for number in required):
        raise Refusal("malformed")
    return fields


def write_varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def write(*fields):
    """Fields (number, value) in the order given; a value of None is left out."""
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += write_varint(number << 3) + write_varint(value)
        elif value is not None:
            out += write_varint(number << 3 | BYTES) + write_varint(len(value)) + value
    return out


def check_version(data, least):
    if len(data) < least:
        raise Refusal("too_short")
    if data[0] >> 4 < 3:
        raise Refusal("legacy_version")
    if data[0] >> 4 > 4:
        raise Refusal("unknown_version")


def decode_message(data, strict):
    check_version(data, 9)
    fields = read(data[1:-8], {1: BYTES, 2: VARINT, 3: VARINT, 4: BYTES}, (1, 2, 4))
    return {
        "version": data[0] >> 4,
        "ratchet_key": decode_key(fields[1], strict),
        "counter": fields[2],
        "ciphertext": fields[4],
        "authenticated": data[:-8],
        "mac": data[-8:],
    }


def decode_prekey_message(data, strict):
    check_version(data, 1)
    kinds = {1: VARINT, 2: BYTES, 3: BYTES, 4: BYTES, 5: VARINT, 6: VARINT, 7: VARINT, 8: BYTES}
    fields = read(data[1:], kinds, (2, 3, 4, 6))
    base_key = decode_key(fields[2], strict)
    if (7 in fields) != (8 in fields):
        raise Refusal("invalid_message")
    message = {
        "one_time_prekey_id": fields.get(1),
        "base_key": base_key,
        "identity_key": decode_key(fields[3], strict),
        "message": decode_message(fields[4], strict),
        "signed_prekey_id": fields[6],
    }
    if data[0] >> 4 != 3 or 7 in fields:
        raise Refusal("invalid_message")
    return message
