"""Quotas: how far a set is from its plan, and which tasks to ask for next to close the gap.

A plan says for some attributes which share of the items each value is to have, either by itself
(marginal) or for every combination (joint: one attribute whose values are combinations).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from scuderia.basics.errors import BadInput

CELLS_MAX = 10_000
BUDGET_MAX = 100_000
SUPPRESSED_UNDER = 10
_SUM_OFF = 1e-9

Cell = tuple[str, ...]
"""One value for each attribute of the plan, in its order."""
Shares = Mapping[str, float]
"""Value -> share of the items; they add up to one."""


class BadQuota(BadInput):
    """A plan or a count that makes no sense."""

    code = "DATA-065"
    remedy = "Give shares of 0 to 1 that add up to 1 for each attribute, and whole counts."


@dataclass(frozen=True, slots=True)
class QuotaPlan:
    """What is wanted.

    attributes   name -> shares, in the order of a cell's values
    target       items in all
    """

    attributes: Mapping[str, Shares]
    target: int


@dataclass(frozen=True, slots=True)
class QuotaGap:
    """How one attribute stands beside its plan.

    l1           sum of |share - wanted share|: 0 to 2
    chi_square   of the counts against the plan; infinite where a value is not planned at all
    p_value      its tail; `p_holm` holds for all attributes of the plan together
    """

    attribute: str
    l1: float
    chi_square: float
    p_value: float
    p_holm: float


def gaps_of(plan: QuotaPlan, counts: Mapping[Cell, int]) -> list[QuotaGap]:
    """Return each attribute's gap.

    raises   BadQuota
    """
    _require(plan, counts)
    told = []
    for at, (name, shares) in enumerate(plan.attributes.items()):
        values = sorted({*shares, *(cell[at] for cell in counts)})
        held = np.array([_held(counts, at, value) for value in values], float)
        wanted = np.array([shares.get(value, 0.0) for value in values])
        total = held.sum()
        l1 = float(np.abs(held / total - wanted).sum()) if total else 0.0
        told.append((name, l1, *_chi_square(held, wanted * total)))
    adjusted = holm([p_value for *_, p_value in told])
    return [QuotaGap(*one, p_holm) for one, p_holm in zip(told, adjusted, strict=True)]


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values that hold for all of them together (Holm, 1979), in the order given."""
    order = np.argsort(p_values, kind="stable")
    scaled = np.array(p_values)[order] * np.arange(len(order), 0, -1)
    found = np.empty(len(order))
    found[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return [float(one) for one in found]


def allocate(
    plan: QuotaPlan,
    counts: Mapping[Cell, int],
    acceptance: Mapping[Cell, float],
    budget: int,
) -> dict[Cell, int]:
    """Return how many tasks to ask for in each cell, at most `budget` in all.

    Task by task, the cell with the largest deficit weighted by its acceptance rate: the deficit is
    what its values still lack of the target, less what tasks given already are expected to bring.
    A cell whose values lack nothing gets none, so the budget need not be used up.

    acceptance   the cells that tasks can be asked for, and which share of their items is accepted
    raises       BadQuota
    """
    _require(plan, counts)
    cells = [cell for cell, rate in acceptance.items() if rate > 0]
    _require_asked(plan, acceptance, budget)
    deficits, places = _deficits(plan, counts, cells)
    rates = np.array([acceptance[cell] for cell in cells])
    given = np.zeros(len(cells), np.int64)
    for _ in range(budget if cells else 0):
        lacking = deficits[places].sum(axis=1)
        # A task in a cell that any value has enough of widens that value's gap.
        lacking[(deficits[places] <= 0).any(axis=1)] = 0.0
        best = int(np.argmax(lacking * rates))
        if lacking[best] <= 0:
            break
        given[best] += 1
        deficits[places[best]] -= rates[best]
    return {cell: int(n) for cell, n in zip(cells, given, strict=True) if n}


def suppressed(counts: Mapping[str, int], under: int = SUPPRESSED_UNDER) -> dict[str, int | None]:
    """Return counts of a rater pool with small ones hidden (None).

    Where one alone would be hidden, the next smallest is too: a total would give it away.
    """
    hidden = {value for value, count in counts.items() if 0 < count < under}
    rest = sorted((count, value) for value, count in counts.items() if count >= under)
    if len(hidden) == 1 and rest:
        hidden.add(rest[0][1])
    return {value: None if value in hidden else count for value, count in counts.items()}


def _held(counts: Mapping[Cell, int], at: int, value: str) -> int:
    return sum(count for cell, count in counts.items() if cell[at] == value)


def _chi_square(held: np.ndarray, expected: np.ndarray) -> tuple[float, float]:
    planned = expected > 0
    if held[~planned].any():
        return float("inf"), 0.0
    if planned.sum() < 2:  # noqa: PLR2004 - one value has nothing to differ from
        return 0.0, 1.0
    found = float(((held - expected)[planned] ** 2 / expected[planned]).sum())
    return found, float(special.chdtrc(int(planned.sum()) - 1, found))


def _deficits(
    plan: QuotaPlan, counts: Mapping[Cell, int], cells: Sequence[Cell]
) -> tuple[np.ndarray, np.ndarray]:
    """Return what each value lacks, end to end, and where each cell's values stand there."""
    lacking: list[float] = []
    place: dict[tuple[int, str], int] = {}
    for at, shares in enumerate(plan.attributes.values()):
        for value in sorted({*shares, *(cell[at] for cell in cells)}):
            place[at, value] = len(lacking)
            lacking.append(plan.target * shares.get(value, 0.0) - _held(counts, at, value))
    places = [[place[at, value] for at, value in enumerate(cell)] for cell in cells]
    return np.array(lacking), np.array(places, np.int64).reshape(len(cells), -1)


def _require(plan: QuotaPlan, counts: Mapping[Cell, int]) -> None:
    if not plan.attributes or plan.target < 1 or len(counts) > CELLS_MAX:
        raise BadQuota(f"a plan of {plan.target:,} items over {len(plan.attributes)} attributes")
    for name, shares in plan.attributes.items():
        off = abs(sum(shares.values()) - 1) > _SUM_OFF
        if off or not all(0 <= share <= 1 for share in shares.values()):
            raise BadQuota(f"the shares of {name!r} add up to {sum(shares.values()):g}")
    for cell, count in counts.items():
        if len(cell) != len(plan.attributes) or count < 0:
            raise BadQuota(f"the cell {cell!r} holds {count}")


def _require_asked(plan: QuotaPlan, acceptance: Mapping[Cell, float], budget: int) -> None:
    if not 0 <= budget <= BUDGET_MAX or len(acceptance) > CELLS_MAX:
        raise BadQuota(f"{budget:,} tasks over {len(acceptance):,} cells are not allocated at once")
    for cell, rate in acceptance.items():
        if len(cell) != len(plan.attributes) or not 0 <= rate <= 1:
            raise BadQuota(f"the cell {cell!r} accepts {rate:g}")
