"""Measures how often what happened lay inside the interval that a rehearsal promised; JSON.

python -m benchmarks.coverage [--seeds 24] [--first 1] [--slots]

Each seed is another living fleet. Its crew proposes, everything it proposes is carried out, and
the fleet lives on for 28 days, once with every later swap approved within six hours and once with
none: the two ends of what people may do. The record of decided swaps that the crew knew is of
ten, all approved or all expired, as the fleet goes on; "no record" is measured beside it. Of each
kind it prints how many outcomes lay inside, of how many, and that share as `coverage`; those with
swaps approved stand in `scuderia.crew.engine.coverage`, which proposals quote. `--slots` measures
what is about one slot alone, in the second case: the other way of going on touches it little, and
takes twenty times as long.
"""

import argparse
import json
import os
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from scuderia.crew.engine.coverage import Coverage

os.environ["SCUDERIA_HOME"] = tempfile.mkdtemp(prefix="scuderia-coverage-")
os.environ["DJANGO_SETTINGS_MODULE"] = "scuderia.config.settings"
os.environ.setdefault(
    "SCUDERIA_SECRET_KEY", "a-benchmark-keeps-no-secret-0123456789-0123456789-012345"
)

NOW = datetime(2026, 9, 17, 12, tzinfo=UTC)
WEEK_DAYS, MONTH_DAYS = 7.0, 28.0
ROUND_H = 6
DECIDED = 10
REGIMES = ("swaps approved", "swaps not approved")
SLOT_AGENTS = ("lemon-scout", "repair-chaser")
AGENTS = (*SLOT_AGENTS, "spare-planner")


@dataclass(slots=True)
class Tally:
    """What one kind promised and what came of it."""

    inside: int = 0
    below: int = 0
    above: int = 0
    widths: list[float] = field(default_factory=list)

    def add(self, rehearsal: Any, value: float) -> None:
        """Count one outcome."""
        self.inside += rehearsal.low <= value <= rehearsal.high
        self.below += value < rehearsal.low
        self.above += value > rehearsal.high
        self.widths.append(rehearsal.high - rehearsal.low)

    def as_json(self) -> Mapping[str, object]:
        """Return the tally as printed."""
        return {
            "inside": self.inside,
            "of": len(self.widths),
            "coverage": round(self.inside / len(self.widths), 3) if self.widths else None,
            "says": Coverage(self.inside, len(self.widths)).words,
            "below": self.below,
            "above": self.above,
            "median_width": round(statistics.median(self.widths), 1) if self.widths else None,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=24)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--slots", action="store_true")
    given = parser.parse_args()
    _open_books()
    seeds = range(given.first, given.first + given.seeds)
    told: dict[str, Any] = {"seeds": [given.first, given.first + given.seeds - 1]}
    agents = SLOT_AGENTS if given.slots else AGENTS
    for regime in REGIMES[given.slots :]:
        tallies: dict[str, Tally] = defaultdict(Tally)
        for seed in seeds:
            approved = regime == REGIMES[0]
            for kind, rehearsal, value in outcomes(seed, approved=approved, agents=agents):
                tallies[kind].add(rehearsal, value)
        told[regime] = {kind: tally.as_json() for kind, tally in sorted(tallies.items())}
    print(json.dumps(told, indent=2))


def _open_books() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def outcomes(
    seed: int, *, approved: bool, agents: Collection[str] = AGENTS
) -> list[tuple[str, Any, float]]:
    """Let one fleet live through one regime; return (kind, rehearsal, measured) per proposal."""
    from scuderia.loop.ports import registry

    with _fleet(seed) as clock:
        acted_at = clock.now()
        drafts = _proposals(acted_at, approved=approved, names=agents)
        acted = [pair for pair in drafts if _carry_out(_plan(pair[1]), acted_at)]
        if not acted:
            return []
        if approved:
            for _ in range(int(MONTH_DAYS * 24 / ROUND_H)):
                clock.advance(timedelta(hours=ROUND_H))
                _approve_swaps(clock.now())
        else:
            clock.advance(timedelta(days=MONTH_DAYS))
        _poll(clock.now())
        measured = []
        for draft, blind in acted:
            value = (
                registry.executors[blind.kind]
                .measure(_plan(blind), blind.rehearsal, acted_at=acted_at, now=clock.now())
                .value
            )
            kind = blind.kind.removeprefix("fleet.")
            if draft is None or draft.rehearsal != blind.rehearsal:
                measured.append((f"{kind}, no swap decided yet", blind.rehearsal, value))
            if draft is not None:
                measured.append((kind, draft.rehearsal, value))
    return measured


