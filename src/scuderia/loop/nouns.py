"""The loop's words: signal, finding, proposal, decision, action, outcome, and who may."""

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import NewType
from uuid import UUID

from scuderia.basics.actors import Actor
from scuderia.basics.canonical import JsonObject
from scuderia.basics.capacity import CapacityGain, CapacityUnit, capacity_gain
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import SubjectRef
from scuderia.basics.units import Quantity, figure

SignalId = NewType("SignalId", UUID)
FindingId = NewType("FindingId", UUID)
ProposalId = NewType("ProposalId", UUID)
DecisionId = NewType("DecisionId", UUID)
ActionId = NewType("ActionId", UUID)
GrantId = NewType("GrantId", UUID)
ApprovalRuleId = NewType("ApprovalRuleId", UUID)
PastLookId = NewType("PastLookId", UUID)
Digest = NewType("Digest", str)


class FindingState(StrEnum):
    """A claim stands until the evidence goes away."""

    OPEN = "open"
    CLEARED = "cleared"


class ProposalState(StrEnum):
    """Where a proposal stands; the legal moves are in engine/transitions.py."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class ActionState(StrEnum):
    """Where the durable run of an approved proposal stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    UNDONE = "undone"
    HALTED = "halted"


class OutcomeVerdict(StrEnum):
    """The measured effect beside the expected one."""

    MET = "met"
    MISSED = "missed"
    INCONCLUSIVE = "inconclusive"


class GrantState(StrEnum):
    """Whether a grant gives anything right now."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"
    SUSPENDED = "suspended"


class Autonomy(IntEnum):
    """How far an agent may go with one action kind on one scope; ACT_ONCE_APPROVED by default."""

    WATCH = 0
    ADVISE = 1
    ACT_ONCE_APPROVED = 2
    ACT_UNLESS_VETOED = 3
    ACT_AND_REPORT = 4


class Role(StrEnum):
    """What a person is on a scope; each role holds the powers of the ones before it."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    LEAD = "lead"
    ADMIN = "admin"


class Power(StrEnum):
    """What a role lets a person do; the table is in engine/powers.py."""

    READ = "read"
    DECIDE = "decide"
    DECIDE_IRREVERSIBLE = "decide_irreversible"
    UNDO = "undo"
    BRAKE = "brake"
    RELEASE_BRAKE = "release_brake"
    GRANT = "grant"
    RUN_CREW = "run_crew"
    IMPORT = "import"
    VERIFY_AUDIT = "verify_audit"
    MANAGE_PEOPLE = "manage_people"


class Reversibility(StrEnum):
    """Whether the world can be put back."""

    REVERSIBLE = "reversible"  # the undo restores the state before
    COMPENSABLE = "compensable"  # the undo restores service, not the state before
    IRREVERSIBLE = "irreversible"  # nothing can be put back; a lead decides


class EffectState(StrEnum):
    """What is known of one effect in the world. UNKNOWN is settled by observing, never guessed."""

    DONE = "done"
    NOT_DONE = "not_done"
    UNKNOWN = "unknown"


class StepWord(StrEnum):
    """What one step of a run came back with."""

    DONE = "done"
    UNKNOWN = "unknown"  # the world did not say; ask again later, never guess
    STOP = "stop"  # no further step may run: halted, failed or sent back


class PastLookState(StrEnum):
    """Where a look at a past instant stands."""

    ASKED = "asked"
    LOOKING = "looking"
    MADE = "made"


class Answer(StrEnum):
    """A gate's or a decision's word."""

    YES = "yes"
    NO = "no"


class BrakeScope(StrEnum):
    """What one brake stops."""

    ALL = "all"
    AGENT = "agent"
    KIND = "kind"
    SCOPE = "scope"


@dataclass(frozen=True, slots=True)
class PulledBrake:
    """One pull of a brake, as it was made; it holds before the books tell of it.

    id      its own, made by who pulls: the books take each pull once
    value   the agent's or the kind's name, or the scope spelled `kind:name`; "" for ALL
    at      domain time
    """

    id: UUID
    stops: BrakeScope
    value: str
    reason: str
    by: Actor
    at: AwareDatetime


@dataclass(frozen=True, slots=True)
class WorkerHeartbeat:
    """That one worker process was alive, and when.

    executor_id   its name, which it may keep over a restart; `incarnation` differs after each
    at            wall time
    """

    executor_id: str
    incarnation: str
    at: AwareDatetime
    host: str = ""
    pid: int = 0


