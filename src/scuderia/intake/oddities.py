"""Notes what can be read and yet looks wrong: a row decades away, a name spelled twice."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from scuderia.basics.clock import AwareDatetime

_FAR = timedelta(days=3_653)
_AHEAD = timedelta(days=366)
_EXTREMES = 5
_SAMPLE = 2_048
_WAITING_MAX = 1_024
_NAMES_KEPT = 100_000
_NAMES_TOLD = 5
_LEADING_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")
_BETWEEN = re.compile(r"[\s._-]+")


@dataclass(slots=True)
class InstantSightings:
    """Collects one field's instants: its extremes, an even sample, and those far ahead of now."""

    name: str
    now: AwareDatetime
    _low: list[tuple[AwareDatetime, int]] = field(default_factory=list)
    _high: list[tuple[AwareDatetime, int]] = field(default_factory=list)
    _sample: list[AwareDatetime] = field(default_factory=list)
    _waiting: list[tuple[AwareDatetime, int]] = field(default_factory=list)
    _count: int = 0
    _stride: int = 1
    _ahead: int = 0
    _first_ahead: tuple[AwareDatetime, int] | None = None

    def see(self, at: AwareDatetime, number: int) -> None:
        """Note one instant."""
        self._waiting.append((at, number))
        if len(self._waiting) >= _WAITING_MAX:
            self._fold()

    def _fold(self) -> None:
        """Note those that wait: a thousand at once cost a third of one by one."""
        waiting, self._waiting = self._waiting, []
        ordered = sorted(waiting)
        self._low = sorted([*self._low, *ordered[:_EXTREMES]])[:_EXTREMES]
        self._high = sorted([*self._high, *ordered[-_EXTREMES:]])[-_EXTREMES:]
        ahead = [entry for entry in waiting if entry[0] - self.now > _AHEAD]
        self._ahead += len(ahead)
        self._first_ahead = self._first_ahead or next(iter(ahead), None)
        begin = -self._count % self._stride
        self._sample += [at for at, _ in waiting[begin :: self._stride]]
        self._count += len(waiting)
        while len(self._sample) > _SAMPLE:
            self._sample, self._stride = self._sample[::2], self._stride * 2

    def oddities(self) -> list[str]:
        """Return sentences, at most a dozen."""
        self._fold()
        odd = []
        if self._first_ahead is not None:
            at, number = self._first_ahead
            times = "once" if self._ahead == 1 else f"{self._ahead} times"
            odd.append(
                f"{times} {self.name} lies more than a year ahead, first in record "
                f"{number} ({at.date()}); if that means that it lasts, say --open-from {at.date()}"
            )
        if len(self._sample) < 3:  # noqa: PLR2004 - two have no middle
            return odd
        middle = sorted(self._sample)[len(self._sample) // 2]
        for at, number in (*self._low, *self._high):
            if abs(at - middle) > _FAR:
                years = round(abs(at - middle).days / 365.25)
                odd.append(
                    f"record {number}: {self.name} {at.date()} lies {years} years from the middle "
                    f"of the file ({middle.date()})"
                )
        return list(dict.fromkeys(odd))


@dataclass(slots=True)
class NameSightings:
    """Collects the spellings of one field's names; the first 100,000."""

    name: str
    _spellings: set[str] = field(default_factory=set)

    def see(self, text: str) -> None:
        """Note one name."""
        if len(self._spellings) < _NAMES_KEPT:
            self._spellings.add(text)

    def oddities(self) -> list[str]:
        """Return sentences about names that look like one machine spelled in several ways."""
        alike: dict[str, list[str]] = {}
        for text in sorted(self._spellings):
            alike.setdefault(_folded(text), []).append(text)
        several = [names for names in alike.values() if len(names) > 1]
        odd = [
            f"{len(names)} spellings of what may be one {self.name}: {', '.join(names[:4])}"
            for names in several[:_NAMES_TOLD]
        ]
        if len(several) > _NAMES_TOLD:
            odd.append(
                f"{len(several) - _NAMES_TOLD} more {self.name}s are spelled in several ways"
            )
        return odd


def known_otherwise(name: str, new: Iterable[str], held: Iterable[str]) -> tuple[str, ...]:
    """Return sentences about new names that may be other spellings of those held already."""
    known: dict[str, str] = {}
    for text in sorted(held):
        known.setdefault(_folded(text), text)
    alike = [(text, known[key]) for text in sorted(new) if (key := _folded(text)) in known]
    odd = [
        f"the new {name} {text} may be {before}, which is on the books, in another spelling"
        for text, before in alike[:_NAMES_TOLD]
    ]
    if len(alike) > _NAMES_TOLD:
        odd.append(f"{len(alike) - _NAMES_TOLD} more new {name}s may be on the books already")
    return tuple(odd)


def _folded(text: str) -> str:
    short = text.lower().partition(".")[0]
    return _BETWEEN.sub("", _LEADING_ZEROS.sub("", short))
