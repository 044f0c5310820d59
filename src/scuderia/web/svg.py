"""Geometry of our own small drawings: sparklines, bars, effects, strips. Pure arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass

from scuderia.basics import units

UNKNOWN = "\u2013"  # an en dash: unknown is never blank

SPARK_WIDTH, SPARK_HEIGHT = 120.0, 24.0


@dataclass(frozen=True, slots=True)
class Spark:
    """A sparkline: the points of its line and where it ends."""

    points: str
    end_x: float
    end_y: float
    words: str


def sparkline(values: Sequence[float], *, words: str) -> Spark | None:
    """Return the line through `values`, None with fewer than two; a flat line runs midway."""
    if len(values) < 2:  # noqa: PLR2004 - one point is no line
        return None
    low, high = min(values), max(values)
    spread = (high - low) or 1.0
    middle = 0.5 if high == low else 0.0
    step = SPARK_WIDTH / (len(values) - 1)
    points = [
        (
            round(i * step, 1),
            round(2 + (SPARK_HEIGHT - 4) * (1 - (value - low) / spread - middle), 1),
        )
        for i, value in enumerate(values)
    ]
    return Spark(" ".join(f"{x},{y}" for x, y in points), *points[-1], words)


@dataclass(frozen=True, slots=True)
class Effect:
    """Doing nothing beside doing it, on one scale of 0 to 100."""

    nothing: float
    acting: float
    low: float
    high: float
    nothing_words: str
    acting_words: str
    interval_words: str
    unit: str
    better: str


def effect(
    *, do_nothing: float, expected: float, low: float, high: float, unit: str, better: str
) -> Effect:
    """Scale a rehearsal's figures to a common width; negative values are drawn as zero."""
    top = max(do_nothing, expected, high, 1e-9)
    return Effect(
        nothing=_scaled(do_nothing, top),
        acting=_scaled(expected, top),
        low=_scaled(low, top),
        high=_scaled(high, top),
        nothing_words=figure(do_nothing),
        acting_words=figure(expected),
        interval_words=f"{figure(low)} to {figure(high)}",
        unit=unit,
        better=better,
    )


def figure(value: float | None) -> str:
    """Return a number people can compare: three digits or whole; a dash is unknown."""
    return UNKNOWN if value is None else units.figure(value)


@dataclass(frozen=True, slots=True)
class StripPart:
    """One stretch of a strip, in permille of its width."""

    x: float
    width: float
    state: str
    words: str


def strip(
    stretches: Sequence[tuple[float, float, str, str]], *, start: float, end: float
) -> tuple[StripPart, ...]:
    """Place (from, to, state, words) stretches on a strip from `start` to `end`; clip the rest."""
    span = (end - start) or 1.0
    parts = []
    for since, until, state, words in stretches:
        left, right = max(since, start), min(until, end)
        if right > left:
            width = max(1.0, 1000 * (right - left) / span)
            x = round(1000 * (left - start) / span, 2)
            parts.append(StripPart(x, round(width, 2), state, words))
    return tuple(parts)


def _scaled(value: float, top: float) -> float:
    return round(100 * max(0.0, value) / top, 2)
