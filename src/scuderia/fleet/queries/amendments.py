"""What people corrected of one node's outages, newest first."""

from collections.abc import Mapping
from dataclasses import dataclass

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import SubjectRef
from scuderia.fleet.models.amendments import OutageAmendment
from scuderia.fleet.queries.access import require_reach

AMENDMENTS_MAX = 200


@dataclass(frozen=True, slots=True)
class AmendmentRow:
    """One correction; `after` is None where the outage was retracted."""

    source_key: str
    before: Mapping[str, object]
    after: Mapping[str, object] | None
    reason: str
    amended_by: str
    amended_at: AwareDatetime

    @property
    def words(self) -> str:
        """Return what was changed, in words."""
        if self.after is None:
            return "taken off the books"
        changed = [name for name, value in self.after.items() if self.before.get(name) != value]
        return ", ".join(f"{n}: {self.before.get(n)} is now {self.after[n]}" for n in changed)


def list_amendments(actor: Actor, node: str) -> tuple[AmendmentRow, ...]:
    """Return the corrections of the node's outages.

    raises   NotFound: no such node within the actor's reach
    """
    require_reach(actor, SubjectRef.parse(f"node:{node}"))
    rows = OutageAmendment.objects.filter(node__name=node).order_by("-amended_at", "-pk")
    return tuple(
        AmendmentRow(
            row.source_key, row.before, row.after, row.reason, row.amended_by, row.amended_at
        )
        for row in rows[:AMENDMENTS_MAX]
    )
