#!/usr/bin/env python3
"""Check an evidence package. Needs Python 3.9 or newer and nothing else; goes to no network, writes nothing.

    python3 verify.py PACKAGE.zip [--key FIRST_PUBLIC_KEY] [--head "dutycenter-head ..."]

It recomputes everything: the ZIP's own structure, the manifest's signature, every file's SHA-256 and SM3, every
ledger entry's path to the signed head, and that each recording and each attachment is the one that the ledger was
told of when it was taken in. Whatever was changed is named; exit code 1 then. --key and --head compare with what you have from
elsewhere (the monthly report prints the head): without them you know that the package is whole, not who made it.
With --head it also proves that the ledger has only grown since that head was printed; exit code 2 where the
package cannot tell.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import mmap
import struct
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Union

MANIFEST, SIGNATURE, ENTRIES, GROWTH = "manifest.json", "manifest.sig", "entries.jsonl", "growth.jsonl"
INDEX = "the package's index"
TAKEN_IN = {"recordings": ("recording.kept", "recording"), "attachments": ("attachment.added", "attachment")}
CHUNK = 1 << 20
Data = Union[bytes, mmap.mmap]
Point = tuple[int, int, int, int]  # X, Y, Z, T of RFC 8032, section 5.1.4
Digest = Callable[[bytes], bytes]
Sm3 = Callable[..., str]
Signed = Callable[..., bool]


# --- SM3 (GB/T 32905-2016) and Ed25519 (RFC 8032), for a Python that brings neither -----------------------------


def _left(x: int, n: int) -> int:
    n %= 32
    return ((x << n) | (x >> (32 - n))) & 0xFFFFFFFF


def _sm3_block(v: list[int], block: bytes) -> list[int]:
    w = list(struct.unpack(">16I", block))
    for j in range(16, 68):
        x = w[j - 16] ^ w[j - 9] ^ _left(w[j - 3], 15)
        w.append((x ^ _left(x, 15) ^ _left(x, 23)) ^ _left(w[j - 13], 7) ^ w[j - 6])
    a, b, c, d, e, f, g, h = v
    for j in range(64):
        early = j < 16
        ss1 = _left((_left(a, 12) + e + _left(0x79CC4519 if early else 0x7A879D8A, j)) & 0xFFFFFFFF, 7)
        ff = a ^ b ^ c if early else (a & b) | (a & c) | (b & c)
        gg = e ^ f ^ g if early else (e & f) | (~e & g)
        tt1 = (ff + d + (ss1 ^ _left(a, 12)) + (w[j] ^ w[j + 4])) & 0xFFFFFFFF
        tt2 = (gg + h + ss1 + w[j]) & 0xFFFFFFFF
        a, b, c, d, e, f, g, h = tt1, a, _left(b, 9), c, tt2 ^ _left(tt2, 9) ^ _left(tt2, 17), e, _left(f, 19), g
    return [x ^ y for x, y in zip(v, (a, b, c, d, e, f, g, h))]


def sm3_pure(chunks: Iterable[bytes]) -> str:
    """The SM3 of some chunks of bytes, as hexadecimal; a megabyte takes about a second."""
    v = [0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E]
    rest, length = b"", 0
    for chunk in chunks:
        rest, length = rest + chunk, length + len(chunk)
        whole = len(rest) // 64 * 64
        for at in range(0, whole, 64):
            v = _sm3_block(v, rest[at : at + 64])
        rest = rest[whole:]
    rest += b"\x80" + bytes((55 - length) % 64) + struct.pack(">Q", length * 8)
    for at in range(0, len(rest), 64):
        v = _sm3_block(v, rest[at : at + 64])
    return struct.pack(">8I", *v).hex()


def sm3(chunks: Iterable[bytes]) -> str:
    """The SM3 of some chunks of bytes, by OpenSSL where Python has it."""
    try:
        state = hashlib.new("sm3")
    except ValueError:
        return sm3_pure(chunks)
    for chunk in chunks:
        state.update(chunk)
    return state.hexdigest()


P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
G_Y = 4 * pow(5, P - 2, P) % P


def _x_of(y: int, sign: int) -> int | None:
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        return None
    return P - x if x & 1 != sign else x


def _point(encoded: bytes) -> Point | None:
    y = int.from_bytes(encoded, "little")
    x = _x_of(y & (2**255 - 1), y >> 255)
    return None if x is None else (x, y & (2**255 - 1), 1, x * (y & (2**255 - 1)) % P)


def _base() -> Point:
    point = _point(G_Y.to_bytes(32, "little"))
    assert point is not None
    return point


def _add(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(n: int, p: Point) -> Point:
    q: Point = (0, 1, 1, 0)
    while n:
        if n & 1:
            q = _add(q, p)
        p, n = _add(p, p), n >> 1
    return q


def is_signed(key: bytes, signature: bytes, message: bytes) -> bool:
    """Is this the Ed25519 key's signature of the message? All three are bytes."""
    a, r = _point(key) if len(key) == 32 else None, _point(signature[:32]) if len(signature) == 64 else None
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    one, other = _times(s, _base()), _add(r, _times(k, a))
    return (one[0] * other[2] - other[0] * one[2]) % P == 0 and (one[1] * other[2] - other[1] * one[2]) % P == 0


