"""What the loop needs others to fill: executors, gates, agents, detectors, lineage, a runner."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol, TypeVar, runtime_checkable
from uuid import UUID

from scuderia.basics.canonical import JsonObject
from scuderia.basics.clock import AwareDatetime, Clock, SystemClock
from scuderia.basics.errors import Refused
from scuderia.basics.rooms import PowerSpec
from scuderia.basics.subjects import Lineage, SubjectRef
from scuderia.basics.units import Quantity
from scuderia.loop.engine.action_kinds import refuse_incomplete
from scuderia.loop.engine.audit_heads import OutsideHead
from scuderia.loop.engine.digest import policy_version
from scuderia.loop.engine.notification_events import NotificationMessage
from scuderia.loop.engine.null_stores import HeartbeatsInMemory, TablesAlone
from scuderia.loop.engine.powers import LOOP_POWERS, BadPower, refuse_bad_power
from scuderia.loop.nouns import (
    ActionId,
    ActionKind,
    BegunSignIn,
    EffectReport,
    Examination,
    FindingDraft,
    GateRequest,
    GateVerdict,
    Measurement,
    OutsideIdentity,
    Plan,
    ProbeReport,
    PulledBrake,
    Rehearsal,
    Role,
    Round,
    SignalDraft,
    Step,
    WorkerHeartbeat,
)


class UnknownKind(Refused):
    """No executor is registered for this action kind, so it can be neither filed nor done."""

    code = "LOOP-006"
    remedy = "Use one of the action kinds that `scuderia crew list` names."


class UnknownUnit(Refused):
    """A cost or severity is in a unit that no room has registered, so it cannot be ranked."""

    code = "LOOP-091"
    remedy = "Register the unit with what one of it is worth, in the room's playbook."


class Executor(Protocol):
    """Carries out one action kind in the world. Filled by a room's playbook."""

    kind: ActionKind

    def examine(self, plan: Plan, *, now: AwareDatetime, done: int = 0) -> Examination:
        """Look at the world once and say everything about the plan, all of one instant.

        done     how many of its steps, from the first, have taken hold by our own hand
        raises   Refused: the plan names what is not there
                 Unable: the world is silent, so nothing can be said
        """
        ...

    def perform(self, step: Step, *, key: str) -> EffectReport:
        """Do one effect under an idempotency key; a second call with the key does nothing.

        raises   Unable: the world did not answer; the loop then calls observe
        """
        ...

    def observe(self, step: Step, *, key: str) -> EffectReport:
        """Look whether the effect under this key happened; never does anything."""
        ...

    def probe(self, plan: Plan) -> ProbeReport:
        """Verify in the world that the plan took hold."""
        ...

    def undo_plan(self, plan: Plan, snapshot: JsonObject) -> Plan | None:
        """Return the plan that undoes this one, given the state before; None if none."""
        ...

    def measure(
        self, plan: Plan, rehearsal: Rehearsal, *, acted_at: AwareDatetime, now: AwareDatetime
    ) -> Measurement | None:
        """Measure the rehearsal's metric since the action; None if it cannot be measured yet."""
        ...


class Gate(Protocol):
    """Says whether a plan may run now. Every registered gate is asked; an error is a no."""

    name: str

    def decide(self, request: GateRequest) -> GateVerdict:
        """Answer at once; a gate never waits."""
        ...


class Agent(Protocol):
    """A member of the crew: looks, and brings back drafts. It holds no power to file or act."""

    name: str  # e.g. "stacker"
    title: str
    job: str  # one sentence
    kinds: tuple[str, ...]  # the action kinds it may propose

    def look(self, *, now: AwareDatetime) -> Round:
        """Look at the world as it stands and return what is worth saying."""
        ...


class Detector(Protocol):
    """Folds new signals into findings, without a proposal. Filled by a room's playbook."""

    name: str

    def detect(
        self, signals: Sequence[SignalDraft], *, now: AwareDatetime
    ) -> Sequence[FindingDraft]:
        """Return the claims that these signals support."""
        ...

    def still_stands(
        self, subject: SubjectRef, *, now: AwareDatetime, opened_at: AwareDatetime
    ) -> bool:
        """Say whether this detector's claim about the subject, made at `opened_at`, still holds."""
        ...


class EvidenceQuery(Protocol):
    """A named, read-only query that evidence refers to, so that anyone can run it again."""

    name: str

    def run(self, params: JsonObject) -> JsonObject:
        """Return the value for these parameters, as it stands now."""
        ...


class LineageOf(Protocol):
    """Knows where a subject hangs. Filled by the room that owns the subject's kind."""

    kinds: frozenset[str]

    def lineage(self, subject: SubjectRef) -> Lineage:
        """Return the subject, all it hangs under, and EVERYTHING.

        raises   NotFound: no such subject
        """
        ...


@runtime_checkable
class LineagesAt(Protocol):
    """A LineageOf whose subjects move, and which knows where one hung before."""

    def lineage_at(self, subject: SubjectRef, at: AwareDatetime) -> Lineage:
        """Return where the subject hung at that instant.

        raises   NotFound: no such subject
        """
        ...


