"""The naive ledger: paints every node's seconds one class after another. Written apart from it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from scuderia.fleet.engine.facts import FleetFacts
from scuderia.fleet.nouns import LedgerClass

# weakest first: whatever is painted later covers what was there
PAINT_ORDER = (
    LedgerClass.UNPLANNED,
    LedgerClass.VALIDATING,
    LedgerClass.IN_REPAIR,
    LedgerClass.WAITING_PARTS,
    LedgerClass.PLANNED,
)


def paint(facts: FleetFacts, start: int, end: int) -> dict[str, list[tuple[str, str | None]]]:
    """Return, for each node, (class, holder) for each of its seconds on the books."""
    painted = {}
    for row, node in enumerate(facts.nodes):
        length = end - start
        kinds = np.full(length, LedgerClass.IDLE_SPARE.value, dtype=object)
        holders = np.full(length, None, dtype=object)

        def span(first, last, length=length):
            stops = end if last is None else last
            return slice(max(0, min(length, first - start)), max(0, min(length, stops - start)))

        for hold in facts.holds:
            if hold.node == row:
                holders[span(hold.start, hold.end)] = facts.customers[hold.customer].name
                kinds[span(hold.start, hold.end)] = LedgerClass.SERVING.value
        for kind in PAINT_ORDER:
            for fact in facts.outages:
                own = LedgerClass.PLANNED if fact.planned else LedgerClass.UNPLANNED
                if fact.node == row and own is kind:
                    kinds[span(fact.start, fact.end)] = kind.value
            for phase in facts.phases:
                if phase.node == row and phase.kind is kind:
                    kinds[span(phase.start, phase.end)] = kind.value
        alive = span(node.active_from, node.active_to)
        painted[node.name] = [
            (start + offset, kinds[offset], holders[offset])
            for offset in range(alive.start, max(alive.start, alive.stop))
        ]
    return painted


def local_date(second: int, zone: str):
    return datetime.fromtimestamp(second, UTC).astimezone(ZoneInfo(zone)).date()
