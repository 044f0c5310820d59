"""A small world for tests of the loop: valves in halls of two customers, and people around them.

The world is a stand-in for any room's: its executor acts, fails, falls silent and dies on demand.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from django.db import connection

from scuderia.basics.actors import Actor, ActorKind
from scuderia.basics.canonical import JsonObject
from scuderia.basics.errors import NotFound, Refused, Unable
from scuderia.basics.subjects import EVERYTHING, Lineage, SubjectRef
from scuderia.basics.units import Quantity
from scuderia.loop.models import triggers
from scuderia.loop.nouns import (
    ActionKind,
    Answer,
    BlastBound,
    BlastRadius,
    EffectReport,
    EffectState,
    Evidence,
    Examination,
    FindingDraft,
    GateRequest,
    GateVerdict,
    Measurement,
    ParamSpec,
    Plan,
    ProbeReport,
    ProposalDraft,
    Rehearsal,
    Reversibility,
    Role,
    Round,
    Step,
)
from scuderia.loop.operations import people
from scuderia.loop.ports import Registry, registry

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SETUP = Actor(ActorKind.SERVICE, "setup")
VALVES = {"v1": "acme", "v2": "acme", "v3": "birch", "v4": "birch"}


class Crash(BaseException):
    """kill -9: nothing may catch it."""


@dataclass
class World:
    """Valves with positions; every effect is written down, by key, as often as it happens."""

    positions: dict[str, int] = field(default_factory=lambda: dict.fromkeys(VALVES, 0))
    happened: Counter[str] = field(default_factory=Counter)
    receipts: dict[str, str] = field(default_factory=dict)
    silent: bool = False  # examine, observe and probe do not answer
    examined: int = 0  # how often it was asked about a plan
    trouble: list[str] = field(default_factory=list)  # what the next performs do, in order

    def examine(self) -> None:
        """Count one look at a plan; a race begins here."""
        self.examined += 1

    def perform(self) -> None:
        """Nothing: a race begins here, before an effect happens."""

    def turn(self, key: str, valve: str, to: int) -> None:
        """Turn a valve. NOT idempotent on purpose: a second call under one key is counted."""
        self.happened[key] += 1
        self.receipts[key] = valve
        self.positions[valve] = to


def kind_named(name: str, **changes: object) -> ActionKind:
    """Return a complete declaration, with these changes."""
    declared = ActionKind(
        name=name,
        title="Turn valves",
        params=(
            ParamSpec("to", "int", "the position", minimum=0, maximum=9),
            ParamSpec("why", "str", "a word", required=False, choices=("drill", "leak")),
        ),
        reversibility=Reversibility.REVERSIBLE,
        undo="turn the valves back",
        undo_kind="hall.restore_valves",
        blast=BlastBound(targets_max=3, share_max=0.75, denominator="valves of the hall"),
        preconditions=("no valve is welded shut",),
        probe="every valve stands where it was told to",
    )
    return replace(declared, **changes)


@dataclass
class ValveExecutor:
    """Carries out one kind on the world; `steps` is one turn per valve."""

    kind: ActionKind
    world: World
    welded: set[str] = field(default_factory=set)
    before_perform: list[object] = field(default_factory=list)  # callables, run once each
    measured: Measurement | None = None
    broken: Exception | None = None  # raised whenever it is asked to examine a plan

    def examine(self, plan: Plan, *, now: datetime, done: int = 0) -> Examination:
        self.world.examine()
        if self.world.silent:
            raise Unable("the hall does not answer")
        if self.broken is not None:
            raise self.broken
        owners = tuple(sorted({VALVES[target.name] for target in plan.targets}))
        return Examination(
            steps=tuple(
                Step(
                    index, f"turn {one.name}", {"valve": one.name, "to": to}, leaves={one.name: to}
                )
                for index, one in enumerate(plan.targets)
                for to in [self._to(plan, one)]
            ),
            snapshot={target.name: self.world.positions[target.name] for target in plan.targets},
            blast=BlastRadius(len(plan.targets), len(VALVES), "valves", (), owners),
            objections=tuple(
                f"{one.name} is welded shut"
                for one in plan.targets[done:]
                if one.name in self.welded
            ),
        )

    def perform(self, step: Step, *, key: str) -> EffectReport:
        self.world.perform()
        if self.before_perform:
            self.before_perform.pop(0)()
        trouble = self.world.trouble.pop(0) if self.world.trouble else ""
        match trouble:
            case "crash-before":
                raise Crash
            case "fail-before":
                raise Unable("no answer")
            case "refuse":
                raise Refused("this valve does not turn")
            case "not-done":
                return EffectReport(EffectState.NOT_DONE)
            case "bug":
                raise ZeroDivisionError
        self.world.turn(key, str(step.arguments["valve"]), int(str(step.arguments["to"])))
        match trouble:
            case "crash-after":
                raise Crash
            case "fail-after":
                raise Unable("no answer")
            case "unknown":
                return EffectReport(EffectState.UNKNOWN)
        return EffectReport(EffectState.DONE, {"said": "turned"})

    def observe(self, step: Step, *, key: str) -> EffectReport:
        if self.world.silent:
            raise Unable("the hall does not answer")
        done = key in self.world.receipts
        return EffectReport(EffectState.DONE if done else EffectState.NOT_DONE)

    def probe(self, plan: Plan) -> ProbeReport:
        if self.world.silent:
            raise Unable("the hall does not answer")
        stands = all(
            self.world.positions[target.name] == self._to(plan, target) for target in plan.targets
        )
        return ProbeReport(stands, "all stand" if stands else "one does not stand")

    def undo_plan(self, plan: Plan, snapshot: JsonObject) -> Plan | None:
        if not self.kind.undo_kind:
            return None
        back = ",".join(f"{name}={snapshot[name]}" for name in sorted(snapshot))
        return Plan(self.kind.undo_kind, plan.targets, {"back": back})

    def measure(
        self, plan: Plan, rehearsal: Rehearsal, *, acted_at: datetime, now: datetime
    ) -> Measurement | None:
        return self.measured

    def _to(self, plan: Plan, target: SubjectRef) -> int:
        if "back" in plan.params:
            places = dict(pair.split("=") for pair in str(plan.params["back"]).split(","))
            return int(places[target.name])
        return int(str(plan.params["to"]))


@dataclass
class FakeGate:
    """Says what it is told to say, or raises it."""

    name: str = "hours"
    answer: Answer = Answer.YES
    error: Exception | None = None
    asked: list[GateRequest] = field(default_factory=list)

    def decide(self, request: GateRequest) -> GateVerdict:
        self.asked.append(request)
        if self.error:
            raise self.error
        reasons = () if self.answer is Answer.YES else ("not now",)
        return GateVerdict(self.name, self.answer, reasons)


@dataclass
class FakeAgent:
    """Brings back what it is told to, or raises it."""

    name: str = "plumber"
    title: str = "Plumber"
    job: str = "Looks at valves."
    kinds: tuple[str, ...] = ("hall.turn_valves",)
    brings: Round = field(default_factory=Round)
    error: Exception | None = None

    def look(self, *, now: datetime) -> Round:
        if self.error:
            raise self.error
        return self.brings


class ValveLineage:
    """A valve hangs under its hall and under the customer whose hall it is."""

    kinds = frozenset({"valve", "customer", "hall"})

    def lineage(self, subject: SubjectRef) -> Lineage:
        if subject.kind == "customer":
            return frozenset({subject, EVERYTHING})
        if subject.kind == "hall":
            owner = subject.name.removeprefix("hall-")
            return frozenset({subject, SubjectRef("customer", owner), EVERYTHING})
        if subject.name not in VALVES:
            raise NotFound(f"no valve {subject.name}")
        owner = VALVES[subject.name]
        above = {SubjectRef("hall", f"hall-{owner}"), SubjectRef("customer", owner)}
        return frozenset({subject, *above, EVERYTHING})


@dataclass
class Hall:
    """Everything registered: the world, both executors, one gate, one agent."""

    world: World
    turn: ValveExecutor
    restore: ValveExecutor
    gate: FakeGate
    agent: FakeAgent


@contextmanager
def registered() -> Iterator[Hall]:
    """Register a fresh hall into the loop's registry, and leave them as they were."""
    kept = {name: getattr(registry, name) for name in Registry.__dataclass_fields__}
    fresh = Registry()
    for name in kept:
        setattr(registry, name, getattr(fresh, name))
    try:
        yield _fill()
    finally:
        for name, value in kept.items():
            setattr(registry, name, value)


