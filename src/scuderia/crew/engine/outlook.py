"""What the snapshot says of the days to come: rates, repairs, lemon scores. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from scuderia.crew.engine.forecasts import SlotOutlook
from scuderia.crew.engine.repairs import RepairOutlook, repair_outlook
from scuderia.fleet.engine.lemon import (
    HORIZON_DAYS,
    TAUS_DAYS,
    LemonModel,
    LemonScore,
    Memory,
    Paces1D,
    score_node,
)
from scuderia.fleet.engine.lemon_fit import model_of
from scuderia.fleet.engine.lemon_past import past_of
from scuderia.fleet.engine.lemon_worth import LemonWorth, worth_known_at
from scuderia.fleet.engine.snapshot import FleetSnapshot, NodeView

CHANCE_MAX = 0.99
NEVER_FAILED = np.zeros(len(TAUS_DAYS))
FRESH_SHARE = 0.69
"""Of all outages, those that are no relapse within a week: relapses are drawn after each return."""


@dataclass(frozen=True, slots=True)
class LemonOutlook:
    """What the fleet's past says of each node: the weights in use, and what they are worth.

    memories   by node, of those that ever failed
    """

    model: LemonModel
    paces: Paces1D
    memories: Mapping[str, Memory]
    worth: LemonWorth


@dataclass(frozen=True, slots=True)
class FleetOutlook:
    """The fleet's own figures, each smoothed by a published prior while history is thin.

    failures_per_day   how often a node fails: the fleet's rate over its last year
    repairs            how long outages last; one that goes on counts as longer than it is by now
    lemons             who fails more often than that
    today              the snapshot's instant, in days since its epoch
    """

    failures_per_day: float
    repairs: RepairOutlook
    lemons: LemonOutlook
    today: float

    def score(self, node: NodeView) -> LemonScore:
        """Return the node's lemon score now."""
        memory = self.lemons.memories.get(node.name, NEVER_FAILED)
        return score_node(node.history, self.lemons.model, self.lemons.paces, memory, at=self.today)

    def broken(self, age_h: float) -> SlotOutlook:
        """Return what to expect of a node that has been out for `age_h`."""
        return SlotOutlook(age_h, self.failures_per_day, self.repairs)

    def serving(self, chance: float | None = None) -> SlotOutlook:
        """Return what to expect of a node in service that fails in 28 days with this chance.

        chance   None: as often as the fleet
        """
        rate = self.failures_per_day * FRESH_SHARE
        if chance is not None:
            rate = float(-np.log1p(-min(chance, CHANCE_MAX)) / HORIZON_DAYS)
        return SlotOutlook(None, rate, self.repairs)

    def fresh(self, pace: float) -> SlotOutlook:
        """Return what to expect of a node in service where all fail `pace` times as often."""
        return SlotOutlook(None, self.failures_per_day * FRESH_SHARE * pace, self.repairs)


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
    past = past_of(histories, nodes=len(snapshot.nodes))
    paces = past.paces(today)
    return FleetOutlook(
        failures_per_day=float(paces[-1]),
        repairs=repair_outlook(finished, lasting),
        lemons=LemonOutlook(
            model=model_of(past, at=today),
            paces=paces,
            memories=dict(zip((one.node for one in histories), past.memory(today), strict=True)),
            worth=worth_known_at(histories, nodes=len(snapshot.nodes), at=today),
        ),
        today=today,
    )