# --- the ZIP: nothing compressed, no dates, so that every byte of it is known ------------------------------------


def local_header(name: bytes, crc: int, size: int) -> bytes:
    """What stands before a file."""
    return struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 0, 0, 33, crc, size, size, len(name), 0) + name


def index_record(name: bytes, crc: int, size: int, offset: int) -> bytes:
    """A file's line in the index at the end."""
    head = struct.pack("<4s6H3L", b"PK\1\2", 20, 20, 0, 0, 0, 33, crc, size, size)
    return head + struct.pack("<5H2L", len(name), 0, 0, 0, 0, 0, offset) + name


def index_end(count: int, size: int, offset: int) -> bytes:
    """The ZIP's last bytes."""
    return struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, size, offset, 0)


def _by_index(data: Data) -> list[tuple[bytes, int, int]] | None:
    """Names and spans as the index says, or None."""
    if len(data) < 22 or data[-22:-18] != b"PK\5\6":
        return None
    count, size, at = struct.unpack("<HLL", data[-12:-2])
    found, expected = [], 0
    for _ in range(count):
        record = data[at : at + 46]
        if len(record) < 46 or record[:4] != b"PK\1\2":
            return None
        length, name_length = struct.unpack("<L", record[24:28])[0], struct.unpack("<H", record[28:30])[0]
        start = struct.unpack("<L", record[42:46])[0]
        if start != expected:
            return None
        found.append((data[at + 46 : at + 46 + name_length], start + 30 + name_length, length))
        expected, at = start + 30 + name_length + length, at + 46 + name_length
    return found if at == len(data) - 22 and expected == len(data) - 22 - size else None


def _by_walk(data: Data) -> list[tuple[bytes, int, int]] | None:
    """Names and spans as each file's own header says, or None."""
    found, at = [], 0
    while data[at : at + 4] == b"PK\3\4" and at + 30 <= len(data):
        length, name_length = (
            struct.unpack("<L", data[at + 22 : at + 26])[0],
            struct.unpack("<H", data[at + 26 : at + 28])[0],
        )
        found.append((data[at + 30 : at + 30 + name_length], at + 30 + name_length, length))
        at += 30 + name_length + length
    return found if at + sum(46 + len(name) for name, _, _ in found) + 22 == len(data) else None


def _chunks(data: Data, start: int, length: int) -> Iterator[bytes]:
    for at in range(start, start + length, CHUNK):
        yield data[at : min(at + CHUNK, start + length)]


