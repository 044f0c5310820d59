"""How a day and a share are written in the terminal."""

from datetime import date

from scuderia.basics import units
from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.nouns import BEGINNING


def day(at: AwareDatetime) -> str:
    """Return the day of an instant, in UTC."""
    return at.date().isoformat()


def first_day(day: date) -> str:
    """Return the day from which something holds."""
    return "the beginning" if day == BEGINNING else day.isoformat()


def percent(share: float | None) -> str:
    """Return a share of 1 as per cent."""
    return "unknown" if share is None else units.percent(share)
