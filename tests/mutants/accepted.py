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


ACCEPTED: tuple[Accepted, ...] = (
    Accepted(
        "src/scuderia/crew/engine/forecasts.py",
        "seen = [(start, min(end, horizon_s)) for start, end in spans if start < horizon_s]",
        "seen = [(start, min(end, horizon_s)) for start, end in spans if start <= horizon_s]",
        "an outage that begins at the horizon is cut to no length and adds no hours",
    ),
    Accepted(
        "src/scuderia/crew/engine/customer_months.py",
        "if month.lost_h >= budget:",
        "if month.lost_h > budget:",
        "where they are equal the last line gives zero too: nothing is left, at any pace",
    ),
    Accepted(
        "src/scuderia/fleet/engine/ledger.py",
        "self.span = end - start + 1",
        "self.span = end + start + 1",
        "it only sets the nodes' lines apart: any span above the window's length gives the same",
    ),
)
