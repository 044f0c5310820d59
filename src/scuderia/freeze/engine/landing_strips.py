"""Counts what lands at each site after a zone, so that every hour keeps its rate."""

from scuderia.freeze.engine.landing import HOUR_S, LandingRule
from scuderia.freeze.engine.planned_updates import ReplanCase
from scuderia.freeze.engine.slot_bits import bits, starts_that_touch


class LandingStrips:
    """How many updates land at each site, by slot, and which slots are taken."""

    def __init__(self, case: ReplanCase, rule: LandingRule) -> None:
        """Read when each rate begins."""
        places, grid = case.places, case.grid_s
        self.slots, self.hour = case.slots, -(-HOUR_S // grid)
        self.first = min(max(-((case.origin - case.new.end) // grid), 0), case.slots)
        self._rate = [
            rule.rate(case.origin + slot * grid - case.new.end) for slot in range(case.slots)
        ]
        wide_from = -((case.origin - case.new.end - rule.wide_wait_s) // grid)
        before = bits(0, self.first - 1)
        self._open = [
            before | bits(wide_from if len(racks) > 1 else self.first, case.slots - 1)
            for update in case.updates
            for racks in ({places.rack_of_node[node] for node in update.nodes},)
        ]
        self._site = [
            places.site_of_cluster[places.cluster_of_rack[places.rack_of_node[update.nodes[0]]]]
            for update in case.updates
        ]
        self._starts = [[0] * case.slots for _ in case.windows]
        self._taken = [0] * len(case.windows)

    def count(self, number: int, slot: int, change: int) -> None:
        """Count one more or fewer that lands in a slot, and in the hour that follows."""
        if slot < self.first:
            return
        site = self._site[number]
        starts = self._starts[site]
        for one in range(slot, min(slot + self.hour, self.slots)):
            starts[one] += change
            bit = 1 << one
            taken = starts[one] >= self._rate[one]
            self._taken[site] = self._taken[site] | bit if taken else self._taken[site] & ~bit

    def open_to(self, number: int) -> int:
        """Return the starts that leave every rolling hour at or under its rate."""
        taken = starts_that_touch(self._taken[self._site[number]], self.hour)
        return self._open[number] & (~taken | bits(0, self.first - 1))
