"""The nodes by lemon score, and beside them what the score was worth on this fleet's own past."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.units import DAY_S
from scuderia.fleet.engine.lemon import LemonScore, NodeHistory, history_of, score_node
from scuderia.fleet.engine.lemon_fit import model_of
from scuderia.fleet.engine.lemon_past import past_of
from scuderia.fleet.engine.lemon_rules import PULL_OUTAGES, LevelWorth, PolicyResult
from scuderia.fleet.engine.lemon_worth import LemonWorth, published_because, worth_of
from scuderia.fleet.models.inventory import Node
from scuderia.fleet.nouns import CustomerName, NodePlace, NodeState
from scuderia.fleet.queries.access import readable_scopes, within_reach
from scuderia.fleet.queries.nodes import NodeStatus, fleet_board
from scuderia.fleet.queries.outages import outages_between
from scuderia.fleet.queries.reports import Period, whole_period

__all__ = [
    "PULL_OUTAGES", "LemonBoard", "LemonRow", "LemonWorth", "LevelWorth", "PolicyResult",
    "lemon_board", "lemon_worth",
]  # fmt: skip

HISTORY_DAYS = 365
QUICK_OUTAGES_MAX = 800
LIVE_WITHIN = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class LemonRow:
    """One node and its score as of the board's instant."""

    place: NodePlace
    state: NodeState
    customer: CustomerName | None
    score: LemonScore


@dataclass(frozen=True, slots=True)
class LemonBoard:
    """Every node that ever failed, worst first, and the score's back-test.

    scored_at    `now`, or the end of the records where they ended before
    weights      in words: which history the weights in use were fitted on
    """

    scored_at: AwareDatetime
    weights: str
    nodes: int
    rows: tuple[LemonRow, ...]
    worth: LemonWorth


def lemon_board(now: AwareDatetime, *, limit: int | None = None) -> LemonBoard:
    """Rank the nodes.

    raises   NothingOnTheBooks: no node
    """
    period = whole_period(now=now)
    at = _spoken_until(period, now)
    nodes = {str(node.place.node): node for node in fleet_board(at).nodes}
    epoch = max(period.start, at - timedelta(days=HISTORY_DAYS))
    histories = list(histories_known_at(epoch, at).values())
    day, past = _days(at, epoch), past_of(histories, nodes=len(nodes))
    model, paces = model_of(past, at=day), past.paces(day)
    scores = (
        score_node(history, model, paces, memory, at=day)
        for history, memory in zip(histories, past.memory(day), strict=True)
    )
    ranked = sorted(scores, key=lambda score: (-score.probability, score.node))
    rows = [_row(nodes[score.node], score) for score in ranked if score.node in nodes]
    return LemonBoard(at, model.fitted_on, len(nodes), tuple(rows[:limit]), lemon_worth(now))


def list_lemons(actor: Actor, now: AwareDatetime, *, limit: int | None = None) -> LemonBoard:
    """Return the ranked nodes within the actor's reach, and what the score is worth.

    raises   NothingOnTheBooks: no node
    """
    scopes, board = readable_scopes(actor), lemon_board(now)
    rows = [row for row in board.rows if within_reach(row.place, row.customer, scopes)]
    return replace(board, rows=tuple(rows[:limit]))


def lemon_worth(now: AwareDatetime, *, quick: bool = False) -> LemonWorth:
    """Return the score's back-test on the fleet's own past, up to the last full day.

    quick    for a page: a history too large to measure in a second or two is not measured
    raises   NothingOnTheBooks: no node
    """
    period = whole_period(now=now)
    begins, at = period.start, _spoken_until(period, now)
    if now - at < LIVE_WITHIN:
        at = begins + timedelta(days=(at - begins).days)
    epoch = max(begins, at - timedelta(days=HISTORY_DAYS))
    histories = list(histories_known_at(epoch, at).values())
    if quick and sum(len(history.starts) for history in histories) > QUICK_OUTAGES_MAX:
        return published_because("this fleet's own take long: `scuderia fleet lemons` has them")
    return worth_of(
        histories, nodes=Node.objects.filter(active_from__lte=at).count(), until=_days(at, epoch)
    )


def _spoken_until(period: Period, now: AwareDatetime) -> AwareDatetime:
    return period.end if now - period.end >= LIVE_WITHIN else now


def _row(node: NodeStatus, score: LemonScore) -> LemonRow:
    return LemonRow(node.place, node.state, node.customer, score)


def histories_known_at(epoch: AwareDatetime, until: AwareDatetime) -> dict[str, NodeHistory]:
    """Return the unplanned outages of every node that had one since `epoch`, by node.

    Days count from `epoch`; what ended after `until` lasts, since nobody knew then.
    """
    spans: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for record in outages_between(epoch, until):
        if not record.planned:
            lasts = record.end is None or record.end > until
            end = np.inf if lasts or record.end is None else _days(record.end, epoch)
            spans[str(record.node)].append((_days(record.start, epoch), end))
    return {node: history_of(node, found) for node, found in sorted(spans.items())}


def _days(at: AwareDatetime, epoch: AwareDatetime) -> float:
    return (at - epoch).total_seconds() / DAY_S
