"""Capacity bought back: hours of it, told as how much was at work throughout. One definition."""

import math
from dataclasses import dataclass

from scuderia.basics.units import DAY_S, HOUR_S, figure

DAY_H = DAY_S // HOUR_S
NAME_MAX = 32


@dataclass(frozen=True, slots=True)
class CapacityUnit:
    """What a room counts its capacity in.

    name    of many, e.g. "shelves"
    hours   one of them at work for an hour, e.g. "shelf-hours"
    each    how many stand behind one of what is measured, e.g. 8 shelves a crate
    """

    name: str
    hours: str
    each: float

    @property
    def is_sound(self) -> bool:
        """Say whether the words are there and short, and the number is one above zero."""
        words = all(0 < len(text.strip()) <= NAME_MAX for text in (self.name, self.hours))
        return words and math.isfinite(self.each) and self.each > 0


@dataclass(frozen=True, slots=True)
class CapacityGain:
    """So much capacity more, at work for the whole of `days`; below zero it is less.

    amount, low, high   of `unit`: the hours over the hours of those days; the 80% interval, None
                        where none is known
    hours               the same as hours of work, in `hours_unit`
    formula             how both are reckoned, with the figures
    """

    amount: float
    low: float | None
    high: float | None
    unit: str
    hours: float
    hours_unit: str
    days: float
    formula: str

    @property
    def words(self) -> str:
        """Return it for people, e.g. "2.1 shelves' worth of capacity (80%: 0.5 to 4)"."""
        told = f"{figure(self.amount)} {self.unit}' worth of capacity"
        if self.low is None or self.high is None:
            return told
        return f"{told} (80%: {figure(self.low)} to {figure(self.high)})"


def capacity_gain(
    unit: CapacityUnit,
    hours: float,
    *,
    counted: str,
    days: float,
    between: tuple[float, float] | None = None,
) -> CapacityGain:
    """Return measured hours that were won as capacity over `days`.

    hours, between   of what is measured, in `counted` (e.g. crate-hours), and their interval
    days             > 0
    """

    def worth(measured_h: float) -> float:
        return round(measured_h * unit.each / (days * DAY_H), 4)

    won = round(hours * unit.each, 4)
    low, high = between if between is not None else (None, None)
    return CapacityGain(
        amount=worth(hours),
        low=None if low is None else worth(low),
        high=None if high is None else worth(high),
        unit=unit.name,
        hours=won,
        hours_unit=unit.hours,
        days=days,
        formula=f"{figure(hours)} {counted} x {figure(unit.each)} {unit.name} = {figure(won)} "
        f"{unit.hours}, over {days:g} days x {DAY_H} h",
    )
