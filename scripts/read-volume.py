#!/usr/bin/env python3
"""Reads a Tenlock volume by docs/format.md alone: an independent check of that page, and a way to the data without this library.

Needs the packages cryptography (42 or later) and argon2-cffi. Reads header copy A, counts no attempt and writes nothing: work on a copy
that you may read.

    read-volume.py IMAGE PASSPHRASE_FILE            the values of the header, after all of them have been verified
    read-volume.py IMAGE PASSPHRASE_FILE --payload  the payload, decrypted, to standard output
    read-volume.py IMAGE PASSPHRASE_FILE --log      the event log, with an admin's credential

A slot opens with exactly its factors: besides or instead of a passphrase give --key-file, --recovery-key-file or --private-key-file. In the
last two, lines that begin with # are left out. A recovery key is taken as text in groups; for its words one needs the list of BIP 39, which is
not here. Without --slot, the first slot that asks for these factors is tried.
"""

import argparse
import hashlib
import hmac
import re
import struct
import sys
import unicodedata

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESGCMSIV

BLOCK, SLOTS, RECORD = 4096, 32, 576
PASSPHRASE, KEY_FILE, RECOVERY_KEY, PUBLIC_KEY, EXTERNAL = 1, 2, 3, 4, 256
SUITE = struct.pack(">HHH", 0x0020, 0x0001, 0x0002)
ROLES = ["none", "admin", "user", "recovery", "escrow"]


def check(condition, what):
    if not condition:
        sys.exit(f"refused: {what}")


def notice(what):
    print(f"notice: {what}", file=sys.stderr)


# Primitives


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def mac(key, *parts):
    return hmac.digest(key, b"".join(parts), "sha256")


