"""Who sees what is decided in the queries alone, so that page, API and command cannot differ."""

import pytest

from tests.law.test_rooms import SOURCE, imports_of

FILTERS = {
    "scuderia.loop.queries.access.scopes_with",
    "scuderia.fleet.queries.access.readable_scopes",
    "scuderia.fleet.queries.access.within_reach",
    "scuderia.fleet.queries.access.require_reach",
    "scuderia.fleet.queries.access.scopes_above",
}
UNFILTERED = {
    "scuderia.fleet.queries.nodes.fleet_board",
    "scuderia.fleet.queries.nodes.node_status",
    "scuderia.fleet.queries.nodes.node_timeline",
    "scuderia.fleet.queries.outages.open_outages",
    "scuderia.fleet.queries.spare_pools.list_spare_pools",
    "scuderia.fleet.queries.reports.sla_report",
    "scuderia.fleet.queries.reports.ledger_for",
    "scuderia.fleet.queries.lemons.lemon_board",
}
"""Reads for agents and the twin, which see everything; nobody else may hand them on."""


@pytest.mark.parametrize("layer", ["pages", "api", "commands"])
def test_what_is_shown_was_filtered_by_a_query_for_its_actor(layer):
    strange = [
        f"{path.relative_to(SOURCE)} imports {name}"
        for path in SOURCE.glob(f"*/{layer}/*.py")
        for name in imports_of(path) & (FILTERS | UNFILTERED)
    ]
    assert strange == []
