"""Looks at past instants: asked for, made in the background, kept; nothing of them is filed."""

import time
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import QuerySet

from scuderia.basics.actors import Actor
from scuderia.basics.canonical import sha256_of
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput, NotFound, Refused
from scuderia.basics.subjects import EVERYTHING, Lineage, SubjectRef
from scuderia.loop.engine.json_codec import plain, spell_rehearsal, spell_targets
from scuderia.loop.models.past_looks import PastLook
from scuderia.loop.nouns import FindingDraft, PastLookId, PastLookState, Power, ProposalDraft
from scuderia.loop.operations import access, audit, workers
from scuderia.loop.operations.agents import CONSIDERED_MAX, WORDS_MAX, chosen_agents
from scuderia.loop.ports import Agent, LineagesAt, registry
from scuderia.loop.queries.access import scopes_with
from scuderia.loop.queries.past_looks import LookBack, readable_look, told_stretch

KEPT_MAX = 50
PENDING_MAX = 5
TOLD_MAX = 500
"""Claims, and proposals, that are kept of one agent: its first ones."""


class BeyondAllRecords(BadInput):
    """No book tells of that instant, so nobody can look at it."""

    code = "LOOP-039"
    remedy = "Give an instant within them."


class TooManyPastLooks(Refused):
    """As many looks at past instants are waiting as may, so that one was not asked for."""

    code = "LOOP-040"
    remedy = "Wait until one of them is made; each takes seconds to a minute."


def look_back(
    names: Sequence[str] | None = None, *, at: AwareDatetime, actor: Actor, now: AwareDatetime
) -> LookBack:
    """Have the named agents (all by default) look at a past instant of the books; file nothing.

    They are told what had happened by `at` and nothing later, and nobody is asked whether a plan
    could be carried out: that would speak of the world as it stands.
    returns  what of it the actor may read
    raises   NotAuthorised, NotFound; BeyondAllRecords: no book tells of `at`
    """
    access.require_somewhere(actor, Power.RUN_CREW)
    chosen = chosen_agents(names, registry.past_agents)
    begins, ends = _stretch_around(at, now)
    scopes = scopes_with(actor, Power.READ)
    looks = tuple(readable_look(_told(agent, at), scopes) for agent in chosen)
    return LookBack(at, begins, ends, looks)


def ask_past_look(
    *, actor: Actor, at: AwareDatetime, again: bool, now: AwareDatetime
) -> PastLookId:
    """Ask what the crew would have said at a past instant; the worker looks.

    again    look anew though one is kept of that instant: the books may tell otherwise by now
    returns  the kept look of that instant, made or still to be made
    raises   NotAuthorised, NotFound, BeyondAllRecords, TooManyPastLooks
    """
    access.require_somewhere(actor, Power.RUN_CREW)
    begins, ends = _stretch_around(at, now)
    with transaction.atomic():
        kept = PastLook.objects.defer("told").filter(as_of=at).first()
        if kept is not None and (kept.state != PastLookState.MADE or not again):
            return PastLookId(kept.pk)
        if _pending().count() >= PENDING_MAX:
            raise TooManyPastLooks(f"{PENDING_MAX} looks at past instants are waiting")
        asked = {
            "state": PastLookState.ASKED, "asked_by": str(actor), "asked_at": now,
            "begins": begins, "ends": ends, "claimed_by": "", "done": 0,
            "agents": len(registry.past_agents),
        }  # fmt: skip
        look, _ = PastLook.objects.update_or_create(as_of=at, defaults=asked)
        audit.record(
            actor, "past_look.asked", subject=f"past_look:{look.pk}", at=now,
            detail={"as_of": at.isoformat()},
        )  # fmt: skip
        _forget_oldest()
        return PastLookId(look.pk)


def make_next(*, now: AwareDatetime, wall: AwareDatetime) -> bool:
    """Make the look that waits longest, agent by agent; say whether one waited.

    A worker that died over one leaves it to the next.
    """
    me = workers.identity()
    for look in _pending().order_by("asked_at", "pk"):
        left = look.claimed_by and look.claimed_by != me
        if left and workers.is_alive(look.claimed_by, wall=wall):
            continue
        mine = PastLook.objects.filter(pk=look.pk, asked_at=look.asked_at)
        claim = {"state": PastLookState.LOOKING, "claimed_by": me, "done": 0}
        if mine.filter(state=look.state, claimed_by=look.claimed_by).update(**claim):
            _make(look, mine.filter(claimed_by=me), now)
            return True
    return False


