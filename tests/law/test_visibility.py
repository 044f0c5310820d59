"""Who sees what is decided in the queries alone, so that page, API and command cannot differ."""

import ast

import pytest

from tests.law.test_rooms import SOURCE, imports_of
from tests.law.trees import tree_of

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
    "scuderia.fleet.queries.slas.list_slas",
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


ASKS = {"may", "may_somewhere"}
BUTTONS = {
    "fleet/pages/board.py": "whether to describe the fleet is offered",
    "fleet/pages/nodes.py": "whether the form that amends an outage is offered",
    "fleet/pages/slas.py": "whether to state promises, prices and exclusions is offered",
    "datasets/pages/projects.py": "whether to pause, resume and close is offered",
    "freeze/pages/zones.py": "whether to ask for a zone, to draft and to adopt are offered",
    "loop/pages/agents.py": "whether to stop an agent, or have it look now, is offered",
    "loop/pages/approval_rules.py": "whether to set and to end a rule are offered",
    "loop/pages/audit.py": "whether to verify and to export are offered",
    "loop/pages/brakes.py": "whether to stop and to let go are offered",
    "loop/pages/past_looks.py": "whether to look at a past instant is offered",
    "loop/pages/proposals.py": "whether the three answers are offered",
}
"""Pages that ask for a power to offer a button; its operation asks again when it is pressed."""


def asked_for(tree: ast.AST) -> list[tuple[str, int]]:
    """Return (where the answer goes, line) of each question: an argument, a name or a function."""
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.keyword(arg=str(name)):
                found += [(name, line) for line in lines_asking(node.value)]
            case ast.Assign(targets=[ast.Name(id=name)]):
                found += [(name, line) for line in lines_asking(node.value)]
            case ast.FunctionDef(name=name, body=[*_, ast.Return(value=ast.Call() as given)]):
                found += [(name, line) for line in lines_asking(given)]
    return found


def lines_asking(tree: ast.AST) -> list[int]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call.lineno for call in calls if getattr(call.func, "id", "") in ASKS]


@pytest.mark.parametrize("layer", ["pages", "api", "commands"])
def test_what_a_page_asks_of_a_power_is_whether_to_offer_a_button_and_nothing_else(layer):
    strange, asking = [], set()
    for path in SOURCE.glob(f"*/{layer}/*.py"):
        place, tree = str(path.relative_to(SOURCE)), tree_of(path)
        lines = set(lines_asking(tree))
        offering = {
            line for name, line in asked_for(tree) if name.lstrip("_").startswith("may_")
        }  # fmt: skip
        strange += [f"{place}:{line}" for line in sorted(lines - offering)]
        asking |= {place} if lines else set()
    assert strange == []
    assert asking == (set(BUTTONS) if layer == "pages" else set())
