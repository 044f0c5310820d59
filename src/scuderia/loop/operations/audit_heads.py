"""The chain's head, told to places outside; and the chain held against what they keep."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput, Unable
from scuderia.loop.engine.audit_chain import Head, Verdict
from scuderia.loop.engine.audit_heads import OutsideHead, heads_of
from scuderia.loop.models.audit_heads import HeadExport
from scuderia.loop.operations import audit
from scuderia.loop.ports import HeadStore, registry
from scuderia.loop.queries.audit import get_head, hash_of_entry
from scuderia.loop.queries.audit_heads import (
    LATE_AFTER_TURNS,
    HeadStoreRow,
    list_head_stores,
    newest_age_s,
)

_log = logging.getLogger(__name__)
SAID_CHARACTERS_MAX = 500


class HeadsUnread(BadInput):
    """The file holds no head of an audit chain, so that there is nothing to verify against."""

    code = "LOOP-034"
    remedy = "Name the file that SCUDERIA_AUDIT_HEADS_FILE appends to, or a copy of it."


class OtherChain(Unable):
    """The place keeps a head of this home that its chain does not have, so it was told none."""

    code = "LOOP-092"
    remedy = (
        "A copy of this home tells its heads there too, or this home was put back from a backup:"
        " stop the copy, or begin a new file once you know why."
    )


@dataclass(frozen=True, slots=True)
class OutsideVerdict:
    """What reading the whole chain found, beside what is kept outside.

    stores   every place that heads are told to; empty where nothing is kept outside
    age_s    seconds since the newest head was taken outside; None where none ever was
    against  how many heads from outside the chain was held against
    unread   places whose heads could not be read back although they should be, and why
    """

    verdict: Verdict
    stores: tuple[HeadStoreRow, ...]
    age_s: int | None
    against: int
    unread: tuple[str, ...]

    def told(self) -> dict[str, object]:
        """Return it as API and command tell it."""
        return {
            "holds": self.verdict.holds,
            "entries": self.verdict.entries,
            "head": self.verdict.head,
            "broken_at": self.verdict.broken_at,
            "said": self.verdict.said,
            "outside": self.stores,
            "outside_age_s": self.age_s,
            "held_against": self.against,
            "unread": self.unread,
        }


def export_head(*, wall: AwareDatetime) -> int:
    """Tell every place outside where the chain ends now; return how many took it.

    What fails is noted with since when, and told above every page until it works again.
    """
    head = get_head()
    told = OutsideHead(head.seq, head.hash, wall, registry.home_id)
    names = [store.name for store in registry.head_stores]
    long_ago = wall - LATE_AFTER_TURNS * registry.heads_every
    HeadExport.objects.exclude(store__in=names).filter(tried_at__lt=long_ago).delete()
    return sum(_export(store, told) for store in registry.head_stores)


def verify_for(
    actor: Actor,
    head: Head | None = None,
    *,
    heads: Sequence[OutsideHead] = (),
    wall: AwareDatetime,
) -> OutsideVerdict:
    """Verify on behalf of somebody, also against every head that a place outside gives back.

    heads    further ones, from a file that the person brought
    raises   NotFound, NotAuthorised: they may verify nowhere
    """
    audit.refuse_verifying(actor)
    found, unread = list(heads), []
    for store in registry.head_stores:
        try:
            found += store.kept()
        except Unable as error:
            unread.append(f"{store.name}: {error.message}")
    stores = list_head_stores(actor, wall=wall)
    verdict = audit.verify_for(actor, head, outside=found)
    return OutsideVerdict(verdict, stores, newest_age_s(stores), len(found), tuple(unread))


def read_heads_file(path: Path) -> tuple[OutsideHead, ...]:
    """Return the heads of a file that a person brought; lines that are none are passed over.

    raises   HeadsUnread: it cannot be read, or holds not one head
    """
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            heads = tuple(heads_of(lines))
    except OSError as error:
        raise HeadsUnread(f"cannot read {path}: {error.strerror}") from error
    if not heads:
        raise HeadsUnread(f"no head of an audit chain in {path}")
    return heads


def _export(store: HeadStore, head: OutsideHead) -> bool:
    try:
        _refuse_other_chain(store, head.home)
        store.keep(head)
    except Unable as error:
        _log.warning("%s took no audit head: %s", store.name, error.message)
        _note_failure(store.name, error.message, head.at)
        return False
    HeadExport.objects.update_or_create(
        store=store.name,
        defaults={
            "seq": head.seq, "at": head.at, "tried_at": head.at, "failing_since": None, "said": "",
        },
    )  # fmt: skip
    return True


def _refuse_other_chain(store: HeadStore, home: str) -> None:
    last = store.newest(home) if home else None
    if last is not None and last.seq and hash_of_entry(last.seq) != last.hash:
        raise OtherChain(
            f"it keeps entry {last.seq} of this home as of {last.at:%Y-%m-%d %H:%M:%S} UTC, which "
            "is not in this chain: a copy of this home is served, or this is an older one"
        )


def _note_failure(name: str, said: str, at: AwareDatetime) -> None:
    noted = {"tried_at": at, "said": said[:SAID_CHARACTERS_MAX]}
    one, _ = HeadExport.objects.get_or_create(store=name, defaults={**noted, "failing_since": at})
    HeadExport.objects.filter(pk=name).update(**noted, failing_since=one.failing_since or at)
