"""Changes that no test can see, each with the reason: the draw counts them apart and runs none."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Accepted:
    """One change that leaves what the product does as it was.

    path            below the tree's root      before, after   the line, without its margins
    reason          why nothing that a person or a program is told can differ
    """

    path: str
    before: str
    after: str
    reason: str


ACCEPTED: tuple[Accepted, ...] = ()
