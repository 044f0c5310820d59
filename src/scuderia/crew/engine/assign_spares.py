"""Gives ready spares to the nodes that want one; the same wants and spares, the same answer."""

import hashlib
from collections.abc import Mapping, Sequence


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


def _rank(want: str, spare: str) -> bytes:
    return hashlib.sha256(f"{want}\0{spare}".encode()).digest()
