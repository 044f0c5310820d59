"""How many items of a lot to look at, which, what that promises, and how strictly next time."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from scuderia.datasets.engine.lot_samples import draw_sample
from scuderia.datasets.engine.sampling_plans import (
    BadPlan,
    PlanAsked,
    find_plan,
    operating_curve,
    plan_under,
    rate_bounds,
)
from scuderia.datasets.engine.switching import Switching, after_lot
from scuderia.datasets.nouns import LotResult, OcPoint, SamplingPlan, Severity
from scuderia.intake.columns import RowUnreadable, read_columns

_PARTS_MAX = 10**9
_HISTORY_MAX = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanReport:
    """A plan for one lot.

    n, c       of the plan for this lot, under `severity`
    plans      what each severity would draw
    oc         how likely lots of each share of bad items are accepted by it
    sample     the items to look at, in the order of their hashes; None where none was asked for
    """

    lot: int
    aql: float
    ltpd: float
    alpha: float
    beta: float
    n: int
    c: int
    severity: Severity
    switching_score: int
    plans: dict[Severity, SamplingPlan]
    oc: list[OcPoint]
    seed: str
    sample: list[str] | None


@dataclass(frozen=True, slots=True)
class FoundBad:
    """What a sample says of the lot: bounds of its share of bad items, each at `confidence`."""

    bad: int
    n: int
    is_accepted: bool
    confidence: float
    share_at_least: float
    share_at_most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTyped:
    """A plan as typed.

    history      one letter a lot, oldest first: A, a or r (`LotResult`)
    names        a file whose column `name_column` holds the items' names; None: 0 to lot - 1
    """

    lot: int
    aql: str
    ltpd: str
    alpha: str = "0.05"
    beta: str = "0.1"
    n_max: int | None = None
    history: str = ""
    seed: str = ""
    wants_sample: bool = False
    names: Path | None = None
    name_column: str = "id"


def make_plan(typed: PlanTyped) -> PlanReport:
    """Find the plan, its curve, the severity that a history calls for, and the sample.

    raises   BadPlan, NoPlan, BadSample; what `read_columns` raises
    """
    asked = PlanAsked(
        typed.lot,
        share_of(typed.aql, "aql"),
        share_of(typed.ltpd, "ltpd"),
        share_of(typed.alpha, "alpha"),
        share_of(typed.beta, "beta"),
        typed.n_max,
    )
    normal = find_plan(asked)
    plans = {one: plan_under(asked, normal, one) for one in list(Severity)[:3]}
    state = switched(typed.history, normal.c)
    plan = plans.get(state.severity, normal)
    return PlanReport(
        lot=asked.lot,
        aql=float(asked.aql),
        ltpd=float(asked.ltpd),
        alpha=float(asked.alpha),
        beta=float(asked.beta),
        n=plan.n,
        c=plan.c,
        severity=state.severity,
        switching_score=state.score,
        plans=plans,
        oc=operating_curve(asked, plan),
        seed=typed.seed,
        sample=_sample(typed, plan.n) if typed.wants_sample else None,
    )


def share_of(text: str, field: str) -> Fraction:
    """Return the share that was written: 0.01, 1/100 or 1%.

    raises   BadPlan
    """
    written = text.strip()
    try:
        found = Fraction(written.removesuffix("%")) / (100 if written.endswith("%") else 1)
    except (ValueError, ZeroDivisionError):
        raise BadPlan(f"--{field} {text[:40]!r} is no share", remedy="Write 0.01 or 1%.") from None
    if found.denominator > _PARTS_MAX:
        raise BadPlan(f"--{field} {text[:40]} has too many digits", remedy="Write nine at most.")
    return found


def switched(history: str, c: int) -> Switching:
    """Return where the switching rules stand after these lots.

    raises   BadPlan
    """
    state = Switching()
    known = {one.value: one for one in LotResult}
    if len(history) > _HISTORY_MAX or not set(history) <= set(known):
        said = f"--history {history[:40]!r} is no history"
        remedy = "Write a letter a lot: A accepted (one step tighter too), a accepted, r rejected."
        raise BadPlan(said, remedy=remedy)
    for letter in history:
        state = after_lot(state, known[letter], c=c)
    return state


def bound_share(plan: PlanReport, bad: int, confidence: float = 0.95) -> FoundBad:
    """Return what `bad` bad items in the plan's sample say of the lot.

    raises   BadPlan
    """
    low, high = rate_bounds(bad, plan.n, confidence)
    return FoundBad(bad, plan.n, bad <= plan.c, confidence, low, high)


def _sample(typed: PlanTyped, n: int) -> list[str]:
    if typed.names is None:
        return draw_sample([str(row) for row in range(typed.lot)], n, typed.seed)
    source = read_columns(typed.names, [typed.name_column])
    cells = source.columns[typed.name_column]
    names = [cell for cell in cells if cell]
    if len(names) < len(cells):
        at = next(number for number, cell in enumerate(cells, 1) if not cell)
        said = f"{source.file}, record {at}, field {typed.name_column}: it is empty"
        raise RowUnreadable(said, remedy="Give each item of the lot a name of its own.")
    if len(names) != typed.lot:
        said = f"{source.file} names {len(names):,} items, the lot has {typed.lot:,}"
        raise BadPlan(said, remedy=f"Say --lot {len(names)}, or give the lot's own file.")
    return draw_sample(names, n, typed.seed)
