"""Which nodes a zone holds: what lies under the subjects it names, or so many GPUs by a rule.

The rule of a count, in this order, until there are as many GPUs as were asked for:

    1. whole racks by name: every node of the rack is the customer's, of the node type, and up,
       and the rack is not larger than what is still wanted
    2. the customer's other nodes: those that are up, then those short of GPUs, then the rest;
       in each by name

Where labels stand beside it, a node that does not meet all of them is not there, for either way;
labels alone are of what the customer holds.

A count that is to be kept free for a run to come is of nodes that nobody holds, that are up, ready
as spares and kept for no other run; the same rule takes them.

A node is taken whole, so the last one may bring a few GPUs more than were asked for.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from scuderia.basics.errors import Refused
from scuderia.fleet.engine.labels import LabelSelector, read_selectors
from scuderia.freeze.nouns import BadZone, ZoneScope

KINDS = ("customer", "site", "cluster", "rack", "node")
SUBJECTS_MAX = 10_000
GPUS_MAX = 10_000_000


class TooFewGpus(Refused):
    """The customer does not hold as many GPUs as the zone is asked to hold."""

    code = "FREEZE-011"
    remedy = "Ask for no more than it holds, or allocate nodes to the customer first."


class NothingInScope(Refused):
    """No node lies in what the zone is asked to hold."""

    code = "FREEZE-012"
    remedy = "Check the names: `scuderia fleet nodes` lists what stands where."


class Health(IntEnum):
    """How fit a node is, fittest first."""

    UP = 0
    DEGRADED = 1
    OUT = 2


@dataclass(frozen=True, slots=True)
class ScopeNode:
    """One node on the books; `customer` is who holds it, "" if nobody does.

    labels   those that were asked for by their keys
    is_free  it could be kept for a run: up, a ready spare, held by nobody, kept for nobody
    """

    node: str
    site: str
    cluster: str
    rack: str
    sku: str
    gpus: int
    customer: str
    health: Health
    labels: Mapping[str, str] = field(default_factory=dict)
    is_free: bool = False

    @property
    def subjects(self) -> frozenset[str]:
        """Return the node and everything it hangs under, as texts."""
        hangs = {
            f"site:{self.site}",
            f"cluster:{self.cluster}",
            f"rack:{self.rack}",
            f"node:{self.node}",
        }
        return frozenset(hangs | ({f"customer:{self.customer}"} if self.customer else set()))


def refuse_bad_scope(scope: ZoneScope) -> None:
    """Return if it can be read as one of the two ways to say it.

    raises   BadZone, BadLabel
    """
    read_selectors(scope.labels)
    if scope.hold and not (scope.gpus and scope.sku):
        raise BadZone("what is kept for a run is a count of GPUs of one node type")
    if scope.gpus is None:
        if not (scope.under or scope.labels) or scope.sku or scope.site:
            raise BadZone("name what the zone holds, or a count with its node type and site")
        if len(scope.under) > SUBJECTS_MAX:
            raise BadZone(f"{len(scope.under):,} subjects are more than {SUBJECTS_MAX:,}")
        strange = [one for one in scope.under if one.partition(":")[0] not in KINDS]
        if strange:
            raise BadZone(f"a zone holds no {strange[0][:80]!r}", remedy=f"Name {_LISTED}.")
    elif scope.under:
        raise BadZone("a count of GPUs and names of what the zone holds stand together")
    elif not 1 <= scope.gpus <= GPUS_MAX:
        raise BadZone(f"{scope.gpus:,} is no number of GPUs to hold")


_LISTED = "customers, sites, clusters, racks or nodes, e.g. rack:r01"


def nodes_in_scope(
    scope: ZoneScope, customer: str, nodes: Sequence[ScopeNode]
) -> tuple[ScopeNode, ...]:
    """Return the nodes that the zone holds, by name.

    nodes    all that are on the books, in any order
    raises   BadZone, BadLabel, NothingInScope: names one that holds none; TooFewGpus
    """
    refuse_bad_scope(scope)
    selectors = read_selectors(scope.labels)
    if scope.gpus is None:
        found = _under(scope.under or (f"customer:{customer}",), nodes)
        found = [one for one in found if _meets(one, selectors)]
        if not found:
            raise NothingInScope(f"no node of those bears {' and '.join(scope.labels)[:200]}")
    else:
        found = _counted(scope, scope.gpus, customer, nodes, selectors)
    return tuple(sorted(found, key=lambda one: one.node))


def label_keys(scope: ZoneScope) -> frozenset[str]:
    """Return the keys of the labels by which the zone is asked for.

    raises   BadLabel
    """
    return frozenset(one.key for one in read_selectors(scope.labels))


def gpus_in(nodes: Iterable[ScopeNode]) -> int:
    """Return how many GPUs the nodes have."""
    return sum(one.gpus for one in nodes)


def _meets(node: ScopeNode, selectors: Sequence[LabelSelector]) -> bool:
    return all(one.holds(node.labels) for one in selectors)


def _under(subjects: Sequence[str], nodes: Sequence[ScopeNode]) -> list[ScopeNode]:
    wanted = frozenset(subjects)
    found = [one for one in nodes if not wanted.isdisjoint(one.subjects)]
    empty = wanted.difference(*(one.subjects for one in found))
    if empty:
        raise NothingInScope(f"no node stands under {min(empty)[:80]}")
    return found


def _counted(
    scope: ZoneScope,
    gpus: int,
    customer: str,
    nodes: Sequence[ScopeNode],
    selectors: Sequence[LabelSelector],
) -> list[ScopeNode]:
    racks: dict[str, list[ScopeNode]] = defaultdict(list)
    for one in nodes:
        racks[one.rack].append(one)
    mine = [
        one
        for one in nodes
        if (one.is_free if scope.hold else one.customer == customer)
        and scope.sku in ("", one.sku)
        and scope.site in ("", one.site)
        and _meets(one, selectors)
    ]
    held = gpus_in(mine)
    if held < gpus:
        of, at = f" of {scope.sku}" if scope.sku else "", f" at {scope.site}" if scope.site else ""
        bears = f" with {', '.join(scope.labels)}"[:200] if scope.labels else ""
        has = "the fleet has free and healthy" if scope.hold else f"{customer} holds"
        raise TooFewGpus(f"{has} {held:,} GPUs{of}{at}{bears}, {gpus:,} are asked for")
    taken: list[ScopeNode] = []
    eligible = {one.node for one in mine if one.health is Health.UP}
    for _, members in sorted(racks.items()):
        is_whole = all(one.node in eligible for one in members)
        if is_whole and gpus_in(members) <= gpus - gpus_in(taken):
            taken += members
    known, left = {one.node for one in taken}, gpus - gpus_in(taken)
    for one in sorted(mine, key=lambda node: (node.health, node.node)):
        if left > 0 and one.node not in known:
            taken.append(one)
            left -= one.gpus
    return taken
