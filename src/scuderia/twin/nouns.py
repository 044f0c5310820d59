"""The twin's words: a log, a policy, what a replay gives, how sure it is, what is refused."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

Int1D = npt.NDArray[np.int64]
"""One row of whole numbers, shape (n,)."""
Float1D = npt.NDArray[np.float64]
"""One row of real numbers, shape (n,)."""

DAY_S = 86_400
PPM = 1_000_000
OUTAGES_IN_RULE = (2, 16)
INSTANT_S_MAX = 2**40  # 34,000 years: sums of two instants and a delay stay far inside 64 bits


class TwinError(ValueError):
    """A replay that cannot be made as asked.

    code     stable, documented, e.g. "TWIN-002"
    remedy   one sentence: what to do next
    """

    code: ClassVar[str] = "TWIN-000"

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def as_json(self) -> dict[str, str]:
        """Return what `--json` shows on the error stream."""
        return {"code": self.code, "message": self.message, "remedy": self.remedy}


class BadLog(TwinError):  # noqa: N818 - named for what did not happen
    """The outages contradict themselves or the fleet."""

    code = "TWIN-001"


class BadPolicy(TwinError):  # noqa: N818 - named for what did not happen
    """No fleet can be run by this policy."""

    code = "TWIN-002"


class DrawNeeded(TwinError):  # noqa: N818 - named for what did not happen
    """The policy holds an uncertain share, and no random generator was handed in."""

    code = "TWIN-003"


@dataclass(frozen=True, slots=True, eq=False)
class OutageLog:
    """Every outage of a fleet, whole seconds since the log's origin (midnight of its first day).

    node, start_s, end_s   shape (n_outages,), sorted by (start, node); a node's outages neither
                           overlap nor touch; [start, end), an end may lie past the horizon
    n_nodes                slots that must be filled; nodes are 0 .. n_nodes - 1
    horizon_s              seconds are counted in [0, horizon); every outage in the log is counted
    names                  what people call node 0, 1, ...; may be shorter than the fleet
    """

    node: Int1D
    start_s: Int1D
    end_s: Int1D
    n_nodes: int
    horizon_s: int
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a log that breaks its own description, and seal the arrays."""
        for row in (self.node, self.start_s, self.end_s):
            if row.dtype != np.int64 or row.shape != self.node.shape or row.ndim != 1:
                raise BadLog(
                    "An outage log needs three int64 rows of one length.",
                    remedy="Build the log with live_log or a trace reader.",
                )
        _check_log(self)
        for row in (self.node, self.start_s, self.end_s):
            row.setflags(write=False)

    def __len__(self) -> int:
        return int(self.node.size)

    @property
    def days(self) -> int:
        """Return the days of the horizon; a last part-day counts as one."""
        return -(-self.horizon_s // DAY_S)

    @property
    def digest(self) -> str:
        """Return the sha256 of what a replay reads: size, horizon and the three rows."""
        head = f"outage-log/1 {self.n_nodes} {self.horizon_s} {len(self)}\n".encode()
        rows = (row.astype("<i8").tobytes() for row in (self.node, self.start_s, self.end_s))
        return hashlib.sha256(head + b"".join(rows)).hexdigest()


def _check_log(log: OutageLog) -> None:
    node, start, end = log.node, log.start_s, log.end_s
    if log.n_nodes < 1 or not 0 < log.horizon_s <= INSTANT_S_MAX:
        raise BadLog(
            f"A fleet of {log.n_nodes} nodes over {log.horizon_s} s cannot be replayed.",
            remedy="Give at least one node and a horizon longer than zero.",
        )
    if not len(log):
        return
    if node.min() < 0 or node.max() >= log.n_nodes:
        raise BadLog(
            f"The log names node {int(node.max())}, the fleet holds 0 to {log.n_nodes - 1}.",
            remedy="Give the fleet size that covers every node in the log.",
        )
    if start.min() < 0 or end.max() > INSTANT_S_MAX or bool((end < start).any()):
        raise BadLog(
            "An outage begins before the log does, ends before it begins, or never ends.",
            remedy="Clip outages to the horizon; live_log does it for you.",
        )
    if bool((np.diff(start * log.n_nodes + node) <= 0).any()):
        raise BadLog(
            "The outages are not in order of (start, node).",
            remedy="Build the log with live_log, which sorts and merges.",
        )
    order = np.argsort(node, kind="stable")
    same = node[order][1:] == node[order][:-1]
    if bool((same & (start[order][1:] <= end[order][:-1])).any()):
        raise BadLog(
            "Two outages of one node overlap or touch.",
            remedy="Build the log with live_log, which sorts and merges.",
        )


@dataclass(frozen=True, slots=True)
class Share:
    """A share known only to lie in [low, high], all values alike; certain where they are equal."""

    low: float
    high: float

    def __post_init__(self) -> None:
        """Refuse a share outside 0 to 1; NaN fails too."""
        if not 0.0 <= self.low <= self.high <= 1.0:
            raise BadPolicy(
                f"A share from {self.low} to {self.high} is no share.",
                remedy="Give low and high with 0 <= low <= high <= 1.",
            )

    @classmethod
    def certain(cls, value: float) -> Self:
        """Return the share that is known."""
        return cls(value, value)

    @property
    def middle(self) -> float:
        """Return the middle of the range."""
        return (self.low + self.high) / 2

    @property
    def is_random(self) -> bool:
        """Say whether two draws may differ: all or nothing needs no draw."""
        return not (self.low == self.high and self.low in (0.0, 1.0))


ALL = Share(1.0, 1.0)
NONE = Share(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class LemonRule:
    """Pull a node for good at its `outages`-th outage start within `within_s`.

    replaces                 a replacement takes the slot when that outage would have ended;
                             False is quarantine, which loses the slot until the horizon
    replacement_fault_share  share of the pulled node's later outages that happen all the same
    """

    outages: int
    within_s: int
    replaces: bool = True
    replacement_fault_share: Share = NONE

    def __post_init__(self) -> None:
        """Refuse a rule that pulls healthy nodes or none."""
        least, most = OUTAGES_IN_RULE
        if not least <= self.outages <= most or not 0 < self.within_s <= INSTANT_S_MAX:
            raise BadPolicy(
                f"A lemon rule of {self.outages} outages in {self.within_s} s cannot be kept.",
                remedy=f"Give {least} to {most} outages in more than zero days: 2/28.",
            )


@dataclass(frozen=True, slots=True)
class Policy:
    """How a fleet answers its outages; the default is what history did.

    spares               nodes beside the fleet, handed out first come first served
    swap_delay_s         a slot asks for a spare this long after its outage starts
    repair_cap_s         no repair lasts longer
    return_soak_s        a repaired node is tested this long before it returns
    relapse_catch_share  share of the faults inside the soak that the soak shows; a missed one
                         strikes the moment the node returns, at its full length
    """

    spares: int = 0
    swap_delay_s: int = 0
    repair_cap_s: int | None = None
    return_soak_s: int = 0
    relapse_catch_share: Share = ALL
    lemon: LemonRule | None = None

    def __post_init__(self) -> None:
        """Refuse negative or endless quantities."""
        cap = 1 if self.repair_cap_s is None else self.repair_cap_s
        if self.spares < 0 or cap < 1 or min(self.swap_delay_s, self.return_soak_s) < 0:
            raise BadPolicy(
                "Spares and delays are zero or more; a repair cap is at least one second.",
                remedy="Correct the negative quantity.",
            )
        if max(self.swap_delay_s, cap, self.return_soak_s) > INSTANT_S_MAX:
            raise BadPolicy(
                "A delay, cap or soak is longer than any fleet's life.",
                remedy="Give it in days or hours that a fleet can live through.",
            )

    def but(self, **changes: Any) -> "Policy":
        """Return this policy with the named fields changed."""
        return replace(self, **changes)

    @property
    def is_random(self) -> bool:
        """Say whether two draws of this policy may differ."""
        soak = self.return_soak_s > 0 and self.relapse_catch_share.is_random
        rule = self.lemon
        return soak or (
            rule is not None and rule.replaces and rule.replacement_fault_share.is_random
        )


HISTORY = Policy()


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """One throw of the dice: the shares, and one number in [0, 1) per outage for each."""

    catch_share: float
    again_share: float
    catch: Float1D
    again: Float1D


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """What one policy makes of one log.

    availability       served slot-seconds over n_nodes x horizon
    days_below_target  days whose availability is under `target`
    outages            times a slot's node went out, spare or not; those past the horizon too
    relapses_caught    faults the soak showed before the node returned
    swaps_missed       slots that asked for a spare and were repaired before one came free
    spare_wait_s       slot-seconds spent asking
    digest             sha256 over the ordered events; None where a sweep was told to skip it
    """

    availability: float
    days: int
    days_below_target: int
    worst_day: float
    median_day: float
    target: float
    outages: int
    downtime_s: int
    swaps: int
    swaps_missed: int
    spare_wait_s: int
    relapses_caught: int
    nodes_pulled: int
    digest: str | None


@dataclass(frozen=True, slots=True)
class Band:
    """A figure and the interval that holds it in 8 of 10 redrawn histories.

    point   of the history itself, which is none of the redrawn: it may lie outside
    """

    point: float
    low80: float
    high80: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Base beside candidate on the same history and the same dice.

    *_bands, change   by name: availability, days_below_target, outages, downtime_s
    change            candidate minus base, paired
    seeds             how many histories were redrawn; `seed` is where their dice begin
    method, limits    in words: show both wherever a figure is shown
    log_digest        of the outage log that was replayed
    """

    base: ReplayResult
    candidate: ReplayResult
    base_bands: Mapping[str, Band]
    candidate_bands: Mapping[str, Band]
    change: Mapping[str, Band]
    seeds: int
    seed: int
    method: str
    limits: tuple[str, ...]
    log_digest: str


@dataclass(frozen=True, slots=True)
class SpareNeed:
    """Spares that keep every slot full at `confidence` of all instants.

    nodes_down_mean   nodes that are down at once, on average
    confidence        what was asked, between 0 and 1
    covered           what these spares reach: at least `confidence`, unless every node has a spare
    limits            in words: show them wherever the figure is shown
    """

    spares: int
    nodes_down_mean: float
    confidence: float
    covered: float
    limits: tuple[str, ...] = field(
        default=(
            "Outages are taken as independent: bulk starts need more spares than this.",
            "A spare is taken to be in place at once and to stay healthy.",
        )
    )


def target_ppm(target: float) -> int:
    """Return the target in millionths, so that a day on the line is compared in whole numbers."""
    if not (math.isfinite(target) and 0.0 < target <= 1.0):
        raise BadPolicy(
            f"A target of {target} is no availability.",
            remedy="Give the target as a share above 0 and up to 1, such as 0.95.",
        )
    return round(target * PPM)