@contextmanager
def _fleet(seed: int) -> Iterator[Any]:
    """Open a fleet of this seed on empty books; leave no trace of it."""
    from django.db import transaction

    from scuderia.basics.clock import FixedClock
    from scuderia.connectors.embedded.executor import EmbeddedControl
    from scuderia.connectors.embedded.layout import CLUSTER
    from scuderia.connectors.embedded.reader import EmbeddedReader
    from scuderia.connectors.embedded.seeding import create_world
    from scuderia.fleet import ports
    from scuderia.fleet.playbook import catalogue
    from scuderia.loop.ports import registry

    clock = FixedClock(NOW)
    with tempfile.TemporaryDirectory() as folder, transaction.atomic():
        world = Path(folder) / "world.sqlite3"
        create_world(world, now=NOW, seed=seed)
        registry.clock = clock
        registry.executors.clear()
        catalogue.register(registry)
        ports.registry.register_reader(EmbeddedReader(world, clock))
        ports.registry.register_control(CLUSTER, EmbeddedControl(world, clock))
        _poll(NOW)
        yield clock
        transaction.set_rollback(True)


def _poll(now: datetime) -> None:
    from scuderia.fleet import ports
    from scuderia.fleet.operations.sources import poll

    for reader in ports.registry.readers.values():
        while poll(reader, now=now).more:
            pass


def _proposals(
    now: datetime, *, approved: bool, names: Collection[str]
) -> list[tuple[Any | None, Any]]:
    """Return each proposal as drafted with a record of decided swaps, and without one.

    None stands for a proposal that the crew no longer makes once it knows the record.
    """
    from scuderia.crew.playbook.roster import crew
    from scuderia.fleet.engine.snapshot import SwapRecord

    blind = _snapshot(now)
    record = SwapRecord(0, (2.0,) * DECIDED) if approved else SwapRecord(DECIDED)
    agents = [agent for agent in crew() if agent.name in names]
    without = {agent.name: agent.think(blind).proposals for agent in agents}
    told = {
        agent.name: agent.think(replace(blind, swaps=record)).proposals
        for agent in agents
        if agent.name not in SLOT_AGENTS
    }
    known = {draft.dedup_key: draft for made in (without | told).values() for draft in made}
    return [(known.get(d.dedup_key), d) for made in without.values() for d in made]


def _snapshot(now: datetime) -> Any:
    from scuderia.fleet.queries.snapshot import fleet_snapshot

    snapshot = fleet_snapshot(now)
    if snapshot is None:
        raise SystemExit("the demo fleet left nothing on the books")
    return snapshot


def _carry_out(plan: Any, now: datetime) -> bool:
    from scuderia.loop.ports import registry

    hand = registry.executors[plan.kind]
    seen = hand.examine(plan, now=now)
    if seen.objections:
        return False
    for step in seen.steps:
        hand.perform(step, key=f"{plan}:{now.isoformat()}:{step.index}")
    return True


def _approve_swaps(now: datetime) -> None:
    """Carry out every swap that Repair Chaser would propose; its rehearsals change none."""
    from scuderia.crew.agents.proposal_builders import swap_params
    from scuderia.crew.agents.repair_chaser import SWAP_NODE, broken_nodes, swaps_of
    from scuderia.crew.engine.outlook import fleet_outlook
    from scuderia.loop.nouns import Plan

    if not _may_swap():
        return
    _poll(now)
    snapshot = _snapshot(now)
    swaps = swaps_of(snapshot, fleet_outlook(snapshot))
    for node in broken_nodes(snapshot):
        if node.name in swaps:
            params = swap_params(node, swaps[node.name])
            _carry_out(Plan(SWAP_NODE, (node.place.ref,), params), now)


def _may_swap() -> bool:
    """Say whether the world has both a held node that is out and a spare: else none is proposed.

    Reading the books for nothing took three quarters of a fleet's life.
    """
    from scuderia.fleet import ports
    from scuderia.fleet.nouns import PHASES, NodeState

    out = PHASES | {NodeState.DOWN}
    nodes = [n for reader in ports.registry.readers.values() for n in reader.current().values()]
    waiting = any(node.customer is not None and node.state in out for node in nodes)
    return waiting and any(node.spare for node in nodes)


def _plan(draft: Any) -> Any:
    from scuderia.loop.nouns import Plan

    return Plan(draft.kind, draft.targets, draft.params)


if __name__ == "__main__":
    main()
