"""The seeded fault process of the embedded fleet, calibrated to a published year of real faults.

Every node has its own counter-based stream: outage `k` of a node is drawn from (seed, node, k)
and from nothing else. What operators do changes when and how a draw takes effect, never the draw,
so two runs that differ in one action differ because of that action (common random numbers).
"""

import hashlib
import math
import random
from dataclasses import dataclass

HOUR_S = 3_600
DAY_S = 86_400

# Fitted by expectation-maximisation on the logarithms of 582 merged outages, then rounded.
_MIXTURE: tuple[tuple[str, float, float, float], ...] = (
    # length class, share, median hours, sigma of the logarithm
    ("quick", 0.30, 0.52, 1.37),
    ("ordinary", 0.645, 42.0, 1.37),
    ("long", 0.055, 1_070.0, 0.52),
)
_REPAIR_HOURS_MAX = 3_600.0
_REPAIR_S_MIN = 300
_PARTS_HOURS = 5 * 24

# Shares of the cause classes, given the length class; together they give the published shares.
_CAUSES: dict[str, tuple[tuple[str, float], ...]] = {
    "quick": (
        ("gpu: device error", 0.30),
        ("unknown", 0.29),
        ("stress test failure", 0.19),
        ("network cable: link down", 0.05),
        ("fan: speed critical", 0.03),
        ("nic: link lost", 0.07),
        ("software: node agent", 0.05),
        ("other", 0.02),
    ),
    "ordinary": (
        ("gpu: double-bit ecc", 0.265),
        ("unknown", 0.245),
        ("stress test failure", 0.165),
        ("network cable: link down", 0.08),
        ("fan: speed critical", 0.06),
        ("nic: link speed low", 0.04),
        ("power supply: failed", 0.05),
        ("training task: suspect machine", 0.035),
        ("software: node agent", 0.02),
        ("other", 0.04),
    ),
    "long": (
        ("gpu: double-bit ecc", 0.30),
        ("unknown", 0.15),
        ("power supply: failed", 0.20),
        ("fan: speed critical", 0.12),
        ("nic: link lost", 0.13),
        ("network cable: link down", 0.08),
        ("motherboard: failed", 0.02),
    ),
}

_FRAILTY_SHAPE = 1.5
FRAILTY_MEDIAN = 0.789  # of a gamma with shape 1.5 and mean 1
_BASE_PER_NODE_DAY = 0.00285
_RELAPSE_SHARE = 0.33
_RELAPSE_MEDIAN_H = 6.5
_RELAPSE_SIGMA = 2.6


@dataclass(frozen=True, slots=True)
class Failure:
    """Outage `k` of one node as drawn: how it comes about, and how long it will take to mend.

    exposure     unit-rate exposure that the node survives before it fails (exponential, mean 1)
    relapse_s    seconds after its return at which a bad repair shows; None if the repair held
    """

    exposure: float
    relapse_s: int | None
    repair_s: int
    cause: str
    needs_parts: bool


def uptime_s(exposure_left: float, relapse_left_s: int | None, *, frailty: float) -> int:
    """Return the seconds in service until a failure that still needs this much to come about."""
    wear_s = max(1, round(exposure_left / (_BASE_PER_NODE_DAY * frailty) * DAY_S))
    return wear_s if relapse_left_s is None else max(1, min(wear_s, relapse_left_s))


def exposure(served_s: int, *, frailty: float) -> float:
    """Return the exposure that so many seconds in service use up."""
    return served_s / DAY_S * _BASE_PER_NODE_DAY * frailty


def frailty_of(seed: int, node: str) -> float:
    """Return how failure-prone a node was built: gamma over the fleet, mean 1."""
    return max(0.02, _stream(seed, node, 0).gammavariate(_FRAILTY_SHAPE, 1 / _FRAILTY_SHAPE))


def failure_of(seed: int, node: str, k: int) -> Failure:
    """Return failure number `k` >= 1 of a node; the first can be no relapse."""
    stream = _stream(seed, node, k)
    exposure = stream.expovariate(1.0)
    relapses = stream.random() < _RELAPSE_SHARE
    relapse_h = _RELAPSE_MEDIAN_H * math.exp(_RELAPSE_SIGMA * stream.gauss(0.0, 1.0))
    length = _pick(stream.random(), tuple((name, share) for name, share, _, _ in _MIXTURE))
    _, _, median_h, sigma = next(row for row in _MIXTURE if row[0] == length)
    hours = min(median_h * math.exp(sigma * stream.gauss(0.0, 1.0)), _REPAIR_HOURS_MAX)
    return Failure(
        exposure=exposure,
        relapse_s=max(60, round(relapse_h * HOUR_S)) if relapses and k > 1 else None,
        repair_s=max(_REPAIR_S_MIN, round(hours * HOUR_S)),
        cause=_pick(stream.random(), _CAUSES[length]),
        needs_parts=hours > _PARTS_HOURS,
    )


def failure_told(repair_s: int, cause: str) -> Failure:
    """Return a failure that was recorded and not drawn: it comes when the record says."""
    return Failure(0.0, None, max(1, repair_s), cause, repair_s > _PARTS_HOURS * HOUR_S)


def overhaul_s(seed: int, node: str, k: int) -> int:
    """Return how long a deep repair takes: 2 to 3 days, drawn per node and failure number."""
    return round(_stream(seed, node, -k).uniform(2.0, 3.0) * DAY_S)


def _stream(seed: int, node: str, k: int) -> random.Random:
    key = hashlib.blake2b(f"{seed}/{node}/{k}".encode(), digest_size=16).digest()
    return random.Random(int.from_bytes(key, "big"))  # noqa: S311 - a simulation, not a secret


def _pick(point: float, shares: tuple[tuple[str, float], ...]) -> str:
    total = 0.0
    for name, share in shares:
        total += share
        if point < total:
            return name
    return shares[-1][0]
