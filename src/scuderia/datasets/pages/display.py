"""How a project's state, progress and money look and are called, the same on every page."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

from scuderia.basics.clock import AwareDatetime
from scuderia.datasets.nouns import ProjectState
from scuderia.datasets.queries.projects import ProjectRow
from scuderia.web.svg import UNKNOWN
from scuderia.web.templatetags.ui import duration

STATE_LOOKS: Mapping[ProjectState, tuple[str, str]] = {
    ProjectState.ACTIVE: ("ok", "Active"),
    ProjectState.PAUSED: ("hold", "Paused"),
    ProjectState.CLOSED: ("unknown", "Closed"),
}


def progress_words(row: ProjectRow) -> str:
    """Return the share that is judged; it reads 100% only when it is whole."""
    return f"{int(row.progress * 1000) / 10:.1f}%"


def due_words(row: ProjectRow, now: AwareDatetime) -> str:
    """Return how long until a project is due, or since it was."""
    if row.due_at is None:
        return "not promised"
    left = row.due_at - now
    if left < timedelta(0):
        return f"due {duration(-left)} ago"
    return f"due in {duration(left)}"


def amount(value: Decimal | None, currency: str) -> str:
    """Return money as it is shown, to the cent; an en dash where none was said."""
    return UNKNOWN if value is None else f"{value:,.2f} {currency}"