# --- what is seen -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SignalDraft:
    """A fact seen from outside. `dedup_key` is unique for ever: the same fact is stored once."""

    kind: str
    subject: SubjectRef
    occurred_at: AwareDatetime
    source: str
    dedup_key: str
    payload: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece of evidence that anyone can run again.

    query     the name of a registered query (see ports.EvidenceQuery)
    params    its arguments
    value     what it returned when the claim was made
    caption   one sentence for people
    link      where the page shows it, "" if nowhere
    """

    query: str
    params: JsonObject
    value: JsonObject
    caption: str
    link: str = ""


# --- what is claimed and proposed ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FindingDraft:
    """A claim about a subject. One finding is open per `dedup_key`; a newer draft refreshes it."""

    kind: str
    subject: SubjectRef
    claim: str
    confidence: float  # 0..1, calibrated where the kind says so
    severity: Quantity  # what is lost if nobody looks, per week
    evidence: tuple[Evidence, ...]
    dedup_key: str


HELPS_MIN = 0.6
"""Of the futures in which acting matters; below it is about as likely to harm as to help."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What is expected of acting, beside doing nothing.

    metric                 the thing measured, e.g. "crates_lost"
    unit                   e.g. "crate-hours"
    horizon_days           over which days it is counted
    do_nothing, expected   means; low, high the 80% interval of what is measured after acting
    better                 "lower" or "higher"
    method, limits         in words; limits are never empty
    inputs                 what a reader needs to run it again: seed, window, digest of the events
    label                  the metric in words for people; "" leaves the metric's own name
    gain_low, gain_high    the 80% interval of the paired difference whose mean is `gain`; None
                           where both courses were not followed through the same futures
    helps, harms           shares of those futures in which acting turns out better, and worse
    held                   how often the intervals of this kind held what came, in words
    capacity               what capacity the hours measured are of; None where they are of none
    """

    metric: str
    unit: str
    horizon_days: float
    do_nothing: float
    expected: float
    low: float
    high: float
    better: str
    method: str
    limits: str
    inputs: JsonObject = field(default_factory=dict)
    label: str = ""
    gain_low: float | None = None
    gain_high: float | None = None
    helps: float | None = None
    harms: float | None = None
    held: str = ""
    capacity: CapacityUnit | None = None

    @property
    def gain(self) -> float:
        """Return what acting is expected to be better by; below zero where it is worse."""
        more = self.do_nothing - self.expected
        return round(more if self.better == "lower" else -more, 6)

    @property
    def bought_back(self) -> CapacityGain | None:
        """Return the gain and its interval as capacity over the horizon; None where of none."""
        low, high = self.gain_low, self.gain_high
        between = None if low is None or high is None else (low, high)
        return self.as_capacity(self.gain, between=between)

    def as_capacity(
        self, hours: float, *, between: tuple[float, float] | None = None
    ) -> CapacityGain | None:
        """Return hours of what is measured, won over the horizon, as capacity."""
        if self.capacity is None or self.horizon_days <= 0:
            return None
        return capacity_gain(
            self.capacity, hours, counted=self.unit, days=self.horizon_days, between=between
        )

    @property
    def gain_words(self) -> str:
        """Return the gain, its interval and how often acting helps; "" where that is not known."""
        low, high = self.gain_low, self.gain_high
        if low is None or high is None or self.helps is None or self.harms is None:
            return ""
        return (
            f"{figure(self.gain)} {self.unit} in {self.horizon_days:g} days on average (80%: "
            f"{figure(low)} to {figure(high)}); acting helps in {self.helps:.0%} of "
            f"the futures and harms in {self.harms:.0%}"
        )

    @property
    def is_doubtful(self) -> bool:
        """Say whether acting helps in less than HELPS_MIN of the futures in which it matters."""
        if self.helps is None or self.harms is None:
            return False
        return self.helps < HELPS_MIN * (self.helps + self.harms)

    @property
    def words(self) -> str:
        """Return what is measured, in words."""
        return self.label or self.metric.replace("_", " ")

    @property
    def cost_cents(self) -> int | None:
        """Return what acting costs, if the rehearsal states it in whole cents."""
        cost = self.inputs.get("cost_cents")
        return cost if isinstance(cost, int) and not isinstance(cost, bool) and cost >= 0 else None


@dataclass(frozen=True, slots=True)
class ProposalDraft:
    """One action kind, its targets and parameters, and why.

    findings          the claims that it rests on; they are filed with it
    cost_of_delay     what one day of waiting costs; ranks the queue
    dedup_key         one is pending per author and key; a draft that wishes otherwise supersedes it
    expires_after_h   domain hours from filing; an expired one can no longer be approved
    """

    kind: str
    targets: tuple[SubjectRef, ...]
    params: JsonObject
    title: str
    findings: tuple[FindingDraft, ...]
    rehearsal: Rehearsal
    cost_of_delay: Quantity
    dedup_key: str
    expires_after_h: float = 72.0


@dataclass(frozen=True, slots=True)
class Round:
    """What one agent brought back from one look: findings alone, and proposals with theirs.

    considered   what it looked at and dropped, with the reason: the "why not?" of the crew page
    unseen       subjects that it could not see: what was said of them before is left as it was
    """

    findings: tuple[FindingDraft, ...] = ()
    proposals: tuple[ProposalDraft, ...] = ()
    considered: tuple[str, ...] = ()
    unseen: frozenset[SubjectRef] = frozenset()


# --- what may be done ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ParamSpec:
    """One parameter of an action kind. `kind` is "str", "int", "float" or "subject"."""

    name: str
    kind: str
    doc: str
    required: bool = True
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    default: str | int | float | None = None


@dataclass(frozen=True, slots=True)
class BlastBound:
    """The most one action may touch: a count and a share, both enforced.

    denominator   in words, what the share is of, e.g. "crates of the same owner"
    """

    targets_max: int
    share_max: float
    denominator: str


@dataclass(frozen=True, slots=True)
class BlastRadius:
    """What one proposal would touch: `count` of `denominator_count` units, and whose.

    details    what else it touches, in the room's words, e.g. "8 shelves"
    affected   names of whoever uses what is touched
    """

    count: int
    denominator_count: int
    unit: str
    details: tuple[str, ...] = ()
    affected: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """Return count / denominator; 1.0 when there is nothing to divide by (fail closed)."""
        return self.count / self.denominator_count if self.denominator_count else 1.0


@dataclass(frozen=True, slots=True)
class ActionKind:
    """A declared kind of action; registration refuses one that leaves anything empty.

    undo              what would put it back, in words; "" only if irreversible
    undo_kind         the action kind that undoes it; "" if none
    preconditions     in words, each checked by Executor.objections
    probe             in words, what Executor.probe measures to call it done
    safe_direction    True for undo, un-drain, paging: no brake ever blocks it
    """

    name: str
    title: str
    params: tuple[ParamSpec, ...]
    reversibility: Reversibility
    undo: str
    undo_kind: str
    blast: BlastBound
    preconditions: tuple[str, ...]
    probe: str
    version: int = 1
    safe_direction: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What a digest names: one kind, its targets and its canonical parameters."""

    kind: str
    targets: tuple[SubjectRef, ...]
    params: JsonObject


