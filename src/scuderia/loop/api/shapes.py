"""The JSON shapes of the loop: what the API promises, apart from what the tables hold."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from ninja import Field, Schema
from pydantic import BeforeValidator

from scuderia.loop.api.door import (
    COUNT_MAX,
    DigestText,
    Instant,
    Name,
    Scalar,
    SubjectText,
    Words,
)
from scuderia.loop.nouns import (
    ActionState,
    Answer,
    Autonomy,
    BrakeScope,
    EffectState,
    FindingState,
    GrantState,
    OutcomeVerdict,
    Power,
    ProposalState,
    Role,
)

Subject = Annotated[str, BeforeValidator(str)]
Facts = dict[str, Any]
Budgeted = Annotated[int, Field(ge=1, le=COUNT_MAX)] | None


class EvidenceOut(Schema):
    """One piece of evidence that anyone can run again."""

    query: str
    params: Facts
    value: Facts
    caption: str
    link: str


class FindingOut(Schema):
    """A claim about a subject."""

    id: UUID
    kind: str
    subject: Subject
    claim: str
    confidence: float
    severity_gpu_hours: float
    evidence: list[EvidenceOut]
    raised_by: str
    state: FindingState
    opened_at: datetime
    refreshed_at: datetime
    cleared_at: datetime | None


class RehearsalOut(Schema):
    """What is expected of acting, beside doing nothing."""

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
    inputs: Facts


class BlastOut(Schema):
    """What would be touched."""

    count: int
    denominator_count: int
    unit: str
    gpus: int
    customers: list[str]
    share: float


class ProposalLine(Schema):
    """One line of the queue."""

    id: UUID
    title: str
    kind: str
    agent: str
    filed_by: str
    targets: list[Subject]
    digest: str
    regret_gpu_hours_per_day: float
    rehearsal: RehearsalOut
    blast: BlastOut
    filed_at: datetime
    expires_at: datetime
    advice: bool
    returned_reason: str
    findings: int
    state: ProposalState


class GateOut(Schema):
    """One gate's word."""

    gate: str
    answer: Answer
    reasons: list[str]
    not_before: datetime | None


class DecisionOut(Schema):
    """One word said about a proposal."""

    by: str
    via: str
    answer: Answer
    reason: str
    digest: str
    at: datetime
    expires_at: datetime
    used_at: datetime | None
    gates: list[GateOut]


class EditOut(Schema):
    """One recorded change of a proposal."""

    by: str
    at: datetime
    reason: str
    before: Facts
    after: Facts


class TrackOut(Schema):
    """How an agent has fared."""

    agent: str
    kind: str
    proposals: int
    pending: int
    approved: int
    rejected: int
    edited: int
    expired: int
    withdrawn: int
    met: int
    missed: int
    inconclusive: int
    median_error: float | None
    interval_coverage: float | None


class ProposalOut(Schema):
    """Everything a person sees before the button."""

    row: ProposalLine
    params: Facts
    snapshot: Facts
    findings: list[FindingOut]
    kind_title: str
    kind_version: int
    reversibility: str | None
    undo: str
    probe: str
    preconditions: list[str]
    blast_denominator: str
    blast_targets_max: int
    blast_share_max: float
    rehearsal_is_stale: bool
    edits: list[EditOut]
    decisions: list[DecisionOut]
    action_ids: list[UUID]
    gates: list[GateOut]
    objections: list[str]
    level: Autonomy
    track: TrackOut


class EffectOut(Schema):
    """One keyed change of the world."""

    step: int
    name: str
    key: str
    arguments: Facts
    state: EffectState
    tries: int
    looks: int
    claimed_at: datetime
    settled_at: datetime | None
    detail: Facts


class OutcomeOut(Schema):
    """The measured effect beside the expected one."""

    metric: str
    unit: str
    better: str
    do_nothing: float
    expected: float
    low: float
    high: float
    due_at: datetime
    value: float | None
    measured_at: datetime | None
    verdict: OutcomeVerdict | None
    note: str


class ActionLine(Schema):
    """One durable run."""

    id: UUID
    proposal_id: UUID
    title: str
    kind: str
    agent: str
    targets: list[Subject]
    params: Facts
    state: ActionState
    resumable: bool
    safe_direction: bool
    said: str
    decided_by: str
    steps_total: int
    queued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    undo_of: UUID | None
    can_undo: bool
    outcome: OutcomeOut | None


class ActionOut(ActionLine):
    """One durable run with its effects."""

    effects: list[EffectOut]


class RoundOut(Schema):
    """What one look of one agent brought back."""

    agent: str
    at: datetime
    duration_ms: int
    error: str
    considered: list[str]
    findings: int
    proposals: int
    filed: int


