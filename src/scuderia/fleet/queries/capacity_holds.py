"""Which free nodes are kept for runs to come, as the rooms tell it that keep such."""

from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.nouns import CapacityHold
from scuderia.fleet.ports import registry


def capacity_holds(at: AwareDatetime) -> dict[str, CapacityHold]:
    """Return the nodes that are kept at an instant, by name; one that two keep is told once."""
    found: dict[str, CapacityHold] = {}
    for book in registry.capacity.values():
        found = {**book.holds_at(at), **found}
    return found