def _fill() -> Hall:
    world = World()
    turn = ValveExecutor(kind_named("hall.turn_valves"), world)
    back = ParamSpec("back", "str", "where each valve stood, v1=0,v2=3")
    restore = ValveExecutor(
        kind_named("hall.restore_valves", params=(back,), undo_kind="", safe_direction=True), world
    )
    hall = Hall(world, turn, restore, FakeGate(), FakeAgent())
    registry.register_executor(turn)
    registry.register_executor(restore)
    registry.register_lineage(ValveLineage())
    registry.gates.append(hall.gate)
    registry.register_unit("litres", worth=1.0)
    registry.agents[hall.agent.name] = hall.agent
    return hall


CAST = {
    "vera": (Role.VIEWER, "*"),
    "omar": (Role.OPERATOR, "*"),
    "lena": (Role.LEAD, "*"),
    "ada": (Role.ADMIN, "*"),
    "acme-op": (Role.OPERATOR, "customer:acme"),
    "birch-op": (Role.OPERATOR, "customer:birch"),
    "birch-lead": (Role.LEAD, "customer:birch"),
}
"""The demo cast of the tests; `oscar` is an outsider with an account and no role."""


def person(name: str, via: str = "") -> Actor:
    """Return a person of the cast as an actor."""
    return Actor(ActorKind.PERSON, name, via)


