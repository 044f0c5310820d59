"""One root for many things: a Merkle tree, and a proof for each of them (RFC 6962, 2.1)."""

from collections.abc import Sequence
from hashlib import sha256

LEAF = b"\x00"
_NODE = b"\x01"
_EMPTY = sha256(b"").digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the head of the tree over these hashes; of none, the hash of nothing.

    leaves   each the SHA-256 of LEAF and what it stands for
    """
    return _levels(leaves)[-1][0] if leaves else _EMPTY


def inclusion_proof(leaves: Sequence[bytes], at: int) -> tuple[bytes, ...]:
    """Return the hashes that lead from leaf `at` to the root, lowest first."""
    proof = []
    for level in _levels(leaves)[:-1]:
        beside = at ^ 1
        if beside < len(level):
            proof.append(level[beside])
        at //= 2
    return tuple(proof)


def is_included(leaf: bytes, at: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Say whether the hash `leaf` is number `at` of the `size` leaves under `root`."""
    if not 0 <= at < size:
        return False
    found, left, width = leaf, list(proof), size
    while width > 1:
        if at % 2 or at + 1 < width:
            if not left:
                return False
            beside = left.pop(0)
            pair = beside + found if at % 2 else found + beside
            found = sha256(_NODE + pair).digest()
        at, width = at // 2, (width + 1) // 2
    return not left and found == root


def _levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """Return the hashes level by level; one without a neighbour moves up as it is."""
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        level = levels[-1]
        pairs = zip(level[::2], level[1::2], strict=False)
        above = [sha256(_NODE + one + other).digest() for one, other in pairs]
        levels.append(above + level[len(level) - len(level) % 2 :])
    return levels
