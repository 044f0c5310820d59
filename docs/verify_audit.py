"""Verify an exported Scuderia audit with nothing but Python's standard library.

    python verify_audit.py audit.jsonl [--head SEQ:HASH]

The export is one JSON object per line, then a line {"head": {"seq": ..., "hash": ...}}. Each
entry carries the hash of the entry before it and its own; its own is the SHA-256 of the
canonical JSON (sorted keys, no spaces, UTF-8) of every other field. Give --head with a head
written down earlier, somewhere the audit's keeper could not reach: without it a cut tail that
took the head line along cannot be seen.

Exit codes: 0 the chain holds; 1 it does not; 2 the file cannot be read.
"""

import argparse
import hashlib
import json
import sys

FIELDS = (
    "seq", "at", "actor", "via", "verb", "subject", "reason", "detail", "reach", "previous",
)  # fmt: skip
GENESIS = "0" * 64


class Broken(Exception):
    """The chain does not hold; the message says where and how."""


def hash_of(entry):
    """Return the SHA-256 of everything in the entry but its own hash."""
    spelled = json.dumps(
        {name: entry[name] for name in FIELDS},
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    )
    return hashlib.sha256(spelled.encode()).hexdigest()


def check(entry, seq, previous):
    """Raise Broken unless the entry is the next one and says what it said when written."""
    if set(entry) != {*FIELDS, "hash"}:
        raise Broken(f"entry {seq} has other fields than an audit entry")
    if entry["seq"] != seq:
        raise Broken(f"entry {seq} is missing: the next one is {entry['seq']}")
    if entry["previous"] != previous:
        raise Broken(f"entry {seq} does not follow entry {seq - 1}")
    if hash_of(entry) != entry["hash"]:
        raise Broken(f"entry {seq} was changed after it was written")


def verify(lines, head=None):
    """Return the (seq, hash) that the chain ends with.

    lines    the export's lines
    head     (seq, hash) written down earlier, or None
    """
    seq, digest, closing, hashes = 0, GENESIS, None, {0: GENESIS}
    for line in lines:
        if closing is not None:
            raise Broken("something follows the head line")
        entry = json.loads(line)
        if "head" in entry:
            closing = (entry["head"]["seq"], entry["head"]["hash"])
            continue
        check(entry, seq + 1, digest)
        seq, digest = entry["seq"], entry["hash"]
        if head is not None and seq == head[0]:
            hashes[seq] = digest
    if closing is None:
        raise Broken("the export has no head line: it was cut")
    if closing != (seq, digest):
        raise Broken(f"the chain ends at {seq}, its head line says {closing[0]}")
    if head is not None and hashes.get(head[0]) != head[1]:
        raise Broken(f"entry {head[0]} is not the one whose hash was written down earlier")
    return seq, digest


def main():
    """Read the arguments, verify, and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("export", help="the file written by `scuderia audit export`")
    parser.add_argument("--head", help="SEQ:HASH of a head written down earlier")
    given = parser.parse_args()
    try:
        seq, _, digest = (given.head or "").partition(":")
        head = (int(seq), digest) if given.head else None
        with open(given.export, encoding="utf-8") as lines:
            seq, digest = verify(lines, head)
    except Broken as broken:
        print(f"BROKEN: {broken}")
        return 1
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"cannot read it: {error}", file=sys.stderr)
        return 2
    print(f"the chain holds: {seq} entries, head {seq}:{digest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
