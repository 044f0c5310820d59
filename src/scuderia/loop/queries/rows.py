"""What reads return: frozen rows and cards that doors render and nobody writes."""

from collections.abc import Mapping
from dataclasses import dataclass

from scuderia.basics.canonical import JsonObject
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import SubjectRef
from scuderia.loop.nouns import (
    ActionId,
    ActionState,
    Answer,
    Autonomy,
    BlastRadius,
    BrakeScope,
    EffectState,
    Evidence,
    FindingId,
    FindingState,
    GateVerdict,
    GrantId,
    GrantState,
    OutcomeVerdict,
    ProposalId,
    ProposalState,
    Rehearsal,
    Reversibility,
    Role,
)


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A claim as it stands."""

    id: FindingId
    kind: str
    subject: SubjectRef
    claim: str
    confidence: float
    severity_gpu_hours: float
    evidence: tuple[Evidence, ...]
    raised_by: str
    state: FindingState
    opened_at: AwareDatetime
    refreshed_at: AwareDatetime
    cleared_at: AwareDatetime | None


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One line of the queue, dearest first."""

    id: ProposalId
    title: str
    kind: str
    agent: str
    filed_by: str
    targets: tuple[SubjectRef, ...]
    digest: str
    regret_gpu_hours_per_day: float
    rehearsal: Rehearsal
    blast: BlastRadius
    filed_at: AwareDatetime
    expires_at: AwareDatetime
    advice: bool
    returned_reason: str
    findings: int
    state: ProposalState


@dataclass(frozen=True, slots=True)
class EditRow:
    """One recorded change of a proposal."""

    by: str
    at: AwareDatetime
    reason: str
    before: JsonObject
    after: JsonObject


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One word said about a proposal, with every gate's verdict at that moment."""

    by: str
    via: str
    answer: Answer
    reason: str
    digest: str
    at: AwareDatetime
    expires_at: AwareDatetime
    used_at: AwareDatetime | None
    gates: tuple[GateVerdict, ...]


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """How an agent has fared with one kind, or with all (kind "*").

    median_error        median |measured - expected| / |do nothing - expected|; None if unknown
    interval_coverage   share of final outcomes inside their 80% interval; None if there are none
    """

    agent: str
    kind: str
    proposals: int = 0
    pending: int = 0
    approved: int = 0
    rejected: int = 0
    edited: int = 0
    expired: int = 0
    withdrawn: int = 0
    met: int = 0
    missed: int = 0
    inconclusive: int = 0
    median_error: float | None = None
    interval_coverage: float | None = None


@dataclass(frozen=True, slots=True)
class ProposalCard:
    """Everything a person sees before the button.

    gates        every gate's verdict as of now, an error shown as NO
    objections   what forbids approving it now, in words; empty means go
    rehearsal_is_stale   the plan was edited after the rehearsal was made
    """

    row: QueueRow
    params: JsonObject
    snapshot: JsonObject
    findings: tuple[FindingRow, ...]
    kind_title: str
    kind_version: int
    reversibility: Reversibility | None
    undo: str
    probe: str
    preconditions: tuple[str, ...]
    blast_denominator: str
    blast_targets_max: int
    blast_share_max: float
    rehearsal_is_stale: bool
    edits: tuple[EditRow, ...]
    decisions: tuple[DecisionRow, ...]
    action_ids: tuple[ActionId, ...]
    gates: tuple[GateVerdict, ...]
    objections: tuple[str, ...]
    level: Autonomy
    track: TrackRecord


@dataclass(frozen=True, slots=True)
class EffectRow:
    """One keyed change of the world."""

    step: int
    name: str
    key: str
    arguments: JsonObject
    state: EffectState
    tries: int
    looks: int
    claimed_at: AwareDatetime
    settled_at: AwareDatetime | None
    detail: JsonObject


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """The measured effect beside the expected one; verdict None while the horizon is open."""

    action_id: ActionId
    metric: str
    unit: str
    better: str
    do_nothing: float
    expected: float
    low: float
    high: float
    due_at: AwareDatetime
    value: float | None
    measured_at: AwareDatetime | None
    verdict: OutcomeVerdict | None
    note: str


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One durable run. `effects` is empty in lists; `can_undo` says the button may be offered."""

    id: ActionId
    proposal_id: ProposalId
    title: str
    kind: str
    agent: str
    targets: tuple[SubjectRef, ...]
    params: JsonObject
    state: ActionState
    resumable: bool
    safe_direction: bool
    said: str
    decided_by: str
    steps_total: int
    queued_at: AwareDatetime
    started_at: AwareDatetime | None
    finished_at: AwareDatetime | None
    undo_of: ActionId | None
    can_undo: bool
    outcome: OutcomeRow | None
    effects: tuple[EffectRow, ...] = ()


@dataclass(frozen=True, slots=True)
class RoundRow:
    """What one look of one agent brought back; `error` is "" when it went well."""

    agent: str
    at: AwareDatetime
    duration_ms: int
    error: str
    considered: tuple[str, ...]
    findings: int
    proposals: int
    filed: int


@dataclass(frozen=True, slots=True)
class AgentCard:
    """One member of the crew, its last look and its record."""

    name: str
    title: str
    job: str
    kinds: tuple[str, ...]
    last_round: RoundRow | None
    open_findings: int
    braked: bool
    track: TrackRecord
    levels: Mapping[str, Autonomy]


@dataclass(frozen=True, slots=True)
class BrakeRow:
    """One brake; lifted_at None while it holds."""

    stops: BrakeScope
    value: str
    reason: str
    set_by: str
    set_at: AwareDatetime
    lifted_by: str
    lifted_at: AwareDatetime | None


@dataclass(frozen=True, slots=True)
class GrantRow:
    """One grant and its budget; `actions_today` and `targets_today` are what is used of it."""

    id: GrantId
    agent: str
    kind: str
    scope: SubjectRef
    level: Autonomy
    actions_per_day: int | None
    targets_per_day: int | None
    cents_per_day: int | None
    actions_today: int
    targets_today: int
    state: GrantState
    granted_by: str
    reason: str
    granted_at: AwareDatetime
    expires_at: AwareDatetime


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One entry of the chain; `detail` is canonical JSON text."""

    seq: int
    at: AwareDatetime
    actor: str
    via: str
    verb: str
    subject: str
    reason: str
    detail: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class RoleRow:
    """One role a person holds."""

    role: Role
    scope: SubjectRef
    given_by: str
    given_at: AwareDatetime


@dataclass(frozen=True, slots=True)
class TokenRow:
    """One API token, without its secret."""

    name: str
    prefix: str
    powers: tuple[str, ...]
    scope: SubjectRef
    issued_at: AwareDatetime
    expires_at: AwareDatetime
    revoked_at: AwareDatetime | None
    last_used_at: AwareDatetime | None


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person with roles and tokens."""

    name: str
    full_name: str
    active: bool
    roles: tuple[RoleRow, ...]
    tokens: tuple[TokenRow, ...]
