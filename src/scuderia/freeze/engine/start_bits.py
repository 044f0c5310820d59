"""The starts that windows, zones and dates leave an update, by each reason, as bits."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from scuderia.freeze.engine.occurrences import Recurrence, occurrences
from scuderia.freeze.engine.planned_updates import (
    Closure,
    NightlyWindow,
    PlannedUpdate,
    ReplanCase,
)
from scuderia.freeze.engine.recurrence_rules import parse_rule
from scuderia.freeze.engine.slot_bits import bits
from scuderia.freeze.nouns import DAYS_OF_WEEK, EndKind, Length
from scuderia.intake.instants import zone_of

_DAY = timedelta(days=1)


def open_nights(case: ReplanCase, window: NightlyWindow) -> list[tuple[int, int]]:
    """Return when a window is open within the horizon, in seconds; nights that touch are one."""
    if not window.weekdays:
        return []
    over = case.origin + case.slots * case.grid_s
    zone = zone_of(window.tz)
    first_day = (datetime.fromtimestamp(case.origin, zone) - 3 * _DAY).date()
    opens = timedelta(minutes=window.opens_minute)
    days = ",".join(DAYS_OF_WEEK[day] for day in sorted(window.weekdays))
    nights = occurrences(
        Recurrence(
            first=datetime(first_day.year, first_day.month, first_day.day) + opens,  # noqa: DTZ001
            zone=zone,
            length=Length(
                EndKind.WALL,
                int(window.closes_minute <= window.opens_minute),
                timedelta(minutes=window.closes_minute - window.opens_minute),
            ),
            rule=parse_rule(f"FREQ=WEEKLY;BYDAY={days}"),
        ),
        since=datetime.fromtimestamp(case.origin, UTC),
        before=datetime.fromtimestamp(over, UTC),
    )
    merged: list[tuple[int, int]] = []
    for night in nights:
        begin, end = int(night.start.timestamp()), int(night.end.timestamp())
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return [(max(begin, case.origin), min(end, over)) for begin, end in merged]


class StartBits:
    """The starts that each reason leaves an update, by itself."""

    def __init__(self, case: ReplanCase) -> None:
        """Read windows and zones once."""
        self.case = case
        self._nights = [open_nights(case, window) for window in case.windows]
        self._in_window: dict[tuple[int, int], int] = {}
        self._zones: dict[int, list[Closure]] = defaultdict(list)
        for closure in case.closures:
            for node in closure.nodes:
                self._zones[node].append(closure)

    def allowed(self, update: PlannedUpdate) -> int:
        """Return the starts that nothing but other updates can take away."""
        return (
            self.in_window(update)
            & self.from_earliest(update)
            & self.by_deadline(update)
            & self.clear_of(self.other_zones(update), update)
            & self.clear_of(self.new_zone(update), update)
        )

    def in_window(self, update: PlannedUpdate) -> int:
        """Return the starts from which its work ends in the same night."""
        places, grid = self.case.places, self.case.grid_s
        rack = places.rack_of_node[update.nodes[0]]
        site = places.site_of_cluster[places.cluster_of_rack[rack]]
        key = (site, update.p95_s)
        if key not in self._in_window:
            found = 0
            for opens, closes in self._nights[site]:
                first = -((self.case.origin - opens) // grid)
                found |= bits(first, (closes - update.p95_s - self.case.origin) // grid)
            self._in_window[key] = found
        return self._in_window[key]

    def from_earliest(self, update: PlannedUpdate) -> int:
        """Return the starts at and after its earliest."""
        first = -((self.case.origin - update.earliest) // self.case.grid_s)
        return bits(first, self.case.slots - 1)

    def by_deadline(self, update: PlannedUpdate) -> int:
        """Return the starts from which its work ends by its deadline."""
        if update.deadline is None:
            return bits(0, self.case.slots - 1)
        last = (update.deadline - update.p95_s - self.case.origin) // self.case.grid_s
        return bits(0, min(last, self.case.slots - 1))

    def other_zones(self, update: PlannedUpdate) -> list[Closure]:
        """Return the zones that stand already and hold one of its nodes for its class."""
        found = {
            closure.name: closure
            for node in update.nodes
            for closure in self._zones.get(node, ())
            if update.update_class in closure.classes
        }
        return [found[name] for name in sorted(found)]

    def new_zone(self, update: PlannedUpdate) -> list[Closure]:
        """Return the new zone if it holds one of its nodes for its class."""
        new = self.case.new
        hit = update.update_class in new.classes and not new.nodes.isdisjoint(update.nodes)
        return [new] if hit else []

    def clear_of(self, closures: Iterable[Closure], update: PlannedUpdate) -> int:
        """Return the starts from which its whole interval meets none of the zones."""
        origin, grid = self.case.origin, self.case.grid_s
        shut = 0
        for closure in closures:
            first = (closure.start - update.whole_s - origin) // grid + 1
            last = min((closure.end - origin - 1) // grid, self.case.slots - 1)
            shut |= bits(first, last)
        return bits(0, self.case.slots - 1) & ~shut
