"""Gives ready spares to the nodes that want one; the same wants and spares, the same answer."""

import hashlib
from collections.abc import Callable, Mapping, Sequence

from scuderia.fleet.engine.snapshot import NodeView


def assign_spares(wants: Sequence[str], spares: Sequence[str]) -> Mapping[str, str]:
    """Give each want, in order, the spare that it ranks first among those left.

    wants     most urgent first        spares   in any order
    returns   want -> spare; wants that found none are absent. Ranks are by hash, so that one
              want or spare more disturbs few of the others and proposals keep their spare
    """
    left = set(spares)
    given: dict[str, str] = {}
    for want in wants:
        if not left:
            break
        given[want] = min(left, key=lambda spare: _rank(want, spare))
        left.discard(given[want])
    return given


def assign_by_cluster(
    nodes: Sequence[NodeView], spares_of: Callable[[str], Sequence[str]]
) -> Mapping[str, str]:
    """Return node -> spare, each node served from its own cluster.

    nodes   most urgent first        spares_of   the names that may be given in a cluster
    """
    given: dict[str, str] = {}
    for cluster in sorted({node.place.cluster for node in nodes}):
        wants = [str(node.name) for node in nodes if node.place.cluster == cluster]
        given.update(assign_spares(wants, spares_of(cluster)))
    return given


def _rank(want: str, spare: str) -> bytes:
    return hashlib.sha256(f"{want}\0{spare}".encode()).digest()
