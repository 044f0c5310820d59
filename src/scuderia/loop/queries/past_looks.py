"""What agents would have said at past instants, as far as who asks may read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import NotFound
from scuderia.basics.records import row_from
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.basics.units import Quantity
from scuderia.loop.engine.json_codec import read_rehearsal, read_targets
from scuderia.loop.models import past_looks
from scuderia.loop.nouns import PastLookId, PastLookState, Power, Rehearsal
from scuderia.loop.ports import registry
from scuderia.loop.queries.access import scopes_with

PAST_LIMITS = (
    "Nothing was filed. Nobody was asked whether these plans could be carried out: that would "
    "speak of the world as it stands. Events are told up to the instant, as the books have them "
    "now; pools' sizes and promises are today's."
)


@dataclass(frozen=True, slots=True)
class PastClaim:
    """What an agent would have claimed; severity as of a finding."""

    kind: str
    subject: SubjectRef
    claim: str
    confidence: float
    severity: Quantity


@dataclass(frozen=True, slots=True)
class PastProposal:
    """What an agent would have proposed; cost_of_delay is what a day of waiting costs."""

    kind: str
    title: str
    targets: tuple[SubjectRef, ...]
    rehearsal: Rehearsal
    cost_of_delay: Quantity


@dataclass(frozen=True, slots=True)
class AgentPastLook:
    """What one agent would have brought back, as far as who asks may read.

    error        "" when it went well; who may not read everything is told "failed" alone
    considered   what it dropped, and why; told to who may read everything
    """

    agent: str
    error: str = ""
    claims: tuple[PastClaim, ...] = ()
    proposals: tuple[PastProposal, ...] = ()
    considered: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LookBack:
    """What agents would have said at a past instant; nothing of it is filed.

    begins, ends   the half-open stretch that the books tell of
    """

    as_of: AwareDatetime
    begins: AwareDatetime
    ends: AwareDatetime
    looks: tuple[AgentPastLook, ...]
    limits: str = PAST_LIMITS


@dataclass(frozen=True, slots=True)
class PastLookRow:
    """One look at a past instant, as it is kept.

    asked_at, made_at   domain time; made_at is None before it was first made
    done, agents        how many agents have looked, of how many
    digest              of everything that was told, whoever may read it; "" before it was made
    """

    id: PastLookId
    as_of: AwareDatetime
    state: PastLookState
    asked_at: AwareDatetime
    made_at: AwareDatetime | None
    done: int
    agents: int
    duration_ms: int
    digest: str

    @property
    def is_pending(self) -> bool:
        """Say whether a look is still to be made, for the first time or anew."""
        return self.state is not PastLookState.MADE


@dataclass(frozen=True, slots=True)
class KeptLookBack:
    """One look at a past instant with what was told; `told` is None before it was first made."""

    row: PastLookRow
    told: LookBack | None


def told_stretch(now: AwareDatetime) -> tuple[AwareDatetime, AwareDatetime] | None:
    """Return from and until when the books of all rooms tell; None where of nothing."""
    spans = [span for read in registry.spans.values() if (span := read(now)) is not None]
    if not spans:
        return None
    return min(span[0] for span in spans), max(span[1] for span in spans)


def list_past_looks(actor: Actor, *, offset: int = 0, limit: int = 50) -> tuple[PastLookRow, ...]:
    """Return the looks that are kept, last asked first.

    raises   NotFound: the actor may read nothing
    """
    _require_reader(actor)
    kept = past_looks.PastLook.objects.defer("told").order_by("-asked_at", "-pk")
    return tuple(map(past_look_row, kept[offset : offset + limit]))


def get_past_look(actor: Actor, look_id: PastLookId) -> KeptLookBack:
    """Return one look with what was told, as far as the actor may read.

    raises   NotFound: it is not kept, or the actor may read nothing
    """
    scopes = _require_reader(actor)
    kept = past_looks.PastLook.objects.filter(pk=look_id).first()
    if kept is None:
        raise NotFound("no such look is kept", remedy="Ask for that instant again.")
    told = None
    if kept.made_at is not None:
        looks = tuple(readable_look(one, scopes) for one in kept.told)
        told = LookBack(kept.as_of, kept.begins, kept.ends, looks)
    return KeptLookBack(past_look_row(kept), told)


def past_look_row(kept: past_looks.PastLook) -> PastLookRow:
    """Return one look at a past instant, as it is kept."""
    return row_from(PastLookRow, kept, id=PastLookId(kept.id), state=PastLookState(kept.state))


def readable_look(stored: Mapping[str, Any], scopes: frozenset[str]) -> AgentPastLook:
    """Return what one agent told, as far as a reader of these scopes is told of it."""
    everything = str(EVERYTHING) in scopes
    error = stored["error"]
    return AgentPastLook(
        agent=stored["agent"],
        error=error if everything or not error else "failed",
        claims=tuple(map(_claim, _within(stored["claims"], scopes))),
        proposals=tuple(map(_proposal, _within(stored["proposals"], scopes))),
        considered=tuple(stored["considered"]) if everything else (),
    )


def _within(stored: Sequence[Mapping[str, Any]], scopes: frozenset[str]) -> list[Mapping[str, Any]]:
    return [one for one in stored if not scopes.isdisjoint(one["scopes"])]


def _claim(stored: Mapping[str, Any]) -> PastClaim:
    return PastClaim(
        kind=stored["kind"],
        subject=SubjectRef.parse(stored["subject"]),
        claim=stored["claim"],
        confidence=stored["confidence"],
        severity=Quantity(*stored["severity"]),
    )


def _proposal(stored: Mapping[str, Any]) -> PastProposal:
    return PastProposal(
        kind=stored["kind"],
        title=stored["title"],
        targets=read_targets(stored["targets"]),
        rehearsal=read_rehearsal(stored["rehearsal"]),
        cost_of_delay=Quantity(*stored["cost_of_delay"]),
    )


def _require_reader(actor: Actor) -> frozenset[str]:
    scopes = scopes_with(actor, Power.READ)
    if not scopes:
        raise NotFound("nothing by that name is visible to you")
    return scopes
