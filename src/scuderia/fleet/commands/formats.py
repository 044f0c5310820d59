"""How a day and a share are written in the terminal."""

from scuderia.basics import units
from scuderia.basics.clock import AwareDatetime


def day(at: AwareDatetime) -> str:
    """Return the day of an instant, in UTC."""
    return at.date().isoformat()


def percent(share: float | None) -> str:
    """Return a share of 1 as per cent."""
    return "unknown" if share is None else units.percent(share)