class Package:
    """A package and what is wrong with it: ``faults`` is a list of (subject, what)."""

    def __init__(self, data: Data, sm3: Sm3 = sm3, is_signed: Signed = is_signed) -> None:
        self.data, self.sm3, self.is_signed = data, sm3, is_signed
        self.faults: list[tuple[str, str]] = []
        self.spans: dict[str, tuple[int, int]] = {}  # where each file's bytes lie
        self.manifest: Any = None
        self.keys: list[tuple[int, bytes]] = []  # from which place on, and the key
        self.earlier: dict[int, dict[str, str]] = {}  # the roots of heads from which the ledger has grown, by size
        self.checked = {"files": 0, "entries": 0, **dict.fromkeys(TAKEN_IN, 0)}

    def accuse(self, subject: str, what: str) -> None:
        self.faults.append((subject, what))

    def read(self, name: str) -> bytes:
        start, length = self.spans[name]
        return bytes(self.data[start : start + length])

    def check(self) -> Package:
        """Everything, from the outside in."""
        if not self._structure():
            return self
        if self._manifest():
            self._files()
            accused = {subject for subject, _ in self.faults}
            if self._head():
                if GROWTH not in accused:
                    self._growth()
                if ENTRIES not in accused:
                    self._entries()
        return self

    def hold_against(self, printed: str) -> str | None:
        """Has the ledger grown from this printed head? What was rewritten is accused; why it cannot be told, if so.

        Raises:
            ValueError: the text is no printed head.
        """
        words = printed.split()
        told = dict(word.split(":", 1) for word in words[3:] if ":" in word)
        if len(words) < 6 or words[0] != "dutycenter-head" or not {"sha256", "sm3"} <= set(told):
            raise ValueError("not a printed head: it begins with dutycenter-head and names sha256 and sm3")
        size, head = int(words[1]), self.manifest["head"]
        if size > head["size"]:
            return "it was printed after this package was made"
        roots = head if size == head["size"] else self.earlier.get(size)
        if roots is None:
            return "the package does not lead back to it"
        if any(roots[name] != told[name] for name in ("sha256", "sm3")):
            self.accuse("the printed head", "is not how this ledger began: the ledger was rewritten")
        return None

    # each step names what it finds

    def _structure(self) -> bool:
        data = self.data
        indexed, walked = _by_index(data), _by_walk(data)
        found = indexed or walked
        if not found:
            self.accuse("the package", "cannot be read as a ZIP of ours: it was cut off or rewritten")
            return False
        names = [name for name, _, _ in found]
        if indexed and walked:  # where two copies of a name differ, the manifest says which is right
            first = found[0]
            try:
                listed = json.loads(bytes(data[first[1] : first[1] + first[2]]))["files"]
                known = {MANIFEST, SIGNATURE} | {str(file["name"]) for file in listed}
            except (ValueError, KeyError, TypeError):
                known = set()
            names = [w[0] if w[0].decode("latin-1") in known else i[0] for i, w in zip(indexed, walked)]
        index, records = b"", []
        for name, (_, start, length) in zip(names, found):
            text = name.decode("latin-1")
            self.spans[text] = (start, length)
            crc = 0
            for chunk in _chunks(data, start, length):
                crc = zlib.crc32(chunk, crc)
            records.append((name, crc, start, length))
        end = found[-1][1] + found[-1][2]
        for name, crc, start, length in records:
            offset, text = start - 30 - len(name), name.decode("latin-1")
            own = data[offset + 14 : offset + 18]
            listed = data[end + len(index) + 16 : end + len(index) + 20]
            true = struct.pack("<L", crc)
            if own == listed != true:
                self.accuse(text, "was changed")  # both checksums say so: the file's bytes, not its headers
                crc = struct.unpack("<L", own)[0]
            if data[offset:start] != local_header(name, crc, length):
                self.accuse(text, "its header in the package was changed")
            index += index_record(name, crc, length, offset)
        if data[end:] != index + index_end(len(records), len(index), end):
            self.accuse(INDEX, "was changed")
        return True

    def _manifest(self) -> bool:
        changed = {subject for subject, what in self.faults if what == "was changed"}
        if changed & {MANIFEST, SIGNATURE}:
            return False
        for name in (MANIFEST, SIGNATURE):
            if name not in self.spans:
                self.accuse(name, "is missing")
                return False
        try:
            manifest, signature = json.loads(self.read(MANIFEST)), json.loads(self.read(SIGNATURE))
            keys = self._key_chain(manifest["keys"])
            key, signed = keys[-1][1], bytes.fromhex(signature["signature"])
        except (ValueError, KeyError, TypeError, IndexError):
            self.accuse(MANIFEST, "or its signature cannot be read")
            return False
        if not self.is_signed(key, signed, b"dutycenter package\n" + self.read(MANIFEST)):
            self.accuse(MANIFEST, "doesn't fit its signature")
            return False
        self.manifest, self.keys = manifest, keys
        return True

    def _key_chain(self, listed: list[dict[str, Any]]) -> list[tuple[int, bytes]]:
        """(position, key): each key is vouched for by the one before it."""
        keys = [(-1, bytes.fromhex(listed[0]["public_key"]))]
        for later in listed[1:]:
            old = hashlib.sha256(keys[-1][1]).hexdigest()[:16]
            said = "dutycenter ledger key %s is followed by %s" % (old, later["public_key"])
            if not self.is_signed(keys[-1][1], bytes.fromhex(later["signature"]), said.encode()):
                raise ValueError("a key that nobody vouches for")
            keys.append((int(later["position"]), bytes.fromhex(later["public_key"])))
        return keys

    def _files(self) -> None:
        accused = {subject for subject, _ in self.faults}
        listed = {file["name"]: file for file in self.manifest["files"]}
        for name in sorted(set(self.spans) - set(listed) - {MANIFEST, SIGNATURE}):
            self.accuse(name, "is not in the manifest: it was put in")
        for name, file in listed.items():
            if name not in self.spans:
                self.accuse(name, "is missing")
                continue
            self.checked["files"] += 1
            start, length = self.spans[name]
            sha256 = hashlib.sha256()
            for chunk in _chunks(self.data, start, length):
                sha256.update(chunk)
            right = (length, sha256.hexdigest()) == (file["bytes"], file["sha256"])
            if not (right and self.sm3(_chunks(self.data, start, length)) == file["sm3"]) and name not in accused:
                self.accuse(name, "was changed")

    def _head(self) -> bool:
        head = self.manifest["head"]
        said = {name: head[name] for name in ("at", "sha256", "size", "sm3")}
        message = json.dumps(said, separators=(",", ":"), sort_keys=True).encode()
        key = next(key for position, key in reversed(self.keys) if head["size"] > position)
        if not self.is_signed(key, bytes.fromhex(head["signature"]), message):
            self.accuse("the ledger's head", "its signature is wrong")
            return False
        return True

    def _digests(self) -> tuple[tuple[str, Digest], ...]:
        return (
            ("sha256", lambda data: hashlib.sha256(data).digest()),
            ("sm3", lambda data: bytes.fromhex(self.sm3([data]))),
        )

    def _growth(self) -> None:
        if GROWTH not in self.spans:
            return  # made before packages led back to earlier heads
        head = self.manifest["head"]
        for line in self.read(GROWTH).decode("utf-8").splitlines():
            earlier = json.loads(line)
            size, roots = earlier["size"], earlier["roots"]
            for name, digest in self._digests():
                if roots_from(digest, size, head["size"], roots[name], earlier[name]) != (roots[name], head[name]):
                    self.accuse("the head of %d entries" % size, "is not how this ledger began (%s)" % name)
            self.earlier[size] = roots

    def _entries(self) -> None:
        head = self.manifest["head"]
        kept: dict[str, dict[str, Any]] = {action: {} for action, _ in TAKEN_IN.values()}
        digests = self._digests()
        for line in self.read(ENTRIES).decode("utf-8").splitlines():
            proved = json.loads(line)
            written = proved["written"].encode()
            entry = json.loads(written)
            for name, digest in digests:
                root = root_from(digest, digest(b"\0" + written), proved["position"], head["size"], proved[name])
                if root != head[name]:
                    self.accuse("entry:%d" % entry["id"], "is not in the ledger that the head covers (%s)" % name)
            self.checked["entries"] += 1
            if entry["action"] in kept:
                kept[entry["action"]][entry["subject"]] = entry["data"]
        files = {file["name"]: file for file in self.manifest["files"]}
        for kind, (action, called) in TAKEN_IN.items():
            for name, subject in self.manifest.get(kind, {}).items():
                file, told = files.get(name, {}), kept[action].get(subject, {})
                if (file.get("sha256"), file.get("sm3")) != (told.get("sha256"), told.get("sm3")) or not told:
                    self.accuse(name, "is not the %s that the ledger was told of" % called)
                self.checked[kind] += 1