def _pending() -> QuerySet[PastLook]:
    waiting = (PastLookState.ASKED, PastLookState.LOOKING)
    return PastLook.objects.defer("told").filter(state__in=waiting)


def _make(look: PastLook, mine: QuerySet[PastLook], now: AwareDatetime) -> None:
    """Have every agent look; what is told replaces what was told before in one step."""
    started, told = time.monotonic(), []
    for agent in chosen_agents(None, registry.past_agents):
        told.append(_told(agent, look.as_of))
        mine.update(done=len(told), agents=max(look.agents, len(told)))
    mine.update(
        state=PastLookState.MADE,
        made_at=now,
        agents=len(told),
        told=told,
        digest=sha256_of(told),
        duration_ms=round(1000 * (time.monotonic() - started)),
    )


def _forget_oldest() -> None:
    """Keep the KEPT_MAX looks that were asked for last."""
    old = PastLook.objects.order_by("-asked_at", "-pk").values_list("pk", flat=True)[KEPT_MAX:]
    PastLook.objects.filter(pk__in=list(old), state=PastLookState.MADE).delete()


def _stretch_around(at: AwareDatetime, now: AwareDatetime) -> tuple[AwareDatetime, AwareDatetime]:
    stretch = told_stretch(now)
    if stretch is None:
        raise BeyondAllRecords(
            "nothing is on the books", remedy="Import a year, or connect a source."
        )
    begins, ends = stretch
    if not begins <= at < ends:
        raise BeyondAllRecords(
            f"{at.isoformat()} lies outside the books, which tell from {begins.isoformat()} until "
            f"before {ends.isoformat()}"
        )
    return begins, ends


def _told(agent: Agent, at: AwareDatetime) -> dict[str, object]:
    """Return what the agent would have brought back, each piece with where it hung at `at`."""
    told: dict[str, object] = {"agent": agent.name, "error": "", "claims": [], "proposals": [],
                               "considered": []}  # fmt: skip
    try:
        seen = agent.look(now=at)
    except Exception as error:  # noqa: BLE001 - one broken agent must not stop the others
        return told | {"error": f"{type(error).__name__}: {error}"[:WORDS_MAX]}
    found = [*seen.findings, *(one for draft in seen.proposals for one in draft.findings)]
    claims = list({draft.dedup_key: draft for draft in found}.values())[:TOLD_MAX]
    proposals = seen.proposals[:TOLD_MAX]
    named = {draft.subject for draft in claims} | {one for p in proposals for one in p.targets}
    hung = {subject: _hung(subject, at) for subject in named}
    spelled: dict[str, object] = plain(
        told
        | {
            "claims": [_claim(draft, hung[draft.subject]) for draft in claims],
            "proposals": [
                _wish(draft, [hung[target] for target in draft.targets]) for draft in proposals
            ],
            "considered": [line[:WORDS_MAX] for line in seen.considered[:CONSIDERED_MAX]],
        }
    )
    return spelled


def _claim(draft: FindingDraft, hung: Lineage) -> dict[str, object]:
    return {
        "scopes": _spelled(hung),
        "kind": draft.kind,
        "subject": str(draft.subject),
        "claim": draft.claim,
        "confidence": draft.confidence,
        "severity": (draft.severity.amount, draft.severity.unit),
    }


def _wish(draft: ProposalDraft, hung: Sequence[Lineage]) -> dict[str, object]:
    return {
        "scopes": _spelled(frozenset.intersection(*hung) if hung else {EVERYTHING}),
        "kind": draft.kind,
        "title": draft.title,
        "targets": spell_targets(draft.targets),
        "rehearsal": spell_rehearsal(draft.rehearsal),
        "cost_of_delay": (draft.cost_of_delay.amount, draft.cost_of_delay.unit),
    }


def _spelled(scopes: Iterable[SubjectRef]) -> list[str]:
    return sorted(map(str, scopes))


def _hung(subject: SubjectRef, at: AwareDatetime) -> Lineage:
    """Return where the subject hung at `at`; under EVERYTHING alone where its room cannot say."""
    source: object = registry.lineages.get(subject.kind)
    if not isinstance(source, LineagesAt):
        return frozenset({EVERYTHING})
    try:
        return source.lineage_at(subject, at) | {subject, EVERYTHING}
    except NotFound:
        return frozenset({EVERYTHING})
