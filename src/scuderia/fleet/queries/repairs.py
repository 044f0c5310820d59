"""The phases of the outages, as they were reported."""

from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.models.columns import touching
from scuderia.fleet.models.repairs import Repair
from scuderia.fleet.nouns import NodeName, NodeState, RepairPhase


def phases_between(start: AwareDatetime, end: AwareDatetime) -> tuple[RepairPhase, ...]:
    """Return the repair phases that touch [start, end), by start."""
    rows = Repair.objects.filter(touching(start, end)).order_by("start", "id")
    return tuple(
        RepairPhase(NodeName(name), NodeState(state), begun, ended)
        for name, state, begun, ended in rows.values_list(
            "outage__node__name", "state", "start", "end"
        )
    )