class SilenceOf(Protocol):
    """Knows since when nothing is heard of a subject. Filled by the room that reads its source."""

    kinds: frozenset[str]

    def silent_since(self, subjects: Sequence[SubjectRef]) -> Mapping[SubjectRef, AwareDatetime]:
        """Return, of these subjects, those of which a part at least is silent, and since when."""
        ...


@runtime_checkable
class LineagesOf(Protocol):
    """A LineageOf that answers for many subjects in one question; a room may leave it out."""

    def lineages(self, subjects: Collection[SubjectRef]) -> Mapping[SubjectRef, Lineage]:
        """Return what `lineage` returns of each.

        raises   NotFound: no such subject
        """
        ...


class PullHold(Protocol):
    """A stretch in which, once it is taken, no pull comes into being."""

    def take(self) -> None:
        """Wait for pulls that are being made, and keep further ones back until the end."""
        ...


class PullStore(Protocol):
    """Where a pull of the brake holds at once, whoever writes to the books. Filled by config.

    raises   Unable: of every call, where it cannot be read or written; then nothing may be done
    """

    def pull(self, pulled: PulledBrake) -> bool:
        """Keep the pull and say whether it holds from now on, whatever crashes.

        Where it does not, the tables must tell of it before anybody is told that it was pulled.
        """
        ...

    def pending(self) -> tuple[PulledBrake, ...]:
        """Return the pulls that are not booked yet, oldest first."""
        ...

    def forget(self, pull_id: UUID) -> None:
        """Let go of a pull that is booked; one that is not there is no fault."""
        ...

    def hold(self) -> AbstractContextManager[PullHold]:
        """Return a stretch around a transaction; take it within, let go after its commit."""
        ...


class HeartbeatStore(Protocol):
    """Where workers say that they are alive, whoever writes to the tables. Filled by config."""

    def record(self, told: WorkerHeartbeat) -> None:
        """Keep it in place of its executor's last one."""
        ...

    def list_all(self) -> Sequence[WorkerHeartbeat]:
        """Return every executor's newest, by its name."""
        ...

    def forget(self, executor_id: str, *, until: AwareDatetime) -> None:
        """Let go of an executor that has not been heard of since `until`."""
        ...


class HeadStore(Protocol):
    """A place outside that keeps heads of the audit chain. Filled by config."""

    @property
    def name(self) -> str:
        """Return what it is called wherever its state is told; at most 200 characters."""
        ...

    def keep(self, head: OutsideHead) -> None:
        """Have it keep the head, within a bounded time.

        raises   Unable: it did not say that it has it
        """
        ...

    def newest(self, home: str) -> OutsideHead | None:
        """Return the last head that this home told it; None of a place that gives none back.

        raises   Unable
        """
        ...

    def kept(self) -> Iterable[OutsideHead]:
        """Return the heads that it gives back; none of a place that takes them alone.

        raises   Unable: it should give them back, and does not
        """
        ...


Seen = TypeVar("Seen")
SnapshotReader = Callable[[AwareDatetime], object | None]
"""Reads one room's books into its snapshot of one instant; None where there is nothing to see."""


SpanReader = Callable[[AwareDatetime], tuple[AwareDatetime, AwareDatetime] | None]
"""Reads from and until when one room's books tell, at most until the instant; None: of nothing."""


class NotificationChannel(Protocol):
    """A way to tell somebody of what happened. Filled by config."""

    @property
    def at_once(self) -> int:
        """How many events one message holds at most."""
        ...

    def refuse(self, address: str) -> None:
        """Return if messages can go to that address.

        raises   BadInput, Refused: with what is wrong with it
        """
        ...

    def send(self, message: NotificationMessage) -> None:
        """Send it, within a bounded time; once it returns, the other side has taken it.

        raises   Unable, Refused: it was not taken
        """
        ...

    def signing_key(self, subscription: str) -> str:
        """Return the key that signs what one subscription is sent; "" where nothing does."""
        ...


class Runner(Protocol):
    """Runs an action's steps durably. Filled by DBOS Transact in connectors/dbos."""

    executor_id: str

    def start(self, action_id: ActionId) -> None:
        """Begin the durable run; a second start of the same action does nothing."""
        ...

    def cancel(self, action_id: ActionId) -> None:
        """Stop before the next step; what is done stays done."""
        ...

    def resume(self, action_id: ActionId) -> None:
        """Take over a run whose executor died."""
        ...

    def held_by_others(self) -> Mapping[ActionId, str]:
        """Return the runs in the hands of other executors, with their names."""
        ...

    def status(self, action_id: ActionId) -> str:
        """Return "absent", "pending", "success", "error" or "cancelled"."""
        ...


class SignInProvider(Protocol):
    """Says who somebody is by another's word. Filled by OpenID Connect in connectors/oidc.

    name   what people call it, as on the button
    """

    name: str

    def begin(self, *, callback: str) -> BegunSignIn:
        """Return where the browser goes, and what must come back with it.

        callback   the address of ours to which the provider sends the browser back
        raises     Unable: the provider does not answer
        """
        ...

    def finish(self, *, answer: Mapping[str, str], kept: BegunSignIn) -> OutsideIdentity:
        """Return who the provider says it is, once its answer was verified.

        answer   what the browser brought back in its address
        kept     what `begin` returned to this very browser
        raises   Refused: the answer is not one to what was begun, or its word does not verify
                 Unable: the provider does not answer
        """
        ...


