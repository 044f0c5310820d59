"""Units people type and read: durations such as 3d or 90m, and shares such as 95%."""

import math
import re
from dataclasses import dataclass
from datetime import timedelta

from scuderia.basics.errors import BadInput

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
DAY_S = 86_400
SMALL = 0.01  # below it two decimals would say zero


def figure(value: float) -> str:
    """Return a number people can compare: three digits or whole."""
    size = abs(value)
    if 0 < size < SMALL:
        return f"{value:.2g}"
    digits = 0 if size >= 100 or value == int(value) else 1 if size >= 10 else 2  # noqa: PLR2004 - three digits
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True, slots=True)
class Quantity:
    """So much of something, in the words of the room that measures it, e.g. 3.5 crate-days."""

    amount: float
    unit: str

    def __str__(self) -> str:
        return f"{figure(self.amount)} {self.unit}"

    @property
    def is_finite(self) -> bool:
        """Say whether the amount is a number at all."""
        return math.isfinite(self.amount)


HOUR_S = 3_600


def percent(share: float, digits: int = 2) -> str:
    """Write a share of one as per cent; what is not whole or nothing never reads so.

    0.99999 is 99.99% and not 100.00%, 0.00001 is under 0.01% and not 0.00%.
    """
    text = f"{share:.{digits}%}"
    step = 10.0 ** -(digits + 2)
    if share < 1 and text == f"{1:.{digits}%}":
        return f"{1 - step:.{digits}%}" if digits else ">99%"
    if share > 0 and text == f"{0:.{digits}%}":
        return f"<{step:.{digits}%}"
    return text


def parse_duration(text: str, *, field: str) -> timedelta:
    """Read `90s`, `45m`, `36h`, `3d` or `2w`.

    raises   BadInput: no unit, a negative length, or anything else
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        message = f"{field} is not a duration: {text[:40]!r}"
        raise BadInput(message, remedy="Write a number and a unit, e.g. 45m, 36h, 3d.")
    return timedelta(seconds=float(match[1]) * _SECONDS[match[2]])


def format_duration(length: timedelta) -> str:
    """Return the length in its largest two units, e.g. `3d 4h`, `45m`, `0s`."""
    seconds = int(length.total_seconds())
    parts = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2]) or "0s"