def expand(key, info, length):
    out, last = b"", b""
    for counter in range(1, -(-length // 32) + 1):
        last = mac(key, last, info, bytes([counter]))
        out += last
    return out[:length]


def is_signed(key, message, signature):
    """Not as strict as the page wants: keys of small order, which nobody makes by accident, are not looked for."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


class Context:
    """The receiver's context of HPKE (RFC 9180), base mode."""

    def __init__(self, private_key, encapsulated, info):
        kem = b"HPKE-v1", b"KEM" + SUITE[:2]
        hpke = b"HPKE-v1", b"HPKE" + SUITE
        extract = lambda suite, salt, label, ikm: mac(salt or bytes(32), *suite, label, ikm)
        labeled = lambda suite, key, label, info, n: expand(key, struct.pack(">H", n) + b"".join(suite) + label + info, n)
        key = X25519PrivateKey.from_private_bytes(private_key)
        dh = key.exchange(X25519PublicKey.from_public_bytes(encapsulated))
        secret = extract(kem, b"", b"eae_prk", dh)
        secret = labeled(kem, secret, b"shared_secret", encapsulated + key.public_key().public_bytes_raw(), 32)
        context = b"\0" + extract(hpke, b"", b"psk_id_hash", b"") + extract(hpke, b"", b"info_hash", info)
        secret = extract(hpke, secret, b"secret", b"")
        self.key = labeled(hpke, secret, b"key", context, 32)
        self.nonce = labeled(hpke, secret, b"base_nonce", context, 12)
        exporter = labeled(hpke, secret, b"exp", context, 32)
        self.export = lambda context, length: labeled(hpke, exporter, b"sec", context, length)

    def open(self, ciphertext, aad):
        return AESGCM(self.key).decrypt(self.nonce, ciphertext, aad)


ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def bech32m(prefix, text, length):
    """The bytes for which the symbols stand that follow the human-readable part."""
    check(all(symbol in ALPHABET for symbol in text), "a character that is not one of a key")
    symbols = [ALPHABET.index(symbol) for symbol in text]
    check(len(symbols) == -(-8 * length // 5) + 6, "the key has too many or too few characters")
    residue = 1
    for value in [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix] + symbols:
        top = residue >> 25
        residue = (residue & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate([0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3]):
            residue ^= generator if top >> bit & 1 else 0
    check(residue == 0x2BC830A3, "the key has a typing error")
    bits = "".join(f"{symbol:05b}" for symbol in symbols[:-6])
    check("1" not in bits[8 * length :], "the key was not made by Tenlock")
    return int(bits[: 8 * length], 2).to_bytes(length, "big")


# Credentials


def key_text(path):
    lines = open(path, encoding="utf-8-sig").read().splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#")).strip()


def recovery_key(path):
    text = re.sub(r"[\s\-_.,\u00ad\u200b\u2010-\u2015\u2212]", "", key_text(path)).lower()
    check(len(text) == 32, "not a recovery key as text in groups; words are not read here, for they need the list of BIP 39")
    return bech32m("tenlockrecovery", text, 16)


def private_key(path):
    prefix, _, text = key_text(path).lower().partition("1")
    check(prefix == "tenlock-secret-key-", "not a private key of Tenlock")
    return bech32m(prefix, text, 32)


def credential(options):
    """What is presented, by kind of factor."""
    found = {}
    if options.passphrase_file:
        text = open(options.passphrase_file, "rb").read().decode().removesuffix("\n")
        found[PASSPHRASE] = unicodedata.normalize("NFC", text).encode()
    if options.key_file:
        content = open(options.key_file, "rb").read()
        check(content, "the key file is empty")
        found[KEY_FILE] = sha256(content)
    if options.recovery_key_file:
        found[RECOVERY_KEY] = recovery_key(options.recovery_key_file)
    if options.private_key_file:
        found[PUBLIC_KEY] = private_key(options.private_key_file)
    check(found, "give a passphrase or another factor")
    return found


# The header


class Header:
    """Header copy A, verified as far as that goes without a credential."""

    def __init__(self, image, accept_lost_log=False):
        self.image = image
        self.root = self.block(0, b"TENLOCK\0")
        self.id, self.authority, self.log_key = self.root[16:32], self.root[96:128], self.root[128:160]
        self.state, self.policy, self.label = (
            self.block(index, magic) for index, magic in [(1, b"TLSTATE\0"), (3, b"TLPOLICY"), (4, b"TLLABEL\0")]
        )
        check(self.state[32] == 1, "the key of this volume is erased, or being erased")
        check(self.root[192:224] == self.policy[4064:] and self.root[224:256] == self.label[4064:], "policy or label (F-20)")
        self.versions = struct.unpack_from("<32Q", self.root, 1280)
        self.slots = [self.slot(index) if self.is_in_force(index) else None for index in range(SLOTS)]
        self.records = self.read_log()
        self.check_signatures()
        follows = self.check_log()
        check(follows or accept_lost_log, "the event log does not go on from its signed head (F-89); see --accept-lost-log")

    def block(self, index, magic, number=0):
        data = self.image[index * BLOCK :][:BLOCK]
        check(data[:8] == magic, f"block {index}: magic (F-01)")
        check(data[8:10] == b"\1\0", f"block {index}: version (F-02)")
        check(sha256(data[:4064]) == data[4064:], f"block {index}: checksum (F-03)")
        check(data[10:16] == struct.pack("<HI", number, 0), f"block {index}: index (F-04)")
        check(index == 0 or data[16:32] == self.id, f"block {index}: volume id (F-05)")
        return data

    def is_in_force(self, index):
        erased_version = struct.unpack_from("<Q", self.state, 288 + 8 * index)[0]
        return self.versions[index] > erased_version or self.state[64 + index] == 0

    def slot(self, index):
        data = self.block(8 + index, b"TLSLOT\0\0", index)
        check(self.root[256 + 32 * index :][:32] == data[4064:], f"slot {index} is not of this generation (F-20)")
        return data

    def grant(self, index):
        return self.policy[160 + 64 * index :][:64]

    def factors(self, index):
        """Kind and body of each factor."""
        slot, at, found = self.slots[index], 128, []
        end = 128 + struct.unpack_from("<I", slot, 96)[0]
        while at < end:
            kind, _, length = struct.unpack_from("<HHI", slot, at)
            found.append((kind, slot[at + 8 :][:length]))
            at += 8 + -(-length // 8) * 8
        check(at == end and len(found) == slot[33], f"slot {index}: factors (F-63)")
        return found

    def holder(self, index):
        """Who has to have signed the slot; None if the endorsement is not valid."""
        holder = lambda slot: self.policy[2208 + 32 * slot :][:32]
        slot = self.slots[index]
        if slot[3440] == 0:
            return holder(index)
        by, first, new = slot[3440] - 1, slot[3448:3456], slot[3456:3488]
        message = b"tenlock v1 endorsement" + self.id + struct.pack("<H", index) + slot[48:64] + first + new
        version = struct.unpack_from("<Q", slot, 104)[0]
        valid = ROLES[slot[32]] == "user" and ROLES[self.grant(by)[0]] == "recovery" and version >= int.from_bytes(first, "little")
        valid = valid and int.from_bytes(first, "little") > struct.unpack_from("<Q", self.policy, 3232 + 8 * index)[0]
        return new if valid and is_signed(holder(by), message, slot[3488:3552]) else None

    def check_signatures(self):
        policy = self.policy
        check(is_signed(self.authority, b"tenlock v1 policy" + policy[:4000], policy[4000:4064]), "signature of the policy (F-81)")
        check(policy[3488:3520] == sha256(self.root[:176]), "static part of the root (F-84)")
        check(policy[3520:3552] == self.root[224:256], "label (F-85)")
        for index, floor in enumerate(struct.unpack_from("<32Q", policy, 3232)):
            check(self.versions[index] >= floor, f"slot {index} is older than its floor (F-86)")
            if self.slots[index]:
                self.check_slot(index)

    def check_slot(self, index):
        slot, grant = self.slots[index], self.grant(index)
        if slot[32] == 0:
            one_time = grant[4] & 1
            check(grant[0] == 0 or one_time, f"slot {index} is missing (F-88)")
            return
        guessable = any(kind not in (RECOVERY_KEY, PUBLIC_KEY) for kind, _ in self.factors(index))
        granted = grant[0] == slot[32] and grant[8:24] == slot[48:64] and (grant[1] > 0 or not guessable)
        check(granted, f"slot {index} was not granted (F-82)")
        check(struct.unpack_from("<Q", slot, 104)[0] == self.versions[index], f"slot {index} is not the one of its version (F-86)")
        holder = self.holder(index)
        signed = holder and is_signed(holder, b"tenlock v1 slot" + slot[:3376], slot[3376:3440])
        check(signed, f"signature of slot {index} (F-87)")

    def read_log(self):
        """The records by number; a block that is refused has none."""
        found = {}
        for number in range(24):
            data = self.image[(40 + number) * BLOCK :][:BLOCK]
            frame = b"TLLOG\0\0\0" + struct.pack("<HHI", 1, number, 0) + self.id
            if data[:32] != frame or sha256(data[:4064]) != data[4064:]:
                notice(f"block {number} of the event log cannot be read")
                continue
            records = {}
            for at in range(32, 4064, RECORD):
                sequence = struct.unpack_from("<Q", data, at)[0]
                if sequence:
                    records[sequence] = at
            places = {n: 7 * number + (at - 32) // RECORD for n, at in records.items()}
            if any((n - 1) % 168 != place for n, place in places.items()):
                notice(f"block {number} of the event log has records of other places (F-100)")
                continue
            found |= {n: data[at:][:RECORD] for n, at in records.items()}
        return found

    def check_log(self):
        """Whether the log goes on from its head; says what is wrong with the chain."""
        hash_of = lambda record: sha256(b"tenlock v1 log", self.id, record)
        newest = max(self.records, default=0)
        oldest = max(1, newest - 167)
        for sequence in range(oldest, newest + 1):
            record, before = self.records.get(sequence), self.records.get(sequence - 1)
            if record is None:
                notice(f"record {sequence} of the event log is missing")
            elif (before or sequence == 1) and record[8:40] != (hash_of(before) if before else bytes(32)):
                notice(f"record {sequence} of the event log does not follow the one before it")
        head, digest = struct.unpack_from("<Q32s", self.policy, 3552)
        return head < oldest or (head in self.records and hash_of(self.records[head]) == digest)


# Opening a slot


def output(header, index, kind, body, given):
    """The 32 bytes of a factor, and what is to be printed of it."""
    if kind == PASSPHRASE:
        algorithm, _, memory, passes, lanes = struct.unpack_from("<HHIII", body)
        salt = body[16:]
        check((len(salt), algorithm) == (32, 1), "passphrase factor (F-66, F-67)")
        derived = hash_secret_raw(given, salt, passes, memory, lanes, 32, Type.ID)
        return derived, {"salt": salt.hex(), "Argon2id output": derived.hex()}
    if kind == KEY_FILE:
        derived = mac(body, b"tenlock v1 key file", given)
        return derived, {"key file output": derived.hex()}
    if kind == RECOVERY_KEY:
        derived = mac(body, b"tenlock v1 recovery key", given)
        return derived, {"recovery key output": derived.hex()}
    check(kind == PUBLIC_KEY and struct.unpack_from("<HHH", body) == struct.unpack(">HHH", SUITE), "unknown factor")
    slot = header.slots[index]
    info = b"tenlock v1 public key" + header.id + struct.pack("<H", index) + slot[48:64] + slot[64:96]
    derived = Context(given, body[40:72], info).export(b"factor", 32)
    return derived, {"HPKE output": derived.hex()}


def choose(header, given, wanted):
    for index in range(SLOTS) if wanted is None else [wanted]:
        slot = header.slots[index]
        if slot and slot[32] and sorted(kind for kind, _ in header.factors(index)) == sorted(given):
            return index
    sys.exit("no slot asks for these factors")


def unlock(header, given, index):
    root, slot = header.root, header.slots[index]
    seal_blocks = struct.unpack_from("<H", root, 84)[0]
    bodies = [header.block(64 + i, b"TLSEAL\0\0", i)[32:4064] for i in range(seal_blocks)]
    seal_hash = sha256(b"tenlock v1 seal", header.id, *bodies)

    ikm, shown = b"", {}
    for kind, body in header.factors(index):
        derived, values = output(header, index, kind, body, given[kind])
        ikm += struct.pack("<HH", kind, 32) + derived
        shown |= values
    prefix = slot[:3200]
    kek = expand(mac(seal_hash, ikm), b"tenlock v1 kek" + sha256(prefix), 32)
    check(expand(kek, b"tenlock v1 commitment", 32) == slot[3200:3232], "wrong credential")
    wrap_key = expand(kek, b"tenlock v1 wrap key", 32)
    keys = AESGCMSIV(wrap_key).decrypt(bytes(12), slot[3232:3376], prefix)
    volume_key, authority_seed, holder_seed, authority = (keys[at : at + 32] for at in range(0, 128, 32))

    public = lambda seed: Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    check(authority == header.authority, "another authority than that of the slot (F-83)")
    root_mac = mac(expand(volume_key, b"tenlock v1 header mac" + header.id, 32), root[:4032])
    check(root_mac == root[4032:4064], "MAC of the root (F-80)")
    check(public(holder_seed) == header.holder(index), "the holder in the slot is not the one that signed it")
    if ROLES[slot[32]] == "admin":
        check(public(authority_seed) == authority, "seed of the authority")
        log_key = X25519PrivateKey.from_private_bytes(expand(authority_seed, b"tenlock v1 log key", 32))
        check(log_key.public_key().public_bytes_raw() == header.log_key, "log key")
    else:
        check(authority_seed == bytes(32), "only an admin has the seed of the authority")
    return (
        {"volume id": "-".join(header.id.hex()[a:b] for a, b in [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)])}
        | shown
        | {
            "seal hash": seal_hash.hex(),
            "KEK": kek.hex(),
            "commitment": slot[3200:3232].hex(),
            "volume key": volume_key.hex(),
            "XTS key": expand(volume_key, b"tenlock v1 payload xts" + header.id, 64).hex(),
            "authority seed": authority_seed.hex(),
            "authority public key": authority.hex(),
            "holder public key": public(holder_seed).hex(),
            "log public key": header.log_key.hex(),
            "signature": header.policy[4000:4064].hex(),
            "MAC of the root": root_mac.hex(),
            "SHA-256 of the image": hashlib.sha256(header.image).hexdigest(),
        }
    )


def payload(image, xts_key):
    offset, length = struct.unpack_from("<QQ", image, 56)
    sector = struct.unpack_from("<I", image, 76)[0]
    for start in range(0, length, sector):
        tweak = (start // 512).to_bytes(16, "little")
        decryptor = Cipher(algorithms.AES(xts_key), modes.XTS(tweak)).decryptor()
        yield decryptor.update(image[offset + start :][:sector])


def events(header, authority_seed):
    """One line for each record of the event log."""
    check(authority_seed != bytes(32), "only an admin can read the event log")
    key = expand(authority_seed, b"tenlock v1 log key", 32)
    for sequence, record in sorted(header.records.items()):
        try:
            event = Context(key, record[40:72], b"tenlock v1 event" + header.id).open(record[72:], record[:40])
        except (InvalidTag, ValueError):
            yield f"{sequence} cannot be opened"
            continue
        version, kind, slots, time, role = struct.unpack_from("<HHIQB", event)
        check(version == 1, "version of an event (F-103)")
        slots = [slot for slot in range(SLOTS) if slots >> slot & 1]
        host, agent = event[24:][: event[17]].decode(), event[88:][: event[18]].decode()
        yield f"{sequence} kind {kind} slots {slots} time {time} role {ROLES[role]} host {host!r} agent {agent!r}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("image")
    parser.add_argument("passphrase_file", nargs="?")
    parser.add_argument("--key-file")
    parser.add_argument("--recovery-key-file")
    parser.add_argument("--private-key-file")
    parser.add_argument("--slot", type=int, choices=range(SLOTS), metavar="0-31")
    parser.add_argument("--payload", action="store_true")
    parser.add_argument("--log", action="store_true")
    parser.add_argument("--accept-lost-log", action="store_true")
    options = parser.parse_args()
    given = credential(options)
    header = Header(open(options.image, "rb").read(), options.accept_lost_log)
    values = unlock(header, given, choose(header, given, options.slot))
    if options.payload:
        for sector in payload(header.image, bytes.fromhex(values["XTS key"])):
            sys.stdout.buffer.write(sector)
    elif options.log:
        for line in events(header, bytes.fromhex(values["authority seed"])):
            print(line)
    else:
        for name, value in values.items():
            print(f"{name}: {value}")


if __name__ == "__main__":
    main()