@dataclass(frozen=True, slots=True)
class SingleSignOn:
    """How people come in by another's word.

    newcomers   what somebody whom nobody added becomes, on everything; None: they are refused
    passwords   whether a password opens as well
    """

    provider: SignInProvider
    newcomers: Role | None = None
    passwords: bool = True


@dataclass
class Registry:
    """Where config/wiring.py registers the ports; the loop reads them from here alone.

    clock   domain time, for everything that happens there
    worths  of one of each unit, in the one measure that ranks unlike things
    wall    wall time, for heartbeats, tokens and nothing else
    pulls   where a pull of the brake holds at once; until filled the tables alone tell of brakes
    home_id which home this is; "" where it has no id

    heartbeats    where workers say that they are alive; until filled, this process alone hears
    single_sign_on  None: people come in by password alone

    channels      how subscribers are told, by name: email, webhook
    heads_every   how long it is from one telling of the audit's head to the next
    past_agents   those of the agents that can look at a past instant: they ask the snapshots
                  alone, and nothing of the world as it stands
    spans         of each snapshot, the stretch that its books tell of
    """

    executors: dict[str, Executor] = field(default_factory=dict)
    gates: list[Gate] = field(default_factory=list)
    agents: dict[str, Agent] = field(default_factory=dict)
    past_agents: dict[str, Agent] = field(default_factory=dict)
    detectors: dict[str, Detector] = field(default_factory=dict)
    evidence: dict[str, EvidenceQuery] = field(default_factory=dict)
    lineages: dict[str, LineageOf] = field(default_factory=dict)
    silences: dict[str, SilenceOf] = field(default_factory=dict)
    snapshots: dict[type, SnapshotReader] = field(default_factory=dict)
    spans: dict[type, SpanReader] = field(default_factory=dict)
    powers: dict[str, PowerSpec] = field(
        default_factory=lambda: {spec.name: spec for spec in LOOP_POWERS}
    )
    worths: dict[str, float] = field(default_factory=dict)
    runner: Runner | None = None
    pulls: PullStore = field(default_factory=TablesAlone)
    heartbeats: HeartbeatStore = field(default_factory=HeartbeatsInMemory)
    head_stores: tuple[HeadStore, ...] = ()
    heads_every: timedelta = timedelta(minutes=5)
    channels: dict[str, NotificationChannel] = field(default_factory=dict)
    home_id: str = ""
    single_sign_on: SingleSignOn | None = None
    clock: Clock = field(default_factory=SystemClock)
    wall: Clock = field(default_factory=SystemClock)

    def register_executor(self, executor: Executor) -> None:
        """Register an action kind, or refuse a declaration that leaves anything empty."""
        refuse_incomplete(executor.kind)
        self.executors[executor.kind.name] = executor

    def register_power(self, spec: PowerSpec) -> None:
        """Register a power of another room, or raise BadPower; one registered before is kept."""
        refuse_bad_power(spec)
        if self.powers.setdefault(spec.name, spec) != spec:
            raise BadPower(f"two rooms declare the power {spec.name}")

    def register_unit(self, unit: str, *, worth: float) -> None:
        """State what one of a room's units is worth beside those of others; for ranking alone."""
        self.worths[unit] = worth

    def rank_of(self, quantity: Quantity) -> float:
        """Return the quantity in the one measure by which unlike things are ranked.

        raises   UnknownUnit: no room has stated what one of it is worth
        """
        worth = self.worths.get(quantity.unit)
        if worth is None:
            raise UnknownUnit(f"nobody states what one of {quantity.unit[:40]!r} is worth")
        return quantity.amount * worth

    def register_snapshot(
        self, kind: type[Seen], read: Callable[[AwareDatetime], Seen | None], *, span: SpanReader
    ) -> None:
        """Register who reads this room's books into the snapshot that agents think on.

        read   must tell of its instant what was known by then, and nothing later
        span   says of which stretch these books tell
        """
        self.snapshots[kind] = read
        self.spans[kind] = span

    def register_silence(self, source: SilenceOf) -> None:
        """Register who knows since when subjects of these kinds are silent."""
        for kind in source.kinds:
            self.silences[kind] = source

    def register_lineage(self, source: LineageOf) -> None:
        """Register who knows where subjects of these kinds hang."""
        for kind in source.kinds:
            self.lineages[kind] = source


registry = Registry()


def executor_of(kind: str) -> Executor:
    """Return who carries out this kind, or raise UnknownKind."""
    executor = registry.executors.get(kind)
    if executor is None:
        raise UnknownKind(f"no executor for {kind[:64]!r}", kind=kind)
    return executor


def policy_of(kind: ActionKind) -> str:
    """Return the version of the rules in force for this kind."""
    return policy_version(kind, [gate.name for gate in registry.gates])
