"""Figures about outages: lengths, tail, causes, relapses, concentration. Unknown is None."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from scuderia.basics.units import DAY_S, HOUR_S
from scuderia.fleet.engine.facts import (
    FleetFacts,
    NodeFact,
    OutageFact,
    as_record,
    is_unknown,
    seconds_of,
)
from scuderia.fleet.engine.gpu_shares import Ints, whole_seconds
from scuderia.fleet.engine.ledger import CODE, Segments, resolve
from scuderia.fleet.engine.report_figures import CauseShare, Concentration, KnownMean, OutageLengths
from scuderia.fleet.nouns import DOWNTIME, OutageRecord

LONG_S = 7 * DAY_S
RELAPSE_WINDOWS_S = (DAY_S, 7 * DAY_S, 28 * DAY_S)
LONGEST_SHOWN = 10
WORST_TENTH = 10
DOWN_CODES = np.array(sorted(CODE[kind] for kind in DOWNTIME), dtype=np.int64)


def relapse_counts(
    outages: Sequence[OutageFact], *, start: int, end: int
) -> tuple[int, tuple[int, ...]]:
    """Return (outages begun in [start, end), how many within 24 h, 7 d and 28 d of the return).

    outages   merged, unplanned, by start, with those before the period
    """
    gaps = [gap for fact, gap in _gaps(outages) if start <= fact.start < end]
    return len(gaps), tuple(
        sum(gap is not None and gap <= window for gap in gaps) for window in RELAPSE_WINDOWS_S
    )


def _gaps(outages: Sequence[OutageFact]) -> list[tuple[OutageFact, int | None]]:
    """Pair each outage with the seconds since its node's return; None if it never was out."""
    returned: dict[int, int] = {}
    gaps: list[tuple[OutageFact, int | None]] = []
    for fact in outages:
        before = returned.get(fact.node)
        gaps.append((fact, None if before is None else fact.start - before))
        if fact.end is not None:
            returned[fact.node] = fact.end
    return gaps


def seconds_lost(reports: Iterable[OutageRecord], *, gpus: int, start: int, end: int) -> int:
    """Return the node-seconds of [start, end) that reports of one node take, by share.

    A GPU-second is lost once, whatever reports overlap; the sum is rounded half up.
    """
    if start >= end:
        return 0
    outages = [
        OutageFact(
            0, seconds_of(one.start), None if one.end is None else seconds_of(one.end), None, "",
            planned=False, source_key="", gpus_lost=one.gpus_lost, gpu_indices=one.gpu_indices,
        )
        for one in reports
    ]  # fmt: skip
    node = NodeFact("", "", gpus, "", start, end)
    told = resolve(FleetFacts([node], [], outages, [], []), start=start, end=end)
    lost = told.node_parts[np.isin(told.kind, DOWN_CODES)]
    return whole_seconds([int(lost.sum())], told.unit)[0]