class AgentOut(Schema):
    """One member of the crew."""

    name: str
    title: str
    job: str
    kinds: list[str]
    last_round: RoundOut | None
    open_findings: int
    braked: bool
    track: TrackOut
    levels: dict[str, Autonomy]


class BrakeOut(Schema):
    """One brake; lifted_at null while it holds."""

    stops: BrakeScope
    value: str
    reason: str
    set_by: str
    set_at: datetime
    lifted_by: str
    lifted_at: datetime | None


class AuditOut(Schema):
    """One entry of the chain."""

    seq: int
    at: datetime
    actor: str
    via: str
    verb: str
    subject: str
    reason: str
    detail: str
    previous: str
    hash: str


class AuditPageOut(Schema):
    """A page of the chain, newest first; pass `next_before` back for older entries."""

    items: list[AuditOut]
    next_before: int | None
    head_seq: int
    head_hash: str


class VerifiedOut(Schema):
    """What reading the whole chain found."""

    holds: bool
    entries: int
    broken_at: int | None
    said: str


class DecideIn(Schema):
    """Approve exactly what this digest names."""

    digest: DigestText
    reason: Words = ""


class ReasonIn(Schema):
    """Words, welcome and never required."""

    reason: Words = ""


class EditIn(Schema):
    """What to change; null keeps it as it is."""

    digest: DigestText
    targets: list[SubjectText] | None = Field(None, max_length=200)
    params: dict[Name, Scalar] | None = Field(None, max_length=50)
    reason: Words = ""


class BrakeIn(Schema):
    """What to stop or release: all, an agent, a kind or a scope."""

    stops: BrakeScope
    value: SubjectText = ""
    reason: Words = ""


class ActionIdOut(Schema):
    """The action that was queued."""

    action_id: UUID


class DigestOut(Schema):
    """The digest that can now be approved."""

    digest: str


class SignalOut(Schema):
    """A fact seen from outside."""

    id: UUID
    kind: str
    subject: Subject
    occurred_at: datetime
    received_at: datetime
    source: str
    payload: Facts


class RunCrewIn(Schema):
    """Which agents look; null is all of them."""

    agents: list[Name] | None = Field(None, max_length=50)


class RoundReportOut(Schema):
    """What one agent's look changed."""

    agent: str
    error: str
    findings_open: int
    proposals_open: int
    filed: int
    superseded: int
    withdrawn: int
    refused: list[str]


class EvidenceIn(Schema):
    """The parameters of a registered query, as its evidence states them."""

    params: dict[Name, Scalar | bool | None] = Field(default_factory=dict, max_length=20)


class EvidenceAgainOut(Schema):
    """What the query says now."""

    query: str
    params: Facts
    value: Facts
    asked_at: datetime


class GrantOut(Schema):
    """One grant and what is used of its budget; money in US cents."""

    id: UUID
    agent: str
    kind: str
    scope: Subject
    level: Autonomy
    actions_per_day: int | None
    targets_per_day: int | None
    cents_per_day: int | None
    actions_today: int
    targets_today: int
    state: GrantState
    granted_by: str
    reason: str
    granted_at: datetime
    expires_at: datetime


class GrantIn(Schema):
    """How far an agent may go; budgets are for a day, null is no limit of that sort."""

    agent: Name
    kind: Name
    scope: SubjectText
    level: Autonomy
    expires_at: Instant
    actions_per_day: Budgeted = None
    targets_per_day: Budgeted = None
    cents_per_day: Budgeted = None
    reason: Words


class GrantIdOut(Schema):
    """The grant that was given."""

    grant_id: UUID


class RoleOut(Schema):
    """One role a person holds."""

    role: Role
    scope: Subject
    given_by: str
    given_at: datetime


class TokenOut(Schema):
    """One API token, without its secret; its instants are wall time."""

    name: str
    prefix: str
    powers: list[Power]
    scope: Subject
    issued_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None


class PersonOut(Schema):
    """One person and the roles held."""

    name: str
    full_name: str
    active: bool
    roles: list[RoleOut]


class MeOut(PersonOut):
    """Who came in, by which token if any, and the fleet's instant."""

    via: str
    fleet_now: datetime


class TokenIn(Schema):
    """A token for oneself: at most these powers, on at most this scope, until then (wall time)."""

    name: Name
    powers: list[Power] = Field(min_length=1, max_length=20)
    scope: SubjectText = "*"
    expires_at: Instant


class TokenNameIn(Schema):
    """Which of one's own tokens."""

    name: Name


class IssuedOut(Schema):
    """A new token; the secret is told once, here."""

    name: str
    secret: str
    expires_at: datetime