@dataclass(frozen=True, slots=True)
class Step:
    """One effect of a plan. `index` and the action id make its idempotency key.

    leaves   what the effect changes of the plan's snapshot: the facts as they stand after it
    """

    index: int
    name: str
    arguments: JsonObject
    leaves: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EffectReport:
    """What the world says of one effect."""

    state: EffectState
    detail: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Examination:
    """The world's one answer about a plan, all of one instant.

    steps       the effects, in order; the same plan gives the same steps
    snapshot    the target state that a decision is bound to; before the first step any drift
                voids the decision, before a later one it halts the run
    blast       what the plan would touch, with the right denominator
    objections  the preconditions of what is still to do that do not hold; none means go
    """

    steps: tuple[Step, ...]
    snapshot: JsonObject
    blast: BlastRadius
    objections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """Whether the verification probe passed.

    seen   what it measured, in words; with them the run ends
    """

    passed: bool
    seen: str


@dataclass(frozen=True, slots=True)
class Measurement:
    """A metric measured after the fact.

    value   in the unit of the rehearsal, over what has passed of its horizon
    at      the instant up to which was measured
    final   False while the horizon is still open: no verdict is given yet
    note    what the reader must know of the figure, "" for nothing
    """

    value: float
    at: AwareDatetime
    final: bool
    note: str = ""


# --- what is asked and decided ------------------------------------------------------------


class Phase(StrEnum):
    """When a plan is checked: before a person's yes, before its first step, before a later one."""

    DECIDE = "decide"
    BEGIN = "begin"
    STEP = "step"


@dataclass(frozen=True, slots=True)
class GateRequest:
    """The question that every gate is asked: may this plan run now."""

    plan: Plan
    lineage: frozenset[SubjectRef]
    actor: Actor
    at: AwareDatetime
    phase: Phase
    safe_direction: bool


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """One gate's word. An erroring gate is recorded as NO with the error as its reason."""

    gate: str
    answer: Answer
    reasons: tuple[str, ...] = ()
    not_before: AwareDatetime | None = None


@dataclass(frozen=True, slots=True)
class BegunSignIn:
    """A sign-in at a provider that was begun, and what tells its answer from any other's.

    url        where the browser goes
    callback   where the provider sends it back
    state      comes back in the address
    nonce      comes back in the provider's signed word
    verifier   proves to the provider that who comes back is who began
    """

    url: str
    callback: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class OutsideIdentity:
    """Who somebody is by a provider's verified word.

    issuer, subject   the account there: never given to anybody else, whatever it is called
    name              what it is called there, by which it is matched with a person the first time
    full_name         "" where the provider does not tell it
    """

    issuer: str
    subject: str
    name: str
    full_name: str = ""