@dataclass(frozen=True)
class OutageStatistics:
    """The figures about `outages`, which touch [start, end).

    segments   the scope's, of the whole period: what the downtime under a cause is counted in
    nodes      nodes in scope: what a tenth is taken of
    """

    facts: FleetFacts
    segments: Segments
    outages: Sequence[OutageFact]
    nodes: int
    start: int
    end: int

    @cached_property
    def started(self) -> list[OutageFact]:
        """Return the outages that began in the period."""
        return [fact for fact in self.outages if self.start <= fact.start < self.end]

    def _length(self, fact: OutageFact) -> int:
        return (self.end if fact.end is None else fact.end) - fact.start

    @cached_property
    def _downtime(self) -> dict[OutageFact | None, int]:
        """Return the scope's downtime under each outage in parts; None: outside of any."""
        down = self.segments.where(np.isin(self.segments.kind, DOWN_CODES))
        sums = np.bincount(
            down.outage + 1, weights=down.node_parts, minlength=len(down.outages) + 1
        )
        charged: dict[OutageFact | None, int] = {None: int(sums[0])} if sums[0] else {}
        for row in np.flatnonzero(sums[1:]):
            charged[down.outages[int(row)]] = int(sums[row + 1])
        return charged

    def by_cause(self) -> tuple[CauseShare, ...]:
        """Return outages and downtime under each cause, heaviest first; "" is unknown.

        Both are of the whole period; downtime is by the share of each node's GPUs.
        """
        downtime: Counter[str] = Counter()
        for fact, parts in self._downtime.items():
            downtime["" if fact is None else _cause(fact)] += parts
        counted = Counter(_cause(fact) for fact in self.outages)
        total = sum(downtime.values())
        causes = sorted({*downtime, *counted})
        told = whole_seconds([downtime[cause] for cause in causes], self.segments.unit)
        rows = [
            CauseShare(cause, counted[cause], seconds, _part(downtime[cause], total) or 0.0)
            for cause, seconds in zip(causes, told, strict=True)
        ]
        return tuple(sorted(rows, key=lambda row: (-row.downtime_s, -row.outages, row.cause)))

    def unknown_share(self) -> float | None:
        """Return the share of outages whose source gave no cause."""
        unknown = sum(is_unknown(fact.cause) for fact in self.outages)
        return _part(unknown, len(self.outages))

    def lengths(self) -> OutageLengths:
        """Return whole lengths; an outage that lasts counts until the period's end."""
        hours = np.array([self._length(fact) for fact in self.outages]) / HOUR_S
        if not hours.size:
            return OutageLengths(None, None, None, None, None)
        p50, p90, p95 = (float(value) for value in np.percentile(hours, (50, 90, 95)))
        return OutageLengths(p50, float(hours.mean()), p90, p95, float(hours.max()))

    def long_share(self) -> float | None:
        """Return the share of outages longer than 7 days."""
        return _part(sum(self._length(f) > LONG_S for f in self.outages), len(self.outages))

    def long_downtime_share(self) -> float | None:
        """Return the share of downtime in outages longer than 7 days."""
        charged = self._downtime
        long = sum(
            parts
            for fact, parts in charged.items()
            if fact is not None and self._length(fact) > LONG_S
        )
        return _part(long, sum(charged.values()))

    def mtbf_node_days(self, node_seconds: int) -> float | None:
        """Return node-days of the period, on the books, per outage that began in it."""
        return _ratio(node_seconds / DAY_S, len(self.started))

    def time_to_detect(self) -> KnownMean:
        """Return the mean from start to detection, of the outages that carry both."""
        hours = [(f.detected - f.start) / HOUR_S for f in self.outages if f.detected is not None]
        return _mean(hours, len(self.outages))

    def time_to_repair(self) -> KnownMean:
        """From the first phase that anyone recorded to the return, of the outages that ended."""
        phases: dict[int, list[int]] = defaultdict(list)
        for phase in self.facts.phases:
            phases[phase.node].append(phase.start)
        hours = []
        for fact in self.outages:
            if fact.end is None:
                continue
            begun = [at for at in phases.get(fact.node, ()) if fact.start <= at < fact.end]
            hours += [(fact.end - min(begun)) / HOUR_S] if begun else []
        return _mean(hours, len(self.outages))

    @cached_property
    def _started_gaps(self) -> list[int | None]:
        mine = {fact.source_key for fact in self.started}
        return [gap for fact, gap in _gaps(self.segments.outages) if fact.source_key in mine]

    def relapse(self, window_s: int) -> float | None:
        """Return the share of outages that began within `window_s` of the node's return."""
        gaps = self._started_gaps
        return _part(sum(gap is not None and gap <= window_s for gap in gaps), len(gaps))

    def concentration(self, down: Ints) -> Concentration:
        """Return what the worst tenth of the nodes hold; `down` is lost parts per node."""
        worst = -(-self.nodes // WORST_TENTH)
        counts = Counter(fact.node for fact in self.outages).most_common(worst)
        heaviest = np.sort(down)[::-1][:worst]
        return Concentration(
            nodes=worst,
            outage_share=_part(sum(count for _, count in counts), len(self.outages)),
            downtime_share=_part(int(heaviest.sum()), int(down.sum())),
        )

    def longest(self) -> tuple[OutageRecord, ...]:
        """Return the longest outages, longest first."""
        ranked = sorted(self.outages, key=lambda fact: (-self._length(fact), fact.start))
        return tuple(as_record(fact, self.facts.nodes) for fact in ranked[:LONGEST_SHOWN])


def _cause(fact: OutageFact) -> str:
    return "" if is_unknown(fact.cause) else fact.cause


def _part(count: int, whole: int) -> float | None:
    return count / whole if whole else None


def _ratio(amount: float, count: int) -> float | None:
    return amount / count if count else None


def _mean(hours: list[float], outages: int) -> KnownMean:
    return KnownMean(sum(hours) / len(hours) if hours else None, len(hours), outages)
