"""Fills the loop's Gate port: our own actions ask the zones as any deployer does.

Change and repair are different words. A broken node is replaced, returned and mended inside a
zone; what disturbs a node that works is a change, and is stopped by a zone of whatever class:

    fleet.swap_node, swap_back       repair: a spare takes a broken node's place, or gives it back
    fleet.return_node                repair: the node serves again
    fleet.escalate_repair, de-       repair: only who mends it, and how soon
    freeze.swap_kept                 no node that works is touched: another is kept for a run
    fleet.resize_spare_pool          no node that anybody holds is touched
    fleet.drain_node                 change: the node is out for hours
    fleet.pull_lemon                 change: the node still serves, and is overhauled for a day
    any other kind                   change, for a day: what is not known is refused where frozen
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.fleet.queries.shared_parts import is_shared_part
from scuderia.freeze.engine.gate import Circumstances, decide
from scuderia.freeze.engine.zone_scope import KINDS
from scuderia.freeze.nouns import AskedUpdate, UpdateClass, Verdict
from scuderia.freeze.queries.zone_index import compiled_zones
from scuderia.freeze.queries.zone_scope import scope_nodes
from scuderia.loop.nouns import Answer, GateRequest, GateVerdict, Plan

NAME = "zones"
UNKNOWN_LASTS = timedelta(days=1)
REPAIR = timedelta(0)
LASTS: Mapping[str, timedelta] = {
    "fleet.swap_node": REPAIR,
    "fleet.swap_back": REPAIR,
    "fleet.return_node": REPAIR,
    "fleet.escalate_repair": REPAIR,
    "fleet.deescalate_repair": REPAIR,
    "fleet.resize_spare_pool": REPAIR,
    "freeze.swap_kept": REPAIR,
    "fleet.drain_node": timedelta(hours=4),
    "fleet.pull_lemon": timedelta(days=1),
}
"""How long a node is disturbed by each kind of action; a repair disturbs none that works."""


class ZoneGate:
    """Says no to a change of a node that a zone holds while the change lasts."""

    name = NAME

    def decide(self, request: GateRequest) -> GateVerdict:
        """Answer from the compiled zones; what cannot be read raises, which is a no."""
        lasts = LASTS.get(request.plan.kind, UNKNOWN_LASTS)
        if lasts == REPAIR:
            return GateVerdict(NAME, Answer.YES)
        nodes = _nodes_of(request.plan, request.at)
        if not nodes:
            return GateVerdict(NAME, Answer.YES)
        refused = _refused(nodes, request.at, lasts)
        if not refused:
            return GateVerdict(NAME, Answer.YES)
        reasons = {
            f"no-fly zone {one.zone}": f"no-fly zone {one.zone}: {one.words}"
            for verdict in refused
            for one in verdict.objections
        }
        return GateVerdict(NAME, Answer.NO, tuple(reasons.values()), _not_before(refused))


def _refused(nodes: tuple[str, ...], at: AwareDatetime, lasts: timedelta) -> list[Verdict]:
    """Return what speaks against, of whatever class: an action is no update of one class."""
    zones = compiled_zones(at, nodes)
    start, length = int(at.timestamp()), int(lasts.total_seconds())
    verdicts = (
        decide(zones.index, AskedUpdate(nodes, one.value, start, length), Circumstances(start))
        for one in UpdateClass
    )
    return [one for one in verdicts if not one.allowed]


def _not_before(refused: Iterable[Verdict]) -> AwareDatetime | None:
    """Return the first instant at which no class is closed, as far as one search of each tells."""
    found = [one.not_before for one in refused]
    clear = [at for at in found if at is not None]
    return datetime.fromtimestamp(max(clear), UTC) if len(clear) == len(found) else None


def _nodes_of(plan: Plan, at: AwareDatetime) -> tuple[str, ...]:
    """Return the nodes and shared parts that the plan names, and what is under all else of it."""
    subjects = {one for one in (*plan.targets, *_in_params(plan)) if _is_of_the_fleet(one)}
    names = {one.name for one in subjects if one.kind == "node"}
    names |= {str(one) for one in subjects if is_shared_part(str(one))}
    wanted = frozenset(str(one) for one in subjects if one.kind != "node") - names
    if EVERYTHING in subjects:
        return tuple(sorted(one.node for one in scope_nodes(at)))
    if wanted:
        names |= {one.node for one in scope_nodes(at) if not wanted.isdisjoint(one.subjects)}
    return tuple(sorted(names))


def _is_of_the_fleet(subject: SubjectRef) -> bool:
    return subject == EVERYTHING or subject.kind in KINDS or is_shared_part(str(subject))


def _in_params(plan: Plan) -> Iterable[SubjectRef]:
    for value in plan.params.values():
        try:
            yield SubjectRef.parse(str(value))
        except BadInput:
            continue
