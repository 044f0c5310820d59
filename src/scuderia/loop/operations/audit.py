"""The audit's one writer, its verification and its export."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields, replace
from itertools import chain, islice
from typing import TextIO, TypedDict

from django.db import transaction

from scuderia.basics.actors import Actor
from scuderia.basics.canonical import JsonObject, canonical_json
from scuderia.basics.clock import AwareDatetime, require_aware
from scuderia.basics.errors import BadInput
from scuderia.basics.subjects import EVERYTHING, Lineage
from scuderia.loop.engine.audit_chain import GENESIS, Head, Link, Verdict, hash_of, verify_chain
from scuderia.loop.engine.audit_facts import FAULTS_TOLD_MAX, ToldFacts
from scuderia.loop.engine.audit_heads import OutsideHead, OutsideHeads
from scuderia.loop.engine.json_codec import keepable, plain
from scuderia.loop.models.audit import AuditEntry, AuditHead
from scuderia.loop.nouns import Power
from scuderia.loop.operations import access
from scuderia.loop.ports import registry
from scuderia.loop.queries.access import may
from scuderia.loop.queries.audit_facts import read_facts, signal_faults

REASON_CHARACTERS_MAX = 2000
_BATCH = 2000
NOT_ANCHORED = "are not anchored: they are older than the entries that vouch for"
DIFFERS = "what is kept differs from what the chain tells; ask a lead of everything what it is"


class ReasonTooLong(BadInput):
    """The words given are longer than the audit keeps."""

    code = "LOOP-003"
    remedy = f"Say it in {REASON_CHARACTERS_MAX} characters or fewer."


class About(TypedDict):
    """What an entry is about, and the lineage of those who may read it."""

    subject: str
    lineage: Lineage


def record(
    actor: Actor,
    verb: str,
    *,
    subject: object,
    at: AwareDatetime,
    reason: str = "",
    detail: JsonObject | None = None,
    lineage: Lineage = frozenset(),
) -> int:
    """Write one entry in the caller's transaction and return its number.

    subject   a SubjectRef, or "noun:id" for a record of the loop
    lineage   who may read it: people with a role on any of these; nobody scoped if empty
    """
    if not transaction.get_connection().in_atomic_block:
        message = "an audit entry belongs in the transaction of what it records"
        raise RuntimeError(message)
    head = _lock_head()
    link = Link(
        seq=head.seq + 1,
        at=require_aware(at, field="at"),
        actor=str(actor),
        via=actor.via,
        verb=verb,
        subject=str(subject),
        reason=bounded(reason),
        detail=canonical_json(plain(detail or {})),
        reach="".join(f"|{scope}" for scope in sorted(map(str, lineage | {EVERYTHING}))) + "|",
        previous=head.hash,
    )
    digest = hash_of(link)
    AuditEntry.objects.create(**asdict(replace(link, hash=digest)))
    AuditHead.objects.filter(pk=1).update(seq=link.seq, hash=digest)
    return link.seq


def verify(head: Head | None = None, *, outside: Iterable[OutsideHead] = ()) -> Verdict:
    """Read every entry and say whether any was changed, removed, inserted or moved.

    What is kept is compared with the chain as well: a role, grant, proposal, decision, signal or
    finding that no entry tells of, that is gone, or that stands otherwise, was written past the
    loop. Where the chain holds and some signals or findings are older than the entries that vouch
    for them, it is said.

    head      a head exported earlier; with it a cut tail is found too
    outside   heads that are kept outside, any number of them
    """
    facts, told = read_facts(), ToldFacts()
    heads = OutsideHeads(outside, home=registry.home_id)
    verdict = verify_chain(_told(heads.watch(_links()), told), exported=head)
    if verdict.holds and (other := heads.disagreement(verdict.head)):
        return replace(verdict, holds=False, broken_at=other.seq, said=other.words)
    kept = AuditHead.objects.filter(pk=1).first()
    if verdict.holds and kept is not None and (kept.seq, kept.hash) != _pair(verdict.head):
        said = f"the chain ends at {verdict.head.seq}, its head says {kept.seq}"
        return Verdict(
            holds=False,
            entries=verdict.entries,
            head=verdict.head,
            broken_at=verdict.head.seq + 1,
            said=said,
        )
    if not verdict.holds:
        return verdict
    by_signal = (fault for seq in told.differing(facts) for fault in signal_faults(seq))
    faults = list(islice(chain(told.faults(facts), by_signal), FAULTS_TOLD_MAX))
    if faults:
        return replace(verdict, holds=False, said="; ".join(faults))
    older = (
        f"{count} {noun} {NOT_ANCHORED} {noun}"
        for noun, count in (
            ("signals", facts.unanchored),
            ("findings", told.unanchored_findings(facts)),
        )
        if count
    )
    return replace(verdict, said="; ".join(older))


def refuse_verifying(actor: Actor) -> None:
    """Raise NotFound or NotAuthorised for who may verify nowhere."""
    access.require_somewhere(actor, Power.VERIFY_AUDIT)


def verify_for(
    actor: Actor, head: Head | None = None, *, outside: Iterable[OutsideHead] = ()
) -> Verdict:
    """Verify on behalf of somebody: that the chain holds is told to all who may ask.

    What differs names people, grants and proposals of every customer, so that it is told to those
    alone who may verify on everything.

    raises   NotFound, NotAuthorised: they may verify nowhere
    """
    refuse_verifying(actor)
    verdict = verify(head, outside=outside)
    differs = verdict.said and verdict.broken_at is None
    if differs and not may(actor, Power.VERIFY_AUDIT, frozenset({EVERYTHING})):
        return replace(verdict, said="" if verdict.holds else DIFFERS)
    return verdict


def _told(links: Iterable[Link], told: ToldFacts) -> Iterator[Link]:
    for link in links:
        yield link
        told.take(link)  # only once it was found whole, and so can be read


def export(stream: TextIO) -> Head:
    """Write every entry as one JSON line, then the head, which a verifier must be given apart."""
    head = Head(0, GENESIS)
    for link in _links():
        stream.write(canonical_json(asdict(link)) + "\n")
        head = Head(link.seq, link.hash)
    stream.write(canonical_json({"head": {"seq": head.seq, "hash": head.hash}}) + "\n")
    return head


def bounded(text: str) -> str:
    """Return a person's words, or refuse them when they are too long to keep."""
    if len(text) > REASON_CHARACTERS_MAX:
        raise ReasonTooLong(f"{len(text)} characters of reason")
    return keepable(text)


def read_head(text: str) -> Head:
    """Read a head as export writes it, or as `seq:hash`.

    raises   BadInput: neither
    """
    try:
        found = json.loads(text).get("head") if text.lstrip().startswith("{") else None
        seq, digest = (found["seq"], found["hash"]) if found else text.strip().split(":", 1)
        return Head(int(seq), str(digest))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise BadInput(
            f"not an audit head: {text[:80]!r}", remedy="Give the last line of an export."
        ) from None


def _lock_head() -> AuditHead:
    AuditHead.objects.get_or_create(pk=1, defaults={"hash": GENESIS})
    return AuditHead.objects.select_for_update().get(pk=1)


def _links() -> Iterator[Link]:
    names = (field.name for field in fields(Link))
    entries = AuditEntry.objects.order_by("seq").values(*names)
    for columns in entries.iterator(chunk_size=_BATCH):
        yield Link(**columns)


def _pair(head: Head) -> tuple[int, str]:
    return head.seq, head.hash
