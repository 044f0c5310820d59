"""Which of many backups are kept. Pure: no clock, no files."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from scuderia.basics.clock import AwareDatetime


@dataclass(frozen=True, slots=True)
class Keep:
    """Of how many days, weeks and months, counted among those that have one, the newest stays."""

    daily: int
    weekly: int
    monthly: int


def kept_of(made: Iterable[AwareDatetime], keep: Keep) -> set[AwareDatetime]:
    """Return the instants whose backups stay; the newest of all always does.

    made   in any order, in UTC; a week begins on Monday
    """
    newest_first = sorted(set(made), reverse=True)
    spans: tuple[tuple[int, Callable[[AwareDatetime], object]], ...] = (
        (keep.daily, lambda at: at.date()),
        (keep.weekly, lambda at: at.isocalendar()[:2]),
        (keep.monthly, lambda at: (at.year, at.month)),
    )
    stays = set(newest_first[:1])
    for count, span_of in spans:
        newest: dict[object, AwareDatetime] = {}
        for at in newest_first:
            newest.setdefault(span_of(at), at)
        stays |= set(list(newest.values())[:count])
    return stays
