"""Single sampling plans by attributes, from the exact hypergeometric distribution.

A lot of N items with D bad ones is accepted when a sample of n holds at most c bad ones:
Pa(D) = sum over k <= c of C(D, k) C(N - D, n - k) / C(N, n). Source: ISO 2859-1 clause 11, with
the operating characteristic worked out for the lot itself and not for an endless process.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy import special

from scuderia.basics.errors import BadInput
from scuderia.datasets.nouns import OcPoint, SamplingPlan, Severity

LOT_MAX = 10_000_000
OC_POINTS = 41
# Floating-point answers nearer to a risk than this are settled in whole numbers.
_CLOSE = 1e-7
_WHOLE_NUMBERS_MAX = 2_000_000
_TRIED_EACH = 200
_TRIED_BEFORE = 24
_UNDERFLOW, _SUMMED_PLAINLY = -600.0, 64
_STEP = 16
_REDUCED_SHARE = Fraction(2, 5)
# ISO 2859-1's preferred AQLs, per cent non-conforming.
_AQLS = tuple(
    Fraction(one, 1000)
    for one in (10, 15, 25, 40, 65, 100, 150, 250, 400, 650, 1000, 1500, 2500, 4000, 6500, 10000)
)


class BadPlan(BadInput):
    """No plan can be made of what was asked."""

    code = "DATA-050"
    remedy = "Say a lot of 1 to 10,000,000 items and 0 < AQL < LTPD < 1."


class NoPlan(BadInput):
    """No plan of that size keeps both risks."""

    code = "DATA-051"
    remedy = "Allow a larger sample, larger risks, or set AQL and LTPD further apart."


@dataclass(frozen=True, slots=True)
class PlanAsked:
    """What a plan must keep.

    lot     items in the lot
    aql     share of bad items up to which a lot is accepted with probability 1 - alpha or more
    ltpd    share of bad items from which a lot is accepted with probability beta or less
    n_max   the largest sample that may be drawn; None for the whole lot
    """

    lot: int
    aql: Fraction
    ltpd: Fraction
    alpha: Fraction = Fraction(1, 20)
    beta: Fraction = Fraction(1, 10)
    n_max: int | None = None

    @property
    def good(self) -> int:
        """Return the most bad items that a lot at the AQL holds."""
        return math.floor(self.lot * self.aql)

    @property
    def bad(self) -> int:
        """Return the fewest bad items that a lot at the LTPD holds."""
        return math.ceil(self.lot * self.ltpd)


def find_plan(asked: PlanAsked) -> SamplingPlan:
    """Return the plan with the smallest sample that keeps both risks, then with the smallest c.

    For each c the smallest n that keeps beta is the likeliest to keep alpha, and it grows with c:
    the first c whose n keeps alpha as well is the answer.
    raises   BadPlan, NoPlan
    """
    _require(asked)
    most = min(asked.n_max or asked.lot, asked.lot)
    high, n = 0, 1
    while not _keeps_alpha(asked, high, n := _smallest_sample(asked, max(n, high + 1), high)):
        high = high + 1 if high < _TRIED_EACH else 2 * high
    c, n = _first_kept(asked, high)
    if n <= most:
        return plan_of(asked, n, c)
    whole = f"no sample of at most {most:,} of {asked.lot:,} items keeps both risks"
    raise NoPlan(whole, remedy=f"Allow a sample of {n:,} items or more, or larger risks.")


def _first_kept(asked: PlanAsked, high: int) -> tuple[int, int]:
    """Return the first c, at most `high`, whose n keeps alpha as well, and that n.

    Up to c = 200 every c was tried on the way. Beyond, halving finds one that keeps alpha where
    the one before does not, and 24 before that are tried: whole numbers make alpha waver there.
    """
    low = high // 2 if high > _TRIED_EACH else high
    while low < high:
        middle = (low + high) // 2
        kept = _keeps_alpha(asked, middle, _smallest_sample(asked, middle + 1, middle))
        low, high = (low, middle) if kept else (middle + 1, high)
    if high > _TRIED_EACH:
        n = 1
        for c in range(high - _TRIED_BEFORE, high):
            n = _smallest_sample(asked, max(n, c + 1), c)
            if _keeps_alpha(asked, c, n):
                return c, n
    return high, _smallest_sample(asked, high + 1, high)


def _keeps_alpha(asked: PlanAsked, c: int, n: int) -> bool:
    if n > asked.lot:
        return True  # no larger c keeps beta either, so here the search ends
    return compared(asked.lot, asked.good, n, c, 1 - asked.alpha) >= 0


def plan_of(asked: PlanAsked, n: int, c: int) -> SamplingPlan:
    """Return a plan with what it promises."""
    return SamplingPlan(
        n=n,
        c=c,
        accepted_at_aql=acceptance(asked.lot, asked.good, n, c),
        accepted_at_ltpd=acceptance(asked.lot, asked.bad, n, c),
    )


def plan_under(asked: PlanAsked, normal: SamplingPlan, severity: Severity) -> SamplingPlan:
    """Return the plan for the next lot, as the switching rules call for it.

    Tightened: the same sample at the next lower of the standard's AQLs. Reduced: two fifths of the
    sample, as the standard's tables have it; more bad lots pass, as `accepted_at_ltpd` says.
    """
    if severity in (Severity.NORMAL, Severity.DISCONTINUED):
        return normal
    if severity is Severity.TIGHTENED:
        tight = math.floor(asked.lot * tighter_aql(asked.aql))
        return plan_of(asked, normal.n, min(normal.c, _smallest_c(asked, tight, normal.n)))
    n = math.ceil(normal.n * _REDUCED_SHARE)
    return plan_of(asked, n, _smallest_c(asked, asked.good, n))


def tighter_aql(aql: Fraction) -> Fraction:
    """Return the next lower of ISO 2859-1's AQLs, or two thirds below the lowest of them."""
    lower = [one / 100 for one in _AQLS if one / 100 < aql]
    return lower[-1] if lower else aql * Fraction(2, 3)


