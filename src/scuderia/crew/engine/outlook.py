"""What the snapshot says of the days to come: rates, repairs, lemon scores. Pure."""

from dataclasses import dataclass

import numpy as np

from scuderia.crew.engine.forecasts import SlotOutlook
from scuderia.crew.engine.repairs import RepairOutlook, repair_outlook
from scuderia.fleet.engine.lemon import HORIZON_DAYS, FleetRate, LemonScore, fleet_rate, score_node
from scuderia.fleet.engine.lemon_fit import PUBLISHED
from scuderia.fleet.engine.snapshot import FleetSnapshot, NodeView

CHANCE_MAX = 0.99
FRESH_SHARE = 0.69
"""Of all outages, those that are no relapse within a week: relapses are drawn after each return."""


@dataclass(frozen=True, slots=True)
class FleetOutlook:
    """The fleet's own figures, each smoothed by a published prior while history is thin.

    rate      how often nodes fail, and how unlike each other they are
    repairs   how long outages last; one that goes on counts as longer than it is by now
    today     the snapshot's instant, in days since its epoch
    """

    rate: FleetRate
    repairs: RepairOutlook
    today: float

    def score(self, node: NodeView) -> LemonScore:
        """Return the node's lemon score now."""
        return score_node(node.history, PUBLISHED, self.rate, at=self.today)

    def broken(self, age_h: float) -> SlotOutlook:
        """Return what to expect of a node that has been out for `age_h`."""
        return SlotOutlook(age_h, self.rate.per_node_day, self.repairs)

    def serving(self, chance: float | None = None) -> SlotOutlook:
        """Return what to expect of a node in service that fails in 28 days with this chance.

        chance   None: as often as the fleet
        """
        rate = self.rate.per_node_day * FRESH_SHARE
        if chance is not None:
            rate = float(-np.log1p(-min(chance, CHANCE_MAX)) / HORIZON_DAYS)
        return SlotOutlook(None, rate, self.repairs)

    def fresh(self, pace: float) -> SlotOutlook:
        """Return what to expect of a node in service where all fail `pace` times as often."""
        return SlotOutlook(None, self.rate.per_node_day * FRESH_SHARE * pace, self.repairs)


def fleet_outlook(snapshot: FleetSnapshot) -> FleetOutlook:
    """Read rates and repair lengths off the snapshot."""
    today = snapshot.today
    histories = snapshot.failing_histories
    finished: list[float] = []
    lasting: list[float] = []
    for history in histories:
        for start, end in zip(history.starts, history.ends, strict=True):
            hours = (min(float(end), today) - float(start)) * 24
            (finished if end <= today else lasting).append(max(hours, 0.0))
    return FleetOutlook(
        rate=fleet_rate(histories, nodes=len(snapshot.nodes), at=today),
        repairs=repair_outlook(finished, lasting),
        today=today,
    )
