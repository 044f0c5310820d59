"""The audit chain: what one entry's hash is made of, and whether a row of entries holds."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from scuderia.basics.canonical import canonical_json
from scuderia.basics.clock import AwareDatetime

GENESIS = "0" * 64
"""What the first entry names as the hash before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of the chain; `detail` is the canonical JSON text that is stored."""

    seq: int
    at: AwareDatetime
    actor: str
    via: str
    verb: str
    subject: str
    reason: str
    detail: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link(Entry):
    """An entry as it is hashed: with who may read it, and without a hash while it is made."""

    reach: str
    hash: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ends; kept elsewhere, it is what shows a tail that was cut.

    seq    the last entry's number, counted from 1; 0 of an empty chain
    hash   that entry's SHA-256 in hex; GENESIS of an empty chain
    """

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What reading the whole chain found.

    entries     how many were read
    head        the last entry that was read and follows the one before it
    broken_at   the number of the first entry that does not hold; None if all do
    said        what is wrong, in words; where all hold, what none of it can vouch for, or ""
    """

    holds: bool
    entries: int
    head: Head
    broken_at: int | None = None
    said: str = ""


def hash_of(link: Link) -> str:
    """Return the SHA-256 of everything in the entry but its own hash."""
    spelled = {
        "seq": link.seq,
        "at": link.at.isoformat(),
        "actor": link.actor,
        "via": link.via,
        "verb": link.verb,
        "subject": link.subject,
        "reason": link.reason,
        "detail": link.detail,
        "reach": link.reach,
        "previous": link.previous,
    }
    return hashlib.sha256(canonical_json(spelled).encode()).hexdigest()


def verify_chain(links: Iterable[Link], *, exported: Head | None = None) -> Verdict:
    """Read the chain from its first entry and say where it breaks, if anywhere.

    exported   a head written down earlier; without it a cut tail cannot be seen
    """
    head, met = Head(0, GENESIS), exported is None or exported.seq == 0
    for link in links:
        if fault := _fault(link, head):
            return Verdict(
                holds=False, entries=link.seq, head=head, broken_at=head.seq + 1, said=fault
            )
        head = Head(link.seq, link.hash)
        if exported is not None and link.seq == exported.seq:
            met = link.hash == exported.hash
            if not met:
                said = f"entry {link.seq} is not the one whose hash was exported"
                return Verdict(
                    holds=False, entries=link.seq, head=head, broken_at=link.seq, said=said
                )
    if not met and exported is not None:
        said = f"the chain ends at {head.seq}; an entry {exported.seq} was exported earlier"
        return Verdict(holds=False, entries=head.seq, head=head, broken_at=head.seq + 1, said=said)
    return Verdict(holds=True, entries=head.seq, head=head)


def _fault(link: Link, head: Head) -> str:
    if link.seq != head.seq + 1:
        return f"entry {head.seq + 1} is missing: the next one is {link.seq}"
    if link.previous != head.hash:
        return f"entry {link.seq} does not follow entry {head.seq}"
    if hash_of(link) != link.hash:
        return f"entry {link.seq} was changed after it was written"
    return ""