def root_from(digest: Digest, leaf: bytes, position: int, size: int, path: list[str]) -> str:
    """The root that a path of RFC 6962 leads to, as hexadecimal; empty for a path that cannot be."""
    node, last, root = position, size - 1, leaf
    for step in (bytes.fromhex(text) for text in path):
        if last == 0:
            return ""
        if node & 1 or node == last:
            root = digest(b"\1" + step + root)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            root = digest(b"\1" + root + step)
        node, last = node >> 1, last >> 1
    return "" if last else root.hex()


def roots_from(digest: Digest, first: int, second: int, root: str, path: list[str]) -> tuple[str, str]:
    """The roots of an earlier and a later tree that a path of RFC 9162 leads to; empty for a path that cannot be."""
    steps = [bytes.fromhex(text) for text in path]
    if not first & (first - 1):
        steps.insert(0, bytes.fromhex(root))
    if not 0 < first < second or not steps:
        return "", ""
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    older = newer = steps[0]
    for step in steps[1:]:
        if last == 0:
            return "", ""
        if node & 1 or node == last:
            older, newer = digest(b"\1" + step + older), digest(b"\1" + step + newer)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            newer = digest(b"\1" + newer + step)
        node, last = node >> 1, last >> 1
    return ("", "") if last else (older.hex(), newer.hex())


