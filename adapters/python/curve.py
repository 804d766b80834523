"""Keys, agreements and XEdDSA. Spec: spec/primitives.md, spec/identity.md."""

import hashlib

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from refusal import Refusal

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_MINUS_1 = pow(2, (P - 1) // 4, P)
TOP_BIT = 1 << 255


def le(data):
    return int.from_bytes(data, "little")


def clamp(private):
    key = bytearray(private)
    key[0] &= 0xF8
    key[31] = key[31] & 0x7F | 0x40
    return bytes(key)


def public_of(private):
    """The 33-byte public key of a clamped private key."""
    return b"\x05" + X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def decode_key(data, strict):
    if not data:
        raise Refusal("no_key_type")
    if data[0] != 5:
        raise Refusal("bad_key_type")
    if len(data) < 33 or (strict and len(data) > 33):
        raise Refusal("bad_key_length")
    if strict and le(data[1:33]) >= P:
        raise Refusal("bad_key")
    return data[:33]


def agree(private, public, strict):
    peer = X25519PublicKey.from_public_bytes(public[1:])
    try:
        return X25519PrivateKey.from_private_bytes(private).exchange(peer)
    except ValueError:  # this library refuses a result of zero bytes, and nothing else
        if strict:
            raise Refusal("bad_agreement") from None
        return bytes(32)


# Points of the Edwards curve in extended coordinates: x = X/Z, y = Y/Z, T = XY/Z.
NEUTRAL = (0, 1, 1, 0)


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar, point):
    result = NEUTRAL
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def point_of(y, sign):
    """The point with this y and this sign of x, or None."""
    x2 = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if x * x % P != x2:
        x = x * SQRT_MINUS_1 % P
    if x * x % P != x2 or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def encode(point):
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = point_of(4 * pow(5, -1, P) % P, 0)


def sha512(*parts):
    return le(hashlib.sha512(b"".join(parts)).digest()) % Q


def sign(private, message, random, rule):
    k = clamp(private)
    a = le(k) % Q
    point = encode(multiply(a, BASE))
    sign_bit = point[31] >> 7
    secret = k
    if rule == "paper":
        if sign_bit:
            a = Q - a
        point = (le(point) & ~TOP_BIT).to_bytes(32, "little")
        secret, sign_bit = a.to_bytes(32, "little"), 0
    r = sha512(b"\xfe" + b"\xff" * 31, secret, message, random)
    commitment = encode(multiply(r, BASE))
    s = (r + sha512(commitment, point, message) * a) % Q
    return commitment + (s | sign_bit << 255).to_bytes(32, "little")


def verify(public, message, signature, profile):
    """Refuses with bad_signature. `profile`: compatible, strict or native."""
    if not fits(public, message, signature, profile):
        raise Refusal("bad_signature")


def fits(public, message, signature, profile):
    if len(signature) != 64:
        return False
    sign_bit, s = signature[63] >> 7, le(signature[32:]) & ~TOP_BIT
    if (profile == "native" and sign_bit) or s >> 253 or (profile != "compatible" and s >= Q):
        return False
    u = (le(public[1:]) & ~TOP_BIT) % P
    if u == P - 1:
        return False
    point = point_of((u - 1) * pow(u + 1, -1, P) % P, sign_bit)
    if point is None:
        return False
    if profile != "compatible" and encode(multiply(8, point)) == encode(NEUTRAL):
        return False
    h = sha512(signature[:32], encode(point), message)
    negative = (P - point[0], point[1], point[2], P - point[3])
    return encode(add(multiply(s % Q, BASE), multiply(h, negative))) == signature[:32]
