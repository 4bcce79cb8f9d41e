#!/usr/bin/env python3
"""Reads a Tenlock volume by docs/format.md alone: an independent check of that page, and a way to the data without this library.

Needs the packages cryptography (42 or later) and argon2-cffi. Counts no attempt and writes nothing: work on a copy that you may read.

    read-volume.py IMAGE PASSPHRASE_FILE            the values of the header, after all of them have been verified
    read-volume.py IMAGE PASSPHRASE_FILE --payload  the payload, decrypted, to standard output
"""

import hashlib
import hmac
import struct
import sys
import unicodedata

from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

BLOCK, COPY = 4096, 1 << 20


def block(image, copy, index, magic):
    data = image[copy + index * BLOCK :][:BLOCK]
    assert data[:8] == magic, f"block {index}: magic"
    assert data[8:10] == b"\1\0", f"block {index}: version"
    assert hashlib.sha256(data[:4064]).digest() == data[4064:], f"block {index}: checksum"
    return data


def expand(key, info, length):
    out, last = b"", b""
    for counter in range(1, -(-length // 32) + 1):
        last = hmac.digest(key, last + info + bytes([counter]), "sha256")
        out += last
    return out[:length]


def unlock(image, passphrase, copy=0, slot_index=0):
    root = block(image, copy, 0, b"TENLOCK\0")
    policy = block(image, copy, 3, b"TLPOLICY")
    label = block(image, copy, 4, b"TLLABEL\0")
    slot = block(image, copy, 8 + slot_index, b"TLSLOT\0\0")
    volume_id, authority = root[16:32], root[96:128]
    assert root[192:224] == policy[4064:] and root[224:256] == label[4064:]
    assert root[256 + 32 * slot_index :][:32] == slot[4064:]

    seal_blocks = struct.unpack_from("<H", root, 84)[0]
    bodies = [block(image, copy, 64 + i, b"TLSEAL\0\0")[32:4064] for i in range(seal_blocks)]
    seal_hash = hashlib.sha256(b"tenlock v1 seal" + volume_id + b"".join(bodies)).digest()

    kind, _, length = struct.unpack_from("<HHI", slot, 128)
    algorithm, _, memory, passes, lanes = struct.unpack_from("<HHIII", slot, 136)
    assert (slot[33], kind, length, algorithm) == (1, 1, 48, 1), "not a slot for a passphrase alone"
    salt = slot[152:184]
    text = unicodedata.normalize("NFC", passphrase).encode()
    output = hash_secret_raw(text, salt, passes, memory, lanes, 32, Type.ID)

    prefix = slot[:3200]
    ikm = struct.pack("<HH", 1, 32) + output
    info = b"tenlock v1 kek" + authority + hashlib.sha256(prefix).digest()
    kek = expand(hmac.digest(seal_hash, ikm, "sha256"), info, 32)
    assert expand(kek, b"tenlock v1 commitment", 32) == slot[3200:3232], "wrong passphrase"
    wrap_key = expand(kek, b"tenlock v1 wrap key", 32)
    keys = AESGCMSIV(wrap_key).decrypt(bytes(12), slot[3232:3312], prefix)

    volume_key = keys[:32]
    mac = hmac.digest(expand(volume_key, b"tenlock v1 header mac" + volume_id, 32), root[:4032], "sha256")
    assert mac == root[4032:4064], "MAC of the root (F-80)"
    message = b"tenlock v1 policy" + root[:176] + policy[:4000] + label[:4064]
    Ed25519PublicKey.from_public_bytes(authority).verify(policy[4000:4064], message)
    return {
        "volume id": "-".join(volume_id.hex()[a:b] for a, b in [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)]),
        "salt": salt.hex(),
        "Argon2id output": output.hex(),
        "seal hash": seal_hash.hex(),
        "KEK": kek.hex(),
        "commitment": slot[3200:3232].hex(),
        "volume key": volume_key.hex(),
        "XTS key": expand(volume_key, b"tenlock v1 payload xts" + volume_id, 64).hex(),
        "authority seed": keys[32:].hex(),
        "authority public key": authority.hex(),
        "signature": policy[4000:4064].hex(),
        "MAC of the root": mac.hex(),
        "SHA-256 of the image": hashlib.sha256(image).hexdigest(),
    }


def payload(image, xts_key):
    offset, length = struct.unpack_from("<QQ", image, 56)
    sector = struct.unpack_from("<I", image, 76)[0]
    for start in range(0, length, sector):
        tweak = (start // 512).to_bytes(16, "little")
        decryptor = Cipher(algorithms.AES(xts_key), modes.XTS(tweak)).decryptor()
        yield decryptor.update(image[offset + start :][:sector])


def main():
    image = open(sys.argv[1], "rb").read()
    passphrase = open(sys.argv[2], "rb").read().decode().removesuffix("\n")
    values = unlock(image, passphrase)
    if sys.argv[3:] == ["--payload"]:
        for sector in payload(image, bytes.fromhex(values["XTS key"])):
            sys.stdout.buffer.write(sector)
    else:
        for name, value in values.items():
            print(f"{name}: {value}")


if __name__ == "__main__":
    main()
