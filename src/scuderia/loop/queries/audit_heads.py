"""Where heads of the audit chain are kept outside, and how old the newest of each is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from textwrap import shorten

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.units import format_duration
from scuderia.loop.models.audit_heads import HeadExport
from scuderia.loop.nouns import Power
from scuderia.loop.ports import registry
from scuderia.loop.queries.access import may_somewhere

LATE_AFTER_TURNS = 3
"""A place that took no head for so many turns is late, whatever is known of why."""


@dataclass(frozen=True, slots=True)
class HeadStoreRow:
    """One place outside, and the newest head that it took.

    seq, at         of that head, in wall time; None where it never took one
    age_s           seconds since `at`
    failing_since   since when it takes none, if it said so; `said` is why
    is_late         it should have taken one since, whether anybody tried or not
    """

    store: str
    seq: int | None
    at: AwareDatetime | None
    age_s: int | None
    failing_since: AwareDatetime | None
    said: str
    is_late: bool

    @property
    def is_well(self) -> bool:
        """Say whether heads are kept there as they should be."""
        return not self.is_late and self.failing_since is None

    @property
    def words(self) -> str:
        """Return in one line what is known of it, and since when."""
        if self.is_well and self.at:
            age = format_duration(timedelta(seconds=self.age_s or 0))
            return (
                f"{self.store} has the head {self.seq} of {self.at:%Y-%m-%d %H:%M} UTC, {age} old"
            )
        since = self.failing_since or self.at
        when = f"since {since:%Y-%m-%d %H:%M} UTC" if since else "so far"
        why = self.said or "nobody tells it any; see that the worker runs"
        return f"{self.store} took no audit head {when}: {shorten(why, 200, placeholder=' …')}"


def list_head_stores(actor: Actor, *, wall: AwareDatetime) -> tuple[HeadStoreRow, ...]:
    """Return every place outside that heads are told to; none to who may verify nowhere.

    A place that is set and of which nothing is known was never told any: it is late.
    """
    if not may_somewhere(actor, Power.VERIFY_AUDIT):
        return ()
    known = {one.store: one for one in HeadExport.objects.all()}
    names = sorted({*known, *(store.name for store in registry.head_stores)})
    return tuple(_row(name, known.get(name), wall) for name in names)


def newest_age_s(stores: Sequence[HeadStoreRow]) -> int | None:
    """Return how old the newest head outside is, in seconds; None where there is none."""
    return min((one.age_s for one in stores if one.age_s is not None), default=None)


def _row(name: str, known: HeadExport | None, wall: AwareDatetime) -> HeadStoreRow:
    if known is None or known.at is None:
        since, said = (known.failing_since, known.said) if known else (None, "")
        return HeadStoreRow(name, None, None, None, since, said, is_late=True)
    age = wall - known.at
    return HeadStoreRow(
        name, known.seq, known.at, max(0, int(age.total_seconds())), known.failing_since,
        known.said, is_late=age > LATE_AFTER_TURNS * registry.heads_every,
    )  # fmt: skip