def operating_curve(asked: PlanAsked, plan: SamplingPlan) -> list[OcPoint]:
    """Return how likely lots are accepted, from none bad to twice the LTPD."""
    most = min(2 * asked.bad, asked.lot)
    drawn = np.linspace(0, most, OC_POINTS).round().astype(int).tolist()
    return [
        OcPoint(bad, bad / asked.lot, acceptance(asked.lot, bad, plan.n, plan.c))
        for bad in sorted({*drawn, asked.good, asked.bad})
    ]


def acceptance(lot: int, bad: int, n: int, c: int) -> float:
    """Return the probability that at most c of n items drawn without replacement are bad.

    Many terms, or small ones, are kept in logarithms, so none vanishes; about nine digits hold.
    """
    low, high = max(0, n - (lot - bad)), min(bad, n)
    if c >= high:
        return 1.0
    if c < low:
        return 0.0
    first = _log_choose(bad, low) + _log_choose(lot - bad, n - low) - _log_choose(lot, n)
    if first > _UNDERFLOW and c - low < _SUMMED_PLAINLY:
        term = whole = math.exp(first)
        for one in range(low, c):
            term *= (bad - one) * (n - one) / ((one + 1) * (lot - bad - n + one + 1))
            whole += term
        return min(1.0, whole)
    k = np.arange(low, c)
    steps = np.log(bad - k) + np.log(n - k) - np.log(k + 1) - np.log(lot - bad - n + k + 1)
    terms = first + np.concatenate(([0.0], np.cumsum(steps)))
    return float(min(1.0, np.exp(special.logsumexp(terms))))


def exact_acceptance(lot: int, bad: int, n: int, c: int) -> Fraction:
    """Return the same as a fraction of whole numbers."""
    ways = sum(math.comb(bad, k) * math.comb(lot - bad, n - k) for k in range(min(c, n) + 1))
    return Fraction(ways, math.comb(lot, n))


def compared(lot: int, bad: int, n: int, c: int, wanted: Fraction) -> int:
    """Return 1, 0 or -1: the lot is accepted more often than wanted, just as often, or less.

    Beyond two million terms' items the floating-point answer stands: whole numbers take minutes.
    """
    found = acceptance(lot, bad, n, c)
    if abs(found - float(wanted)) > _CLOSE or n * (c + 1) > _WHOLE_NUMBERS_MAX:
        return 1 if found > wanted else -1
    exact = exact_acceptance(lot, bad, n, c)
    return (exact > wanted) - (exact < wanted)


def rate_bounds(bad: int, n: int, confidence: float) -> tuple[float, float]:
    """Return Clopper and Pearson's bounds of the share of bad items, one side at `confidence` each.

    raises   BadPlan
    """
    if not 0 <= bad <= n or n < 1 or not 0 < confidence < 1:
        raise BadPlan(f"{bad} bad in a sample of {n} at {confidence} is no count")
    lower = special.betaincinv(bad, n - bad + 1, 1 - confidence) if bad else 0.0
    upper = special.betaincinv(bad + 1, n - bad, confidence) if bad < n else 1.0
    return float(lower), float(upper)


def _smallest_sample(asked: PlanAsked, low: int, c: int) -> int:
    """Return the smallest n from `low` on that keeps beta with this c; lot + 1 where none does."""

    def keeps(n: int) -> bool:
        return compared(asked.lot, asked.bad, n, c, asked.beta) <= 0

    high, step = low, _STEP
    while high < asked.lot and not keeps(high):
        low, high, step = high + 1, min(high + step, asked.lot), 2 * step
    if not keeps(high):
        return asked.lot + 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if keeps(middle) else (middle + 1, high)
    return low


def _smallest_c(asked: PlanAsked, good: int, n: int) -> int:
    wanted = 1 - asked.alpha
    return next(c for c in range(n + 1) if compared(asked.lot, good, n, c, wanted) >= 0)


def _log_choose(whole: int, part: int) -> float:
    return math.lgamma(whole + 1) - math.lgamma(part + 1) - math.lgamma(whole - part + 1)


def _require(asked: PlanAsked) -> None:
    if not 1 <= asked.lot <= LOT_MAX:
        raise BadPlan(f"a lot of {asked.lot:,} items cannot be sampled")
    if not 0 < asked.aql < asked.ltpd < 1:
        said = f"AQL {float(asked.aql):g} and LTPD {float(asked.ltpd):g} do not go together"
        raise BadPlan(said, remedy="Say 0 < AQL < LTPD < 1, as shares: 0.01 is one in a hundred.")
    if not (0 < asked.alpha < 1 and 0 < asked.beta < 1 and asked.beta < 1 - asked.alpha):
        said = f"alpha {float(asked.alpha):g} and beta {float(asked.beta):g} are no risks"
        raise BadPlan(said, remedy="Say risks between 0 and 1 that add up to less than 1.")
    if asked.n_max is not None and asked.n_max < 1:
        raise BadPlan(f"a sample of at most {asked.n_max} is none")