def open_package(path: str, is_signed: Signed = is_signed) -> Package:
    """Check the package in this file."""
    with open(path, "rb") as file:
        file.seek(0, 2)
        if file.tell() == 0:
            return Package(b"", is_signed=is_signed).check()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return Package(data, is_signed=is_signed).check()


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package")
    parser.add_argument("--key", help="the installation's first public key, 64 hexadecimal digits")
    parser.add_argument("--head", help="a head as the monthly report prints it")
    asked = parser.parse_args()
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a console that has no Chinese characters still learns what holds
    package, unproved = open_package(asked.package), None
    if package.manifest:
        head, first = package.manifest["head"], package.keys[0][1].hex()
        print(
            "%(files)d files, %(entries)d ledger entries, %(recordings)d recordings, %(attachments)d attachments checked"
            % package.checked
        )
        print("made %(made_at)s by %(made_by)s: %(reason)s" % package.manifest)
        print("first public key %s" % first)
        print(
            "head of %d entries at %s\n  sha256 %s\n  sm3    %s"
            % (head["size"], head["at"], head["sha256"], head["sm3"])
        )
        if asked.key and asked.key.lower() != first:
            package.accuse("the first public key", "is not the one you gave")
        try:
            unproved = package.hold_against(asked.head) if asked.head else None
        except ValueError as error:
            parser.error("--head: %s" % error)
    for subject, what in package.faults:
        print("CHANGED 已被改动  %s: %s" % (subject, what))
    if package.faults:
        print("有内容被改动。Something was changed.")
        return 1
    if unproved:
        print("NOT PROVED 未能证明  the printed head: %s. 证据包自身相符。The package holds by itself." % unproved)
        return 2
    if asked.head:
        print("全部相符，且台账由所印签名头延续而来。Everything holds, and has since the printed head.")
    else:
        print("全部相符。Everything holds.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