class _Editor:
    connection = connection

    def execute(self, sql: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql)


def drop_guards() -> None:
    """Drop every trigger, as whoever owns the file can; that is what the chain is for."""
    triggers.remove(_Editor())  # type: ignore[arg-type]  # all of an editor that it asks for


def make_cast(now: datetime = NOW) -> None:
    """Create the cast with their roles, as set-up would."""
    for name in [*CAST, "oscar"]:
        people.create_person(actor=SETUP, name=name, now=now)
    for name, (role, scope) in sorted(CAST.items(), key=lambda one: one[0] == "ada"):
        people.give_role(
            actor=SETUP, person=name, role=role, scope=SubjectRef.parse(scope), now=now
        )


def valves(*names: str) -> tuple[SubjectRef, ...]:
    """Return valves as targets."""
    return tuple(SubjectRef("valve", name) for name in names)


def finding_draft(key: str = "leak:v1", **changes: object) -> FindingDraft:
    """Return a claim about v1, with these changes."""
    draft = FindingDraft(
        kind="leak",
        subject=SubjectRef("valve", "v1"),
        claim="v1 leaks",
        confidence=0.8,
        severity=Quantity(3.0, "litres"),
        evidence=(Evidence("drops", {"valve": "v1"}, {"count": 12}, "Twelve drops an hour."),),
        dedup_key=key,
    )
    return replace(draft, **changes)


def rehearsal(**changes: object) -> Rehearsal:
    """Return a prediction: 10 litres lost by doing nothing, 4 expected, 2 to 6 likely."""
    predicted = Rehearsal(
        metric="litres_lost",
        unit="litres",
        horizon_days=7,
        do_nothing=10,
        expected=4,
        low=2,
        high=6,
        better="lower",
        method="counted drops",
        limits="drops nobody saw are not counted",
    )
    return replace(predicted, **changes)


def proposal_draft(*names: str, to: int = 1, **changes: object) -> ProposalDraft:
    """Return a wish to turn these valves (v1 by default), with these changes."""
    draft = ProposalDraft(
        kind="hall.turn_valves",
        targets=valves(*(names or ("v1",))),
        params={"to": to},
        title="Turn the valve",
        findings=(finding_draft(),),
        rehearsal=rehearsal(),
        cost_of_delay=Quantity(2.0, "litres"),
        dedup_key="turn:" + ",".join(names or ("v1",)),
    )
    return replace(draft, **changes)


def later(hours: float) -> datetime:
    """Return an instant so many hours after the tests' beginning."""
    return NOW + timedelta(hours=hours)
